"""`fabrica plan replay-decisions` makes the decisions of the newest runs again and fails where one differs."""

import contextlib
import json
from types import SimpleNamespace

import pytest

from fabrica.cli import connection
from fabrica.sdk import runs
from fabrica.values.ids import RunId, SiteId
from fabrica.wire.placement import KeptDecision
from tests.cli.running import run
from tests.planning.test_decisions import kept_decision

RUN = RunId.new()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[KeptDecision]:
    """Return the decisions of the server's one run: one that chose a site, and one that held it."""
    made = [kept_decision([60.0, None], 1, RUN), kept_decision([], 1, RUN)]
    page = SimpleNamespace(runs=[SimpleNamespace(id=RUN)], next_cursor=None)
    monkeypatch.setattr(connection, "connect", contextlib.nullcontext)
    monkeypatch.setattr(runs, "runs", lambda *_, **__: page)
    monkeypatch.setattr(runs, "kept_decisions", lambda *_: iter(made))
    return made


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_decisions_that_come_out_as_they_were_are_counted(kept: list[KeptDecision], options: list[str]) -> None:
    said = json.loads(run("plan", "replay-decisions", "--json", *options).stdout)
    assert (said["decisions"], said["held"], said["equal_share"], said["different"]) == (2, 1, 1.0, [])
    if options:
        assert said["compiled"] is False
    assert "2 decisions, of which 1 held a run" in run("plan", "replay-decisions", *options).stdout


def test_a_decision_that_comes_out_otherwise_is_named_and_the_command_fails(kept: list[KeptDecision]) -> None:
    other = SiteId("site-1" if kept[0].chosen == "site-0" else "site-0")
    kept[0] = kept[0].model_copy(update={"chosen": other})
    done = run("plan", "replay-decisions")
    assert done.exit_code == 1
    assert f"{kept[0].placement}: was {other} (gpu)" in done.stdout
