"""Background loops of planning."""

from django.db.models import Q

from fabrica.server.core.claims import claimed
from fabrica.server.core.reconcilers import count_moved, reconciler
from fabrica.server.planning import rules, runner
from fabrica.server.planning.models import Scenario


@reconciler(every_seconds=2, hinted_by="scenarios")
def run_scenarios() -> int:
    """Run the scenario that waits longest, or that a dead worker left; return whether one moved."""
    living = Q(state__in=rules.LIVING)
    return count_moved(runner.run, claimed(Scenario, where=living, limit=1, seconds=rules.CLAIM_SECONDS))
