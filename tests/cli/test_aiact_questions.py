"""`fabrica aiact ask` and `fabrica aiact import`."""

import json
from functools import partial
from pathlib import Path

import pytest

from fabrica.wire.questions import QuestionRefused, TextRefused
from tests.cli.running import run


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_HOME", str(tmp_path / "home"))


_run = partial(run, "aiact")


def test_an_answer_shows_passages_with_citations_and_marks_what_is_wrong() -> None:
    shown = _run("ask", "Was", "AI literacy", "abolished?").output
    assert "WRONG: AI literacy was abolished" in shown
    assert "RIGHT: Softened, still binding" in shown
    assert "no legal advice" in shown
    found = json.loads(_run("ask", "Must deep fakes be disclosed?", "--json").stdout)
    assert found["found"]
    assert {"citation", "confidence", "coverage", "source", "text"} <= found["passages"][0].keys()


def test_no_answer_is_said_plainly() -> None:
    assert "The sources hold no answer" in _run("ask", "Which bread is best?").output
    assert json.loads(_run("ask", "Which bread is best?", "--json").stdout)["found"] is False
    assert isinstance(_run("ask", "?").exception, QuestionRefused)


def test_an_imported_text_is_searched(tmp_path: Path) -> None:
    file = tmp_path / "act.html"
    file.write_text(
        "<html><p>Regulation (EU) 2030/1</p><p>Article 1</p><p>Fruit</p><p>1. Bananas are curved.</p></html>"
    )
    told = json.loads(_run("import", file, "--json").stdout)
    assert told["complete"]
    assert told["sections"] == {"recital": 0, "article": 1, "annex": 0}
    assert Path(told["kept_in"]).is_relative_to(tmp_path / "home")
    shown = _run("ask", "Are bananas curved?").output
    assert "Article 1(1), Regulation (EU) 2030/1" in shown
    assert "imported by you" in shown


def test_an_incomplete_text_is_told_and_what_is_none_refused(tmp_path: Path) -> None:
    file = tmp_path / "act.txt"
    file.write_text("Article 1\nFruit.\nArticle 3\nMore frui")
    assert "NOT COMPLETE" in _run("import", file, "--title", "Half").output
    file.write_bytes(b"%PDF-1.4")
    assert isinstance(_run("import", file).exception, TextRefused)
