"""Evidence on the wire: sealed copies of facts, chained by hash."""

import hashlib
import json
from typing import Any

from fabrica.values.ids import EvidenceRecordId
from fabrica.wire.bodies import Body, Instant

GENESIS = "0" * 64
"""What the first record of the chain names as the hash of the one before it."""


class EvidenceRecord(Body):
    """A fact's sealed copy: `hash` covers the content and the hash before it."""

    id: EvidenceRecordId
    sequence: int
    fact_kind: str
    subject: str
    content: dict[str, Any]
    happened_at: Instant
    sealed_at: Instant
    previous: str
    hash: str


class ChainReport(Body):
    """What a check of the whole chain found."""

    records: int
    sound: bool
    first_broken: int | None
    words: str


def evidence_hash(previous: str, sequence: int, content: dict[str, Any]) -> str:
    """Return the hash of a record: SHA-256 over the hash before, the sequence, and the canonical content."""
    text = json.dumps([previous, sequence, content], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
