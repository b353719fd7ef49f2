"""Reads of interactive runs, for whoever brings a person to one."""

from dataclasses import dataclass
from typing import Literal

from fabrica.server.core.actors import Actor
from fabrica.server.runs import queries
from fabrica.server.runs.models import Run
from fabrica.values.ids import AttemptId, RunId, SiteId, UserId
from fabrica.values.states import AttemptState
from fabrica.wire.runs import RunSpec


@dataclass(frozen=True, slots=True)
class InteractiveRun:
    """An interactive run and its living attempt. `attempt`: None: it has none, or it does not run yet."""

    run: RunId
    state: str
    owner: UserId
    kind: Literal["shell", "notebook"] | None
    attempt: AttemptId | None
    site: SiteId | None


def interactive_run(by: Actor, run: RunId) -> InteractiveRun:
    """Return what there is to attach to in a run; `kind` null: it is not interactive.

    Raises:
        NotFound: no such run, or the actor may not see it.
    """
    queries.run_state(by, run)
    row = Run.objects.get(pk=run)
    spec, attempt = RunSpec.model_validate(row.spec), queries.living(row)
    runs = attempt is not None and attempt.state == AttemptState.RUNNING
    return InteractiveRun(
        run=run,
        state=row.state,
        owner=row.submitted_by,
        kind=spec.interactive.kind if spec.interactive else None,
        attempt=attempt.pk if attempt and runs else None,
        site=attempt.site_id if attempt and runs else None,
    )


def is_owner(by: Actor, run: RunId) -> bool:
    """Return whether the actor has submitted the run."""
    return by.user is not None and Run.objects.filter(pk=run, submitted_by=by.user).exists()
