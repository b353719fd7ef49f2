"""Reads of the runs that another run comes after."""

from collections.abc import Sequence

from fabrica.server.core.actors import Actor
from fabrica.server.runs import queries
from fabrica.server.runs.models import Run
from fabrica.values.ids import RunId
from fabrica.values.states import RunState
from fabrica.wire.problems import NotFound
from fabrica.wire.runs import DependencyUnknown


def check_seen(by: Actor, wanted: Sequence[RunId]) -> None:
    """Check that the actor may see each of these runs.

    Raises:
        DependencyUnknown: one is not there, or not for them.
    """
    for one in wanted:
        try:
            queries.run_state(by, one)
        except NotFound:
            remedy = "List yours with 'fabrica runs'."
            raise DependencyUnknown(f"There is no run {one} to wait for.", remedy=remedy, run=one) from None


def states(wanted: Sequence[RunId]) -> dict[RunId, RunState]:
    """Return the states of runs, in the order asked."""
    found = dict(Run.objects.filter(pk__in=wanted).values_list("pk", "state"))
    return {one: RunState(found[one]) for one in wanted if one in found}
