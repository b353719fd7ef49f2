"""Run purposes: which runs count toward a model's training compute under the AI Act's guidelines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from fabrica.reference.reading import FOLDER, read_file
from fabrica.reference.sources import Source

Counts = Literal["counts", "in_part", "cumulative_only", "does_not_count", "open"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a run is for. `counts_words` is the facts' own wording where a plain yes or no does not do."""

    tag: str
    counts: Counts
    words: str
    counts_words: str | None = None


@dataclass(frozen=True, slots=True)
class _PurposeFile:
    source: Source
    purposes: tuple[Purpose, ...]


@cache
def load_purposes() -> Mapping[str, Purpose]:
    """Return every run purpose by its tag, in the order shown to people.

    Raises:
        ReferenceMalformed: the data file has a mistake.

    Source: Commission guidelines on obligations of providers of general-purpose AI models, Annex A.1 to A.3.
    """
    found = read_file(_PurposeFile, FOLDER / "purposes.yaml").purposes
    return MappingProxyType({purpose.tag: purpose for purpose in found})
