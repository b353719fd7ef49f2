"""Reads that only pages ask for."""

from datetime import UTC, datetime

import pytest

from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.models import Fact
from fabrica.server.runs import page_queries, service
from fabrica.values.states import RunState
from fabrica.wire.problems import NotFound
from tests.builders import make_event, make_user
from tests.server.readers import make_world

pytestmark = pytest.mark.django_db


def test_the_moves_of_a_run_are_told_in_order() -> None:
    world = make_world()
    service.record(world.agent, events=[make_event(world.attempt, "running")])
    assert [move.state for move in page_queries.moves(SYSTEM, world.run)] == [
        RunState.SUBMITTED,
        RunState.PLACED,
        RunState.RUNNING,
    ]
    with pytest.raises(NotFound):
        page_queries.moves(make_user(), world.run)


def test_a_state_told_again_is_one_step_with_the_new_words() -> None:
    world = make_world()
    for words in ("one core is missing", "two cores are missing"):
        Fact.objects.create(
            kind="runs.moved",
            subject=world.run,
            body={"state": "held", "words": words},
            actor="fabrica",
            at=datetime.now(UTC),
        )
    *_, last = page_queries.moves(SYSTEM, world.run)
    assert (last.state, last.words) == (RunState.HELD, "two cores are missing")
    assert [move.state for move in page_queries.moves(SYSTEM, world.run)].count(RunState.HELD) == 1


def test_what_runs_and_what_waits_is_counted() -> None:
    world = make_world()
    assert (page_queries.running_by_site(), page_queries.waiting()) == ({}, 1)
    service.record(world.agent, events=[make_event(world.attempt, "running")])
    assert (page_queries.running_by_site(), page_queries.waiting()) == ({"own-site": 1}, 0)
    service.cancel(SYSTEM, run=world.run)
    service.record(world.agent, events=[make_event(world.attempt, "ended", sequence=2, reason="cancelled_by_user")])
    assert page_queries.running_by_site() == {}
