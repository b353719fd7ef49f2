"""A scenario is run in a process of its own: followed, stopped, and told about when it dies."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fabrica.server.core.actors import Actor
from fabrica.server.planning import queries, reconcilers, rules, runner, service
from fabrica.server.planning.children import ENDED, Child
from fabrica.server.planning.models import Scenario
from tests.builders import make_user
from tests.server.planning.questions import RESULT, SITING, ScriptedChild, make_scenario

pytestmark = pytest.mark.django_db
ASKED = {"kind": "siting", "text": SITING, "seed": 1, "cpu_seconds_max": 60, "memory_bytes_max": 2**33}
Line = Callable[[], Any] | dict[str, Any] | None


@pytest.fixture
def author() -> Actor:
    return make_user()


def follow(monkeypatch: pytest.MonkeyPatch, *lines: Line) -> ScriptedChild:
    """Run whatever waits, with a child that says these lines."""
    child = ScriptedChild(iter(lines))
    monkeypatch.setattr(runner, "Child", child)
    reconcilers.run_scenarios()
    return child


def test_progress_and_result_are_kept(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    seen: list[tuple[float | None, str]] = []

    def look() -> None:
        found = queries.scenario(author, scenario)
        seen.append((found.progress, found.progress_words))

    child = follow(monkeypatch, None, {"progress": 0.25, "words": "a quarter"}, look, {"result": RESULT})
    assert seen == [(0.25, "a quarter")]
    assert child.ended
    assert queries.scenario(author, scenario).state == "done"
    assert not Scenario.objects.get(pk=scenario).claim_token


def test_a_problem_of_the_calculation_is_told(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    follow(monkeypatch, {"problem": {"code": "x", "detail": "The trace has no line."}})
    found = queries.scenario(author, scenario)
    assert found.state == "failed"
    assert found.problem == {"code": "x", "detail": "The trace has no line."}


def test_a_cancel_stops_the_process(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    child = follow(monkeypatch, lambda: service.cancel(author, scenario=scenario))
    assert child.ended
    assert queries.scenario(author, scenario).state == "cancelled"


def test_deleting_what_runs_stops_the_process(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    assert follow(monkeypatch, lambda: service.delete(author, scenario=scenario)).ended
    assert not Scenario.objects.exists()


def test_a_process_that_ends_without_a_word_is_told(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    follow(monkeypatch, ENDED)
    problem = queries.scenario(author, scenario).problem
    assert problem is not None
    assert "status 1" in problem["detail"]


def test_a_run_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    monkeypatch.setattr(rules, "WALL_SECONDS_MAX", -1)
    follow(monkeypatch, None)
    assert queries.scenario(author, scenario).state == "failed"


def test_a_worker_that_lost_its_claim_keeps_nothing(monkeypatch: pytest.MonkeyPatch, author: Actor) -> None:
    scenario = make_scenario(author)
    monkeypatch.setattr(runner, "RENEWED_EVERY_SECONDS", -1.0)
    taken = lambda: Scenario.objects.filter(pk=scenario).update(claim_token="another worker")  # noqa: E731
    follow(monkeypatch, taken)
    assert queries.scenario(author, scenario).state == "running"


def test_a_real_process_answers(author: Actor) -> None:
    scenario = make_scenario(author)
    reconcilers.run_scenarios()
    found = queries.scenario(author, scenario)
    assert found.state == "done", found.problem
    assert found.result is not None
    assert {one.key for one in found.result.figures} == {"north", "south"}


def test_a_real_process_gets_no_secret_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_SECRET_KEY", "hidden-word")
    monkeypatch.setenv("FABRICA_DATABASE_URL", "postgres://hidden-word")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-word")
    with Child(ASKED) as child:
        environment = Path(f"/proc/{child._process.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"hidden-word" not in environment


def test_a_real_process_ends_when_its_input_does() -> None:
    with Child(ASKED) as child:
        assert child._process.stdin is not None
        child._process.stdin.close()
        child._process.stdin = None
        assert child.exit_status() in (0, 3)


def test_a_process_over_its_limit_of_processor_time_is_told() -> None:
    assert "minutes of a processor" in runner._silent_end(-signal.SIGXCPU)["detail"]
