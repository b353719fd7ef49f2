"""The verbs of evidence."""

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.models import Fact
from fabrica.server.core.verbs import verb
from fabrica.server.evidence import permissions
from fabrica.server.evidence.models import EvidenceRecord
from fabrica.values.time import to_rfc3339
from fabrica.wire.evidence import GENESIS, evidence_hash

LOOK_BACK = 10_000
"""Facts numbered this far before the last sealed one are still looked for: they may have been committed later."""


@verb(may=permissions.the_service)
def seal_next(by: Actor, *, limit: int = 500) -> int:
    """Seal the facts that are not sealed yet, in the order they were stored; return how many.

    Two sealers at once cannot fork the chain: the sequence is the primary key, so the second one's rows are refused.
    """
    last = EvidenceRecord.objects.order_by("-sequence").first()
    sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
    # A fact of a slow transaction may carry an older number than the last sealed one, so a window before it is read
    # again; both sides of the comparison keep to the window, however long the chain is.
    after = last.fact_sequence - LOOK_BACK if last else 0
    sealed = EvidenceRecord.objects.filter(fact_sequence__gt=after).values("fact_sequence")
    fresh = Fact.objects.filter(sequence__gt=after).exclude(sequence__in=sealed).order_by("sequence")
    rows = []
    for fact in fresh[:limit]:
        sequence += 1
        content = {
            "fact": str(fact.id),
            "kind": fact.kind,
            "subject": fact.subject,
            "body": fact.body,
            "actor": fact.actor,
            "at": to_rfc3339(fact.at),
        }
        digest = evidence_hash(previous, sequence, content)
        rows.append(
            EvidenceRecord(
                sequence=sequence,
                fact_sequence=fact.sequence,
                fact_kind=fact.kind,
                subject=fact.subject,
                content=content,
                happened_at=fact.at,
                sealed_at=clock.now(),
                previous=previous,
                hash=digest,
            )
        )
        previous = digest
    EvidenceRecord.objects.bulk_create(rows)
    return len(rows)
