"""Background loops of runs."""

from django.db.models import Q

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.claims import claimed
from fabrica.server.core.kept import kept_together
from fabrica.server.core.reconcilers import count_moved, reconciler
from fabrica.server.runs import rules, service
from fabrica.server.runs.models import Attempt, Run
from fabrica.values.states import AttemptState, RunState


@reconciler(every_seconds=1, hinted_by="runs")
def place_waiting_runs() -> int:
    """Give each waiting run a site, oldest first; return how many moved."""
    now = clock.now()
    clock_moved_back = Q(try_after__gt=now + max(rules.RETRY_PAUSES))  # no pause is as long, so this one is over
    due = Q(try_after__isnull=True) | Q(try_after__lte=now) | clock_moved_back
    waiting = Q(state__in=(RunState.SUBMITTED, RunState.HELD), cancel_requested_at__isnull=True)
    with kept_together():  # the runs of one pass are placed in one transaction, each all or nothing
        return count_moved(
            lambda run: service.place(SYSTEM, run=run), claimed(Run, where=due & waiting, limit=5, seconds=5)
        )


@reconciler(every_seconds=5)
def take_back_unanswered_offers() -> int:
    """End the offers that no site answered in time; return how many."""
    late = Attempt.objects.filter(state=AttemptState.OFFERED, accept_before__lte=clock.now())
    return count_moved(
        lambda attempt: service.take_back(SYSTEM, attempt=attempt), list(late.values_list("pk", flat=True)[:100])
    )
