"""The run record on the wire: its seal, and what a check of it finds."""

from typing import Literal

from pydantic import Field

from fabrica.wire.bodies import Body, Instant
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Sha256


class SealedFile(Body):
    """One file of a record, as it was when the record was sealed."""

    path: str
    bytes: int = Field(ge=0)
    sha256: Sha256


class Seal(Body):
    """The list of all files of a record, by path, and one hash over the list."""

    format: Literal[1] = 1
    files: tuple[SealedFile, ...]
    root_sha256: Sha256
    sealed_at: Instant


class Finding(Body):
    """One thing a check of a record found. A notice is worth knowing; the others break the record."""

    code: Literal[
        "unsealed", "missing", "changed", "added", "link", "chain_broken", "wrong_root", "wrong_evidence", "unreadable",
        "torn_line",
    ]  # fmt: skip
    path: str = Field(description="file of the record, from its folder")
    words: str
    notice: bool = False


class RecordRefused(FabricaError):
    code = "record.refused"
    status = 422
    title = "The run record is not accepted"


class RecordSealed(FabricaError):
    code = "record.sealed"
    status = 409
    title = "The run record is sealed and does not change any more"
