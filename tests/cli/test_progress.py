"""How far a calculation is, stands on stderr: a bar on a terminal, else a line for every step."""

import pytest
from rich.console import Console

from fabrica.cli import progress
from fabrica.cli.progress import progress_told


def test_a_line_is_printed_for_every_step_and_when_something_else_begins(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_told() as tell:
        for percent in range(0, 101, 2):
            tell(percent / 100, "the first: it runs" if percent < 50 else "the second: it runs")
    out, lines = capsys.readouterr()
    told = lines.splitlines()
    assert out == ""
    assert told[0] == "0%: the first: it runs …"
    assert "50%: the second: it runs …" in told
    assert len(told) <= 20


def test_a_terminal_has_a_bar_with_the_share_and_the_words_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = _drawn_on("xterm", monkeypatch, capsys)
    assert "25%" in drawn
    assert "[bold]2 of 8 jobs" in drawn


def test_a_terminal_that_draws_no_bar_has_the_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _drawn_on("dumb", monkeypatch, capsys) == "25%: [bold]2 of 8 jobs …\n"


def _drawn_on(kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("TERM", kind)
    terminal = Console(stderr=True, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "console", lambda **_: terminal)
    with progress_told() as tell:
        tell(0.25, "[bold]2 of 8 jobs")
    out, drawn = capsys.readouterr()
    assert out == ""
    return drawn
