"""Whether a chain of sealed facts holds: every hash, every link, no gap."""

from collections.abc import Iterable

from fabrica.wire.evidence import GENESIS, ChainReport, EvidenceRecord, evidence_hash


def check(records: Iterable[EvidenceRecord]) -> ChainReport:
    """Check a chain from its first record on: every hash, every link, no gap, and that the labels are the content's."""
    previous, count = GENESIS, 0
    for record in records:
        count += 1
        sound = (
            record.sequence == count
            and record.previous == previous
            and record.hash == evidence_hash(previous, record.sequence, record.content)
            and (record.fact_kind, record.subject) == (record.content.get("kind"), record.content.get("subject"))
        )
        if not sound:
            words = (
                f"Record {record.sequence} does not follow from the one before it: it was changed, or one is missing."
            )
            return ChainReport(records=count, sound=False, first_broken=record.sequence, words=words)
        previous = record.hash
    return ChainReport(records=count, sound=True, first_broken=None, words=f"All {count} records follow one another.")
