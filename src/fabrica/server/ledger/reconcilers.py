"""What the ledger does by itself: what is left of an allocation past its end expires."""

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.reconcilers import reconciler
from fabrica.server.ledger import service
from fabrica.server.ledger.models import Account
from fabrica.wire.ledger import AccountKind


@reconciler(every_seconds=60)
def expire_ended_allocations() -> int:
    """Expire what is left of ended allocations, a hundred at a time; return how many.

    No claim is needed: the verb looks again under the book's lock.
    """
    ended = Account.objects.filter(
        kind=AccountKind.AVAILABLE, balance_milliseconds__gt=0, book__ends_at__lte=clock.now()
    ).order_by("book__ends_at", "book")
    allocations = list(ended.values_list("book", flat=True)[:100])
    return sum(service.expire(SYSTEM, allocation=allocation) is not None for allocation in allocations)
