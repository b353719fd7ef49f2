"""Reads of evidence. Whoever may see the subject may see its records; the caller has checked that."""

from collections.abc import Iterator

from fabrica.server.evidence import rules
from fabrica.server.evidence.models import EvidenceRecord
from fabrica.wire import evidence as wire


def of_subject(subject: str) -> tuple[wire.EvidenceRecord, ...]:
    """Return the sealed records of one subject, in order."""
    rows = EvidenceRecord.objects.filter(subject=subject).order_by("sequence")
    return tuple(_wire(row) for row in rows)


def check_chain() -> wire.ChainReport:
    """Check the whole chain."""
    return rules.check(_all())


def _all() -> Iterator[wire.EvidenceRecord]:
    for row in EvidenceRecord.objects.order_by("sequence").iterator(chunk_size=2000):
        yield _wire(row)


def _wire(row: EvidenceRecord) -> wire.EvidenceRecord:
    return wire.EvidenceRecord(
        id=row.id,
        sequence=row.sequence,
        fact_kind=row.fact_kind,
        subject=row.subject,
        content=row.content,
        happened_at=row.happened_at,
        sealed_at=row.sealed_at,
        previous=row.previous,
        hash=row.hash,
    )
