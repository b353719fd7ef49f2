"""`fabrica aiact fill` and its neighbours, as a person at a terminal uses them."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from fabrica.wire.documents import (
    DocumentAnswersWrong,
    DocumentChanged,
    DocumentOpen,
    NotForRecipient,
    TemplateUnknown,
)
from tests.aiact.evaluations.logs import DATA
from tests.cli.running import run
from tests.record.sample import make_record

ITEMS = {f"sn-{number}": f"told {number}" for number in range(1, 5)}
ANSWERS: dict[str, Any] = {"person": {"name": "Ana", "function": "Head"}, "day": "2026-11-21", "items": ITEMS}


_run = partial(run, "aiact")


def _answers(tmp_path: Path, content: Any = None) -> Path:
    file = tmp_path / "answers.yaml"
    file.write_text(yaml.safe_dump(ANSWERS if content is None else content))
    return file


def _issue(tmp_path: Path, **more: Any) -> Result:
    key = tmp_path / "key.pem"
    if not key.exists():
        assert _run("key", key).exit_code == 0
    answers = _answers(tmp_path, {**ANSWERS, **more})
    wanted = ("--template", "systemic_notification", "--answers", answers, "--out", tmp_path / "out")
    return _run("fill", *wanted, "--final", "--key", key, "--json")


def test_an_empty_project_fills_nothing_in_all_documents(tmp_path: Path) -> None:
    result = _run("fill", "--template", "all", "--out", tmp_path / "out", "--format", "json", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert len(found["documents"]) == 16
    assert found["total"] == {
        "items": 174, "automatic": 0, "confirmed": 0, "typed": 0, "to_confirm": 0, "to_type": found["total"]["to_type"],
        "missing": 174 - found["total"]["to_type"], "part": 0,
    }  # fmt: skip
    for document in found["documents"]:
        assert (Path(document["folder"]) / "document.json").exists()


def test_every_named_document_is_filled_once(tmp_path: Path) -> None:
    named = [word for name in ("mdf", "fria", "mdf") for word in ("--template", name)]
    result = _run("fill", *named, "--out", tmp_path / "out", "--format", "json", "--json")
    assert [one["template"] for one in json.loads(result.stdout)["documents"]] == ["mdf", "fria"]


def test_a_record_fills_what_it_holds_in_every_format(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path, purpose="pretraining")
    result = _run(
        "fill", "--template", "mdf", "--record", record, "--out", tmp_path / "out", "--format", "html,docx,json"
    )
    assert result.exit_code == 0, result.output
    assert "Model Documentation Form" in result.stdout
    folder = tmp_path / "out" / "drafts" / "mdf" / "provider"
    assert {one.name for one in folder.iterdir()} == {"document.html", "document.docx", "document.json"}
    assert "Draft, not issued." in (folder / "document.html").read_text()


def test_records_none_of_which_counts_as_training_say_so_once_and_why(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path, purpose="exploratory")
    result = _run("fill", "--template", "mdf", "--record", record, "--out", tmp_path / "out", "--json")
    words = "no run of the records counts as training of this model; their purposes: exploratory"
    assert result.stderr.count(words) == 1


def test_a_classification_becomes_evidence(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("{artefact: system, technique: machine_learning, used_for: [recruitment], as_of: 2028-01-06}")
    result = _run("fill", "--template", "art6_assessment", "--classify", facts, "--out", tmp_path / "out", "--json")
    states = {one["id"]: one["state"] for one in json.loads(result.stdout)["documents"][0]["items"]}
    assert states["a6-1"] == "automatic"
    page = (tmp_path / "out" / "drafts" / "art6_assessment" / "provider" / "document.html").read_text()
    assert "Annex III 4(a)" in page


def test_a_complete_document_is_issued_verified_and_compared(tmp_path: Path) -> None:
    first = json.loads(_issue(tmp_path).stdout)["documents"][0]
    second = json.loads(_issue(tmp_path, items={**ITEMS, "sn-1": "told anew"}).stdout)["documents"][0]
    assert (first["version"], second["version"], second["status"]) == (1, 2, "final")
    assert second["fill"]["typed"] == 4
    checked = _run("verify", second["folder"])
    assert checked.exit_code == 0
    assert "every file is as it was signed" in checked.stdout
    changes = json.loads(_run("difference", first["folder"], second["folder"], "--json").stdout)["changes"]
    assert [(one["item"], one["before"], one["after"]) for one in changes] == [("sn-1", "told 1", "told anew")]
    assert "told anew" in _run("difference", first["folder"], second["folder"]).stdout


def test_a_changed_version_is_told(tmp_path: Path) -> None:
    folder = Path(json.loads(_issue(tmp_path).stdout)["documents"][0]["folder"])
    (folder / "document.html").chmod(0o644)
    (folder / "document.html").write_text("better")
    assert isinstance(_run("verify", folder).exception, DocumentChanged)


def test_an_open_document_is_not_issued(tmp_path: Path) -> None:
    problem = _issue(tmp_path, items={}).exception
    assert isinstance(problem, DocumentOpen)
    assert not (tmp_path / "out" / "issued").exists()


def test_all_documents_are_issued_or_none(tmp_path: Path) -> None:
    _run("key", tmp_path / "key.pem")
    result = _run("fill", "--template", "all", "--answers", _answers(tmp_path), "--out", tmp_path / "out", "--final",
                  "--key", tmp_path / "key.pem")  # fmt: skip
    assert isinstance(result.exception, DocumentOpen)
    assert not (tmp_path / "out" / "issued").exists()


def test_each_recipient_gets_only_what_is_theirs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    problem = _run("fill", "--template", "fria", "--out", out, "--recipient", "public").exception
    assert isinstance(problem, NotForRecipient)
    result = _run("fill", "--template", "all", "--out", out, "--recipient", "downstream", "--format", "json", "--json")
    names = [one["template"] for one in json.loads(result.stdout)["documents"]]
    assert names == ["annex_xii", "training_summary", "mdf"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--template", "mdf", "--format", "odt"),
        ("--template", "mdf", "--format", ","),
        ("--template", "mdf", "--final"),
        ("--template", "mdf", "--recipient", "everybody"),
    ],
)
def test_a_wrong_option_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert _run("fill", *arguments, "--out", tmp_path / "out").exit_code == 2


def test_a_wrong_name_or_file_is_a_named_problem(tmp_path: Path) -> None:
    assert isinstance(_run("fill", "--template", "mdff", "--out", tmp_path).exception, TemplateUnknown)
    assert isinstance(_run("template", "mdff").exception, TemplateUnknown)
    wrong = _answers(tmp_path, {**ANSWERS, "items": {"mdf-99": "x"}})
    problem = _run("fill", "--template", "mdf", "--answers", wrong, "--out", tmp_path).exception
    assert isinstance(problem, DocumentAnswersWrong)


def test_the_documents_and_their_items_are_listed() -> None:
    assert len(json.loads(_run("template", "--json").stdout)) == 16
    items = json.loads(_run("template", "mdf", "--json").stdout)
    assert [one["id"] for one in items][:2] == ["mdf-0", "mdf-1-1"]
    assert "Provider legal name" in _run("template", "mdf").stdout


def test_a_log_of_an_evaluation_is_evidence_on_this_machine_too(tmp_path: Path) -> None:
    done = _run("fill", "--template", "annex_iv", "--evaluation", DATA / "inspect-deflate.eval", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    document = json.loads(next(tmp_path.rglob("document.json")).read_text())
    assert [(one["kind"], one["held_by"]) for one in document["evidence_register"]] == [("eval.results", "run")]
