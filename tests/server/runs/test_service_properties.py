"""Any order and repetition of a site's events, cancels, expiries and crashes: a run ends once, and is charged once."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.models import Fact
from fabrica.server.evidence import queries as evidence
from fabrica.server.evidence import service as sealer
from fabrica.server.ledger import queries as ledger
from fabrica.server.runs import service
from fabrica.server.runs.models import Attempt, Run
from fabrica.values.ids import ProjectId, RunId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.ledger import ReservationState
from fabrica.wire.problems import FabricaError
from tests.builders import (
    make_agent,
    make_allocation,
    make_event,
    make_project,
    make_run,
    make_spec,
    make_usage,
    make_user,
)
from tests.server.crashes import Crash, Crashed

GRANTED = 1_000_000
EVENTS = st.tuples(
    st.sampled_from(["accepted", "staging", "queued", "running", "usage", "ended", "declined"]),
    st.integers(min_value=0, max_value=150),  # seconds used so far; more than was reserved as well
    st.sampled_from(EndReason),
    st.integers(min_value=1, max_value=2),  # the fence: of this attempt, or of another
)
STEPS = st.one_of(
    st.tuples(st.just("event"), EVENTS),
    st.tuples(st.sampled_from(["place", "cancel", "expire", "lose"]), st.none()),
)
CRASHES = st.none() | st.integers(min_value=1, max_value=30)


class World:
    """One run of one project on one site."""

    def __init__(self) -> None:
        self.lead: Actor = make_user()
        self.project: ProjectId = make_project(self.lead)
        make_allocation(self.project, core_seconds=GRANTED // 1000)
        self.agent = make_agent()
        self.run: RunId = make_run(self.lead, self.project, make_spec(attempts_max=2))
        self.now = clock.now()

    def do(self, what: str, event: tuple[str, int, EndReason, int] | None) -> None:
        attempt = Attempt.objects.filter(run=self.run).order_by("-number").first()
        if what == "place":
            self.now += timedelta(seconds=11)
            service.place(SYSTEM, run=self.run)
        elif what == "cancel":
            service.cancel(self.lead, run=self.run)
        elif attempt is None:
            return
        elif what == "expire":
            self.now += timedelta(seconds=121)
            service.take_back(SYSTEM, attempt=attempt.pk)
        elif what == "lose":
            service.declare_lost(SYSTEM, attempt=attempt.pk)
        elif event is not None:
            kind, seconds, reason, fence = event
            said: dict[str, Any] = {
                "usage": make_usage(seconds),
                "reason": reason if kind in ("ended", "declined") else None,
            }
            service.record(self.agent, events=[make_event(attempt.pk, kind, fence=fence, **said)])

    def check(self) -> None:
        """What must be true after every step."""
        assert ledger.check_books() == []
        balance = ledger.balances(self.project)[0]
        row = Run.objects.get(pk=self.run)
        attempts = list(Attempt.objects.filter(run=self.run))
        alive = [one for one in attempts if one.state != AttemptState.ENDED]
        assert len(alive) <= 1
        assert Fact.objects.filter(kind="runs.settled").count() == (row.ended_at is not None) <= 1
        assert balance.consumed_milliseconds == sum(one.charged_milliseconds for one in attempts)
        assert balance.reserved_milliseconds == sum(100_000 - one.charged_milliseconds for one in alive)
        for one in attempts:
            reservation = ledger.reservation(one.pk)
            assert reservation is not None
            assert (reservation.state is ReservationState.OPEN) == (one in alive)
            assert one.charged_milliseconds <= 100_000


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(STEPS, CRASHES, st.booleans()), max_size=9))
def test_after_anything_a_run_has_ended_at_most_once_and_is_charged_once(
    steps: list[tuple[tuple[str, Any], int | None, bool]],
) -> None:
    with transaction.atomic():
        world = World()
        with mock.patch.object(clock, "now", side_effect=lambda: world.now):
            for (what, event), crash_at, again in steps:
                for crash in (crash_at, None) if crash_at or again else (None,):
                    _try(world, what, event, crash)
                    world.check()
            sealer.seal_next(SYSTEM)
            assert evidence.check_chain().sound
        transaction.set_rollback(True)


def _try(world: World, what: str, event: Any, crash_at: int | None) -> None:
    try:
        if crash_at is None:
            world.do(what, event)
            return
        with transaction.atomic(), connection.execute_wrapper(Crash(crash_at)):
            world.do(what, event)
    except (FabricaError, Crashed):
        return


@pytest.mark.django_db
def test_every_end_reason_settles_its_reservation() -> None:
    world = World()
    for reason in EndReason:
        run = make_run(world.lead, world.project, make_spec(attempts_max=1))
        assert service.place(SYSTEM, run=run)
        attempt = Attempt.objects.get(run=run)
        service.record(world.agent, events=[make_event(attempt.pk, "ended", reason=reason, usage=make_usage(1))])
        row, reservation = Run.objects.get(pk=run), ledger.reservation(attempt.pk)
        assert row.ended_at is not None
        assert row.words
        assert reservation is not None
        assert reservation.state is not ReservationState.OPEN
    assert ledger.check_books() == []
