"""Two workers never get one row, and a dead worker's claim ends."""

from datetime import timedelta

import pytest
from django.db.models import Q

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.claims import claimed
from fabrica.server.runs.models import Run
from fabrica.values.ids import RunId
from fabrica.values.states import RunState
from tests.builders import make_agent, make_allocation, make_project, make_run, make_user

pytestmark = pytest.mark.django_db
WAITING = Q(state=RunState.SUBMITTED)


@pytest.fixture
def waiting() -> list[RunId]:
    lead: Actor = make_user()
    project = make_project(lead)
    make_allocation(project)
    make_agent()
    return [make_run(lead, project) for _ in range(3)]


def test_a_second_worker_gets_only_what_the_first_left(waiting: list[RunId]) -> None:
    first = claimed(Run, where=WAITING, limit=2)
    assert next(first) == waiting[0]
    assert list(claimed(Run, where=WAITING, limit=10)) == [waiting[2]]
    assert list(first) == [waiting[1]]


def test_the_oldest_row_comes_first_and_is_free_again_afterwards(waiting: list[RunId]) -> None:
    assert list(claimed(Run, where=WAITING, limit=10)) == waiting
    assert list(claimed(Run, where=WAITING, limit=10)) == waiting


def test_a_dead_workers_claim_ends(waiting: list[RunId], monkeypatch: pytest.MonkeyPatch) -> None:
    dead = claimed(Run, where=WAITING, limit=10, seconds=60)
    next(dead)
    later = clock.now() + timedelta(seconds=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert list(claimed(Run, where=WAITING, limit=10)) == waiting
    dead.close()


def test_a_worker_that_wakes_late_does_not_free_anothers_claim(
    waiting: list[RunId], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = claimed(Run, where=WAITING, limit=10, seconds=60)
    next(late)
    later = clock.now() + timedelta(seconds=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    other = claimed(Run, where=WAITING, limit=10)
    next(other)
    late.close()
    assert list(claimed(Run, where=WAITING, limit=10)) == []
    other.close()


def test_nothing_to_claim_is_nothing() -> None:
    assert list(claimed(Run, where=WAITING, limit=10)) == []
