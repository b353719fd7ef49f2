"""Reads of runs that only pages ask for: the moves of a run, the runs of a site, and how many run where."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count

from fabrica.server.core.actors import Actor
from fabrica.server.core.models import Fact
from fabrica.server.runs import facts, queries
from fabrica.server.runs.models import Attempt, Run
from fabrica.values.ids import RunId, SiteId
from fabrica.values.states import AttemptState, RunState

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


def waiting() -> int:
    """Return how many runs wait for a site or at one. Public, for a number names nobody."""
    return Run.objects.filter(state__in=_BEFORE_RUNNING).count()
