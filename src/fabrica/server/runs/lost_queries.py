"""What giving up on an attempt would do, told before it is done."""

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.ledger import queries as ledger
from fabrica.server.runs import permissions, queries, rules
from fabrica.server.runs.models import Attempt, Run
from fabrica.values.ids import AttemptId, RunId
from fabrica.values.quantities import DeviceTime
from fabrica.values.states import AttemptState, EndReason, RunState
from fabrica.values.time import show_duration
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.runs import Loss, RunEnded, RunSpec


def loss(by: Actor, run: RunId) -> Loss:
    """Return what declaring the run's living attempt lost would do now.

    Raises:
        NotFound: no such run, or the actor may not see it.
        NotAllowed: the actor is no operator.
        RunEnded: no attempt of the run is living.
    """
    queries.run_state(by, run)
    if not permissions.operator(by):
        raise NotAllowed("Only operators declare an attempt lost.", remedy="Ask the network's office.")
    row = Run.objects.get(pk=run)
    attempt = queries.living(row)
    if attempt is None:
        raise RunEnded("The run has no attempt that a site could have lost.", remedy="Look at it with 'fabrica why'.")
    spec = RunSpec.model_validate(row.spec)
    held = ledger.reservation(attempt.pk)
    returned = held.amount_milliseconds if held else 0
    follows = rules.outcome(
        EndReason.SITE_LOST,
        "",
        attempts=attempt.number,
        attempts_max=spec.attempts_max,
        cancelled=EndReason(row.reason) if row.cancel_requested_at is not None else None,
        now=clock.now(),
    )
    return Loss(
        run=run,
        attempt=attempt.pk,
        site=attempt.site_id,
        state=AttemptState(attempt.state),
        observed_at=attempt.observed_at,
        returned_milliseconds=returned,
        resource_class=spec.resources.resource_class,
        run_state=follows.state,
        consequences=_consequences(attempt, spec, returned, follows.state),
    )


def _consequences(attempt: Attempt, spec: RunSpec, returned: int, follows: RunState) -> tuple[str, ...]:
    return (
        _last_word(attempt),
        f"Attempt {attempt.number} ends now with 'site_lost'. This cannot be taken back.",
        f"{DeviceTime(returned, spec.resources.resource_class)} held for it come back to the allocation, what was "
        f"charged so far included; {attempt.site_id} is not paid for it.",
        _next(attempt, spec, follows),
        f"If {attempt.site_id} still runs it, two attempts may run at once, until its agent is back and is told to "
        "stop the old one. What the old one reports is kept and shown, never merged.",
    )


def _last_word(attempt: Attempt) -> str:
    if attempt.observed_at is None:
        return f"{attempt.site_id} has never told of this attempt."
    silent = max(0, int((clock.now() - attempt.observed_at).total_seconds()))
    return f"{attempt.site_id} last told of this attempt {show_duration(silent)} ago."


def _next(attempt: Attempt, spec: RunSpec, follows: RunState) -> str:
    if follows is RunState.SUBMITTED:
        return f"The run is placed again, as attempt {attempt.number + 1} of at most {spec.attempts_max}."
    if follows is RunState.CANCELLED:
        return "The run is cancelled, as was asked."
    return f"The run fails: {attempt.number} of {spec.attempts_max} attempts are used."


def attempt_of(by: Actor, run: RunId, attempt: AttemptId) -> AttemptId:
    """Return an attempt that is the run's own.

    Raises:
        NotFound: the actor may not see the run, or it has no such attempt.
    """
    queries.run_state(by, run)
    if not Attempt.objects.filter(pk=attempt, run=run).exists():
        raise NotFound(f"The run has no attempt {attempt}.", remedy="Ask what would be lost first; it names the one.")
    return attempt
