"""Reads of runs that only pages ask for: the moves of a run, the runs of a site, and how many run where."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.models import Fact
from fabrica.server.runs import facts, queries
from fabrica.server.runs.models import Attempt, Run
from fabrica.values.ids import RunId, SiteId, UserId
from fabrica.values.states import ENDS, AttemptState, EndReason, Fault, RunState

_BEFORE_RUNNING = (RunState.SUBMITTED, RunState.HELD, RunState.PLACED, RunState.STAGING, RunState.QUEUED)


@dataclass(frozen=True, slots=True)
class Move:
    """A state a run came to, when, and why in words."""

    state: RunState
    at: datetime
    words: str


def moves(by: Actor, run: RunId) -> tuple[Move, ...]:
    """Return the states a run went through, oldest first; a state told again keeps its moment and takes the new words.

    Raises:
        NotFound: no such run, or the actor may not see it.
    """
    queries.run_state(by, run)
    kinds = (facts.RunSubmitted.kind, facts.RunMoved.kind)
    rows = Fact.objects.filter(subject=run, kind__in=kinds).order_by("sequence")
    told: list[Move] = []
    for row in rows:
        move = Move(RunState(row.body.get("state", RunState.SUBMITTED)), row.at, row.body.get("words", ""))
        if told and told[-1].state is move.state:
            move = replace(told.pop(), words=move.words)
        told.append(move)
    return tuple(told)


def running_by_site() -> dict[SiteId, int]:
    """Return how many runs run at each site now. Public, as the free devices of a site are: a number names nobody."""
    running = Attempt.objects.filter(state=AttemptState.RUNNING).order_by()
    return dict(running.values_list("site_id").annotate(Count("pk")))


@dataclass(frozen=True, slots=True)
class WaitTold:
    """How long one attempt waited in a site's queue, and what had been told of that before; None: nothing was."""

    waited_seconds: float
    q50_seconds: float | None
    q90_seconds: float | None
    engine_seconds: float | None


def waits_told(site: SiteId, *, days: int = 30, limit: int = 300) -> tuple[WaitTold, ...]:
    """Return the waits of a site's latest attempts that started, oldest first. Public: a wait names nobody."""
    rows = Attempt.objects.filter(
        site_id=site, simulated=False, queued_at__gte=clock.now() - timedelta(days=days), started_at__isnull=False
    ).order_by("-started_at")[:limit]
    told = []
    for row in reversed(rows):
        assert row.queued_at is not None, "the filter asks for both"
        assert row.started_at is not None, "the filter asks for both"
        told.append(
            WaitTold(
                waited_seconds=max(0.0, (row.started_at - row.queued_at).total_seconds()),
                q50_seconds=row.wait_q50_seconds,
                q90_seconds=row.wait_q90_seconds,
                engine_seconds=max(0.0, (row.expected_start_at - row.queued_at).total_seconds())
                if row.expected_start_at
                else None,
            )
        )
    return tuple(told)


def last_day(site: SiteId) -> dict[str, int]:
    """Return how many attempts ended at a site within a day, by whose doing: none's, the user's, the site's."""
    ended = Attempt.objects.filter(site_id=site, ended_at__gte=clock.now() - timedelta(days=1))
    counts = {"completed": 0, "user": 0, "site": 0, "network": 0}
    for reason, count in ended.order_by().values_list("reason").annotate(Count("pk")):
        fault = ENDS[EndReason(reason)].fault
        counts["completed" if fault is Fault.NOBODY else fault.value] += count
    return counts


def living_by_person(people: set[UserId]) -> dict[UserId, int]:
    """Return how many runs that have not ended each person submitted, for a list that was narrowed already."""
    final = [state for state in RunState if state.final]
    living = Run.objects.filter(submitted_by__in=people).exclude(state__in=final).order_by()
    return dict(living.values_list("submitted_by").annotate(Count("pk")))


def waiting() -> int:
    """Return how many runs wait for a site or at one. Public, for a number names nobody."""
    return Run.objects.filter(state__in=_BEFORE_RUNNING).count()
