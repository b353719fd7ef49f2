"""Where a fact comes from, and facts that are shown but not calculated with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Confidence = Literal["high", "medium", "low"]
FactValue = str | int | float | bool | tuple[str | int, ...] | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a group of facts was read: addresses or titles, the date of the source as it states it, the trust in it.

    `as_of` is text, for many sources carry only a month, a season or no date at all. Null: unknown.
    """

    addresses: tuple[str, ...]
    as_of: str | None
    confidence: Confidence | None


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts read together from one source, by name. A null value was looked for and not found."""

    name: str
    facts: Mapping[str, FactValue]
    source: Source | None
