"""The conversation of an intake: each answer is kept at once, and whatever ends it loses nothing."""

from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from fabrica.cli.main import fabrica


def _talk(file: Path, *lines: str) -> Result:
    result = CliRunner().invoke(
        fabrica, ["aiact", "intake", "--save", str(file)], input="".join(f"{one}\n" for one in lines)
    )
    assert result.exit_code == 0, result.output
    return result


def _kept(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def test_an_end_of_input_in_the_middle_loses_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    result = _talk(file, "", "7", "1")
    assert _kept(file)["answers"] == {"technique": "machine_learning", "sole_purpose": "none"}
    assert "Kept in" in result.output
    again = _talk(file, "1,4", "q")
    assert _kept(file)["answers"]["eu_link"] == ["output_used_in_eu", "placed_on_eu_market"]
    assert "Describe it" not in again.output


def test_an_answer_is_taken_back_and_not_knowing_stays_not_knowing(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    _talk(file, "", "7", "u", "?", "q")
    assert _kept(file)["answers"] == {}
    assert _kept(file)["unknown"] == ["technique"]


def test_each_question_says_why_it_is_asked_and_gives_an_example(tmp_path: Path) -> None:
    shown = _talk(tmp_path / "a.yaml", "", "q").output
    assert "Why:" in shown
    assert "Example:" in shown
    assert "1  Only rules written by people" in shown


def test_an_answer_that_is_none_of_the_choices_is_asked_for_again(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    result = _talk(file, "", "0", "99", "", "nonsense", "7", "q")
    assert result.output.count("Type a number from 1 to 9") == 4
    assert _kept(file)["answers"] == {"technique": "machine_learning"}


def test_a_system_of_written_rules_is_done_after_one_answer(tmp_path: Path) -> None:
    result = _talk(tmp_path / "a.yaml", "", "1")
    assert "Result: not ai system" in result.output
    assert "Nothing is left that could change the result." in result.output


def test_a_proposal_counts_only_when_it_is_confirmed(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    result = _talk(file, "It helps hiring, with machine learning", "n", "y", "q")
    assert result.output.count("Is that right?") == 2
    assert _kept(file)["answers"] == {"used_for": ["recruitment"]}
