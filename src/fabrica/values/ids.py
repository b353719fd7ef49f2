"""Ids: a prefix and 26 sortable characters, each kind its own type."""

import os
import re
import threading
import time
from typing import Any, ClassVar, Self

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_BODY = re.compile(rf"[0-7][{_ALPHABET}]{{25}}")
_lock = threading.Lock()
_last = 0


class _Name(str):
    """A short text of one form, which pydantic reads with `parse` and writes as the plain text it is."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name from outside; each kind says of what form."""
        raise NotImplementedError  # no name is of this class alone

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls.parse, core_schema.str_schema(), serialization=core_schema.plain_serializer_function_ser_schema(str)
        )


class Id(_Name):
    """One kind of id. Two kinds are two types, so they cannot be swapped unseen."""

    prefix: ClassVar[str] = "id"
    __slots__ = ()

    @classmethod
    def new(cls) -> Self:
        """Make a fresh id; ids made by one process sort in the order they were made."""
        return cls(f"{cls.prefix}_{_sortable_body()}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id from outside.

        Raises:
            ValueError: the text is not an id of this kind.
        """
        prefix, _, body = text.partition("_")
        if prefix != cls.prefix or not _BODY.fullmatch(body):
            raise ValueError(f"{text!r} is not an id of the form {cls.prefix}_ and 26 letters or digits")
        return cls(text)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{cls.prefix}_[0-9a-z]{{26}}$", "examples": [f"{cls.prefix}_01jd…"]}


def _sortable_body() -> str:
    """Return 26 characters: 48 bits of milliseconds, then 80 random bits that only grow within a millisecond."""
    global _last
    with _lock:
        value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
        if value <= _last:  # same millisecond, or a clock moved back
            value = _last + 1
        _last = value
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


class UserId(Id):
    prefix = "usr"


class OrganisationId(Id):
    prefix = "org"


class ProjectId(Id):
    prefix = "prj"


class AllocationId(Id):
    prefix = "alc"


class AccountId(Id):
    prefix = "acc"


class TransferId(Id):
    prefix = "trf"


class ReservationId(Id):
    prefix = "rsv"


class AgentId(Id):
    prefix = "agt"


class RunId(Id):
    prefix = "run"


class AttemptId(Id):
    prefix = "att"


class CorrectionId(Id):
    prefix = "cor"


class AttachmentId(Id):
    prefix = "atm"


class OutsideUseId(Id):
    prefix = "out"


class PlacementId(Id):
    prefix = "plc"


class FactId(Id):
    prefix = "fct"


class EvidenceRecordId(Id):
    prefix = "evd"


class SystemId(Id):
    prefix = "sys"


class VersionId(Id):
    prefix = "ver"


class DocumentId(Id):
    prefix = "doc"


class EvaluationId(Id):
    prefix = "evl"


class EvaluatorId(Id):
    prefix = "evr"


class ReportId(Id):
    prefix = "rpt"


class QuestionId(Id):
    prefix = "qst"


class FeedId(Id):
    prefix = "fed"


class ScenarioId(Id):
    prefix = "scn"


class SiteId(_Name):
    """A site's short name, as people say it: `lumi-aif`, `local`. Stable, chosen by the network's office."""

    __slots__ = ()
    _form: ClassVar[re.Pattern[str]] = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a site's name.

        Raises:
            ValueError: not 1 to 40 lower-case letters, digits and inner hyphens.
        """
        if not cls._form.fullmatch(text):
            raise ValueError(f"{text!r} is not a site name: 1 to 40 lower-case letters, digits and inner hyphens")
        return cls(text)
