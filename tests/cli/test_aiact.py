"""`fabrica aiact classify`: one JSON object, or a page in words."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from fabrica.cli.aiact_files import LARGEST_FILE_BYTES
from fabrica.wire.aiact import AnswersUnreadable, DateBeforeAct, UnknownFact
from tests.cli.running import run

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "aiact" / "cases.yaml").read_text())["cases"]
ANSWERS = {"artefact": "system", "technique": "machine_learning", "used_for": ["recruitment"]}


def _run(tmp_path: Path, text: str, *options: str) -> Result:
    file = tmp_path / "answers.yaml"
    file.write_text(text)
    return run("aiact", "classify", "--answers", file, *options)


def _json(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_json_object_holds_what_the_desk_promises(tmp_path: Path) -> None:
    case = next(case for case in CASES if case["id"] == "D06")
    found = _json(_run(tmp_path, yaml.safe_dump(case["answers"]), "--json"))
    promised = {"ai_system", "in_scope", "roles", "tiers", "basis", "obligations", "dates", "confidence"}
    assert promised | {"open_questions", "trace", "law", "unsettled", "would_change"} <= found.keys()
    assert found["as_of"] == "2028-01-06"
    assert found["dates"]["high_risk"] == "2027-12-02"
    for duty in found["obligations"]:
        assert {"id", "title", "article", "applies_from", "formal_date", "penalty"} <= duty.keys()
    assert found["law"]["checked_on"] == "2026-11-20"
    assert "no legal advice" in found["law"]["notice"]


def test_json_and_yaml_and_a_whole_case_give_the_same(tmp_path: Path) -> None:
    plain = _json(_run(tmp_path, yaml.safe_dump(ANSWERS), "--json", "--as-of", "2028-01-01"))
    as_json = _json(_run(tmp_path, json.dumps(ANSWERS), "--json", "--as-of", "2028-01-01"))
    whole = _json(_run(tmp_path, yaml.safe_dump({"id": "X", "answers": ANSWERS}), "--json", "--as-of", "2028-01-01"))
    assert plain == as_json == whole


def test_the_day_is_the_option_then_the_file_then_today(tmp_path: Path) -> None:
    given = yaml.safe_dump({**ANSWERS, "as_of": "2027-01-01"})
    assert _json(_run(tmp_path, given, "--json", "--as-of", "2028-01-01"))["as_of"] == "2028-01-01"
    assert _json(_run(tmp_path, given, "--json"))["as_of"] == "2027-01-01"
    before = datetime.now(UTC).date().isoformat()
    today = _json(_run(tmp_path, yaml.safe_dump(ANSWERS), "--json"))["as_of"]
    assert before <= today <= datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_every_case_has_a_readable_page(tmp_path: Path, case: dict[str, Any]) -> None:
    result = _run(tmp_path, yaml.safe_dump(case["answers"]))
    assert result.exit_code == 0
    assert "This is no legal advice." in " ".join(result.stdout.split())
    assert "_practice" not in result.stdout


def test_a_page_tells_the_class_the_days_and_what_is_open(tmp_path: Path) -> None:
    text = _run(tmp_path, yaml.safe_dump({**ANSWERS, "eu_link": ["placed_on_eu_market"], "actor_does": ["develops"]}))
    page = " ".join(text.stdout.split())
    assert "High-risk, use under Annex III" in page
    assert "2027-12-02" in page
    assert "Still open" in page
    assert "Materially influences the outcome of a decision (steers_outcome)" in page
    assert "CONTESTED: by the letter 2026-08-02" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a list", "holds no answers"),
        ("", "holds no answers"),
        ("answers: 3", "holds no answers"),
        ("1: yes", "holds no answers"),
        ("{artefact: [", "is not YAML or JSON in line"),
        ("[" * 100_000, "is not YAML or JSON"),
        ("!!python/object/apply:os.getcwd []", "is not YAML or JSON"),
        ("#" * (LARGEST_FILE_BYTES + 1), "is larger than"),
        ("a: 2026-13-45", "is not YAML or JSON"),
        ("artefact: system\nartefact: model", "line 2: 'artefact' is written twice"),
        ('{"artefact": "system", "artefact": "model"}', "line 1: 'artefact' is written twice"),
    ],
)
def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path, text: str, said: str) -> None:
    problem = _run(tmp_path, text, "--json").exception
    assert isinstance(problem, AnswersUnreadable)
    assert said in problem.detail
    assert problem.remedy


def test_bad_facts_are_named_problems(tmp_path: Path) -> None:
    assert isinstance(_run(tmp_path, "artifact: system").exception, UnknownFact)
    assert isinstance(_run(tmp_path, "artefact: system", "--as-of", "2024-07-31").exception, DateBeforeAct)
    assert _run(tmp_path, "artefact: system", "--as-of", "tomorrow").exit_code == 2
