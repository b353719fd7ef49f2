"""`fabrica aiact intake` without a conversation, and `fabrica aiact compare`."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.wire.aiact import AnswersUnreadable, FactMalformed, UnknownFact
from tests.cli.running import run

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "aiact" / "cases.yaml").read_text())["cases"]


_run = partial(run, "aiact")


def _json(*arguments: str | Path) -> dict[str, Any]:
    result = _run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json_gives_the_next_questions_with_why_and_an_example(tmp_path: Path) -> None:
    found = _json("intake", "--save", tmp_path / "a.yaml")
    assert {"sitting", "questions", "complete", "asked", "result"} <= found.keys()
    first = found["questions"][0]
    assert {"id", "kind", "ask", "why", "example", "choices", "may_change"} <= first.keys()
    assert not (tmp_path / "a.yaml").exists()


def test_answers_are_kept_gone_on_from_and_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    _json("intake", "--save", file, "--set", "artefact=system", "--set", "used_for=recruitment, other")
    found = _json("intake", "--save", file, "--unknown", "technique", "--set", "talks_to_people=yes")
    assert found["sitting"]["answers"] == {
        "artefact": "system", "used_for": ["other", "recruitment"], "talks_to_people": True,
    }  # fmt: skip
    assert found["sitting"]["unknown"] == ["technique"]
    assert found["asked"] == 4
    assert _json("intake", "--save", file, "--undo")["sitting"]["unknown"] == []
    told = _run("intake", "--save", file, "--undo")
    assert "Next:" in told.output
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]


def test_what_the_intake_keeps_is_what_classify_reads(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    asked = _json("intake", "--save", file, "--set", "artefact=system", "--set", "technique=machine_learning")
    classified = _json("classify", "--answers", file)
    assert classified["tiers"] == asked["result"]["tiers"]
    assert classified["open_questions"] == asked["result"]["open_questions"]


def test_an_intake_begins_with_given_facts_and_never_overwrites_another(tmp_path: Path) -> None:
    facts, file = tmp_path / "facts.yaml", tmp_path / "a.yaml"
    facts.write_text(yaml.safe_dump({"answers": CASES[5]["answers"]}))
    assert _json("intake", "--answers", facts, "--save", file)["sitting"]["answers"]["used_for"] == ["recruitment"]
    again = _run("intake", "--answers", facts, "--save", file, "--json")
    assert again.exit_code == 2
    assert "holds an intake already" in again.output


def test_a_description_proposes_and_takes_nothing(tmp_path: Path) -> None:
    found = _json("intake", "--save", tmp_path / "a.yaml", "--describe", "A chatbot that ranks applicants")
    assert "used_for" in [one["fact"] for one in found["proposals"]]
    assert found["sitting"]["answers"] == {}


def test_an_intake_is_printed_as_text_and_as_html(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    _json("intake", "--save", file, "--set", "artefact=system")
    assert "A system: an application people use" in _run("intake", "--save", file, "--print", "text").output
    assert _run("intake", "--save", file, "--print", "html").output.startswith("<!doctype html>")


@pytest.mark.parametrize("text", ["- a list", "3", "{answers: ["])
def test_a_file_that_is_no_intake_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    assert isinstance(_run("intake", "--save", file, "--set", "artefact=system").exception, AnswersUnreadable)
    assert file.read_text() == text


def test_bad_answers_are_named_problems_and_nothing_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    assert isinstance(_run("intake", "--save", file, "--set", "artifact=system").exception, UnknownFact)
    assert isinstance(_run("intake", "--save", file, "--set", "artefact=sistem").exception, FactMalformed)
    assert isinstance(_run("intake", "--save", file, "--set", "talks_to_people=maybe").exception, FactMalformed)
    assert _run("intake", "--save", file, "--set", "artefact").exit_code == 2
    assert not file.exists()


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    refused = _run("intake", "--save", tmp_path / "nowhere" / "a.yaml", "--set", "artefact=system")
    assert refused.exit_code == 1
    assert "No such file or directory" in refused.output


def test_two_variants_are_compared_as_json_and_in_words(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(yaml.safe_dump({"answers": CASES[5]["answers"]}))
    other.write_text(yaml.safe_dump({"answers": {**CASES[5]["answers"], "used_for": ["customer_support"]}}))
    found = _json("compare", one, other)
    tier = next(one for one in found["differences"] if one["what"] == "high_risk_annex_iii")
    assert tier["because"] == ["used_for"]
    assert found["as_of"] == "2028-01-06"
    words = _run("compare", one, other).output
    assert "used_for: recruitment -> customer_support" in words
    assert "This is no legal advice." in words
