"""Background loops of evidence."""

from django.db import IntegrityError

from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.reconcilers import reconciler
from fabrica.server.evidence import service


@reconciler(every_seconds=5, hinted_by="evidence")
def seal_facts() -> int:
    """Seal each new fact to the one before; return how many."""
    try:
        return service.seal_next(SYSTEM)
    except IntegrityError:  # another process sealed the same facts at this moment; its chain stands
        return 0
