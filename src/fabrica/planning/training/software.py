"""What training software of a year does, and which year a published source speaks of."""

import re

from fabrica.planning.training.columns import SoftwareColumns, single
from fabrica.planning.training.devices import linear_bytes

USUAL = 2025.5  # what a training planned now uses: half a year behind the newest that was calibrated on
NEWEST = 2027.0
UNKNOWN = 2024.0
FUSED_SINCE, SPLIT_NORMS_SINCE, HIERARCHICAL_SINCE, DEDUPLICATED_SINCE, NARROW_GRADIENTS_SINCE = (
    2023.0,
    2022.0,
    2022.0,
    2025.0,
    2024.0,
)
_RELEASE = re.compile(r"\b(2\d)\.(\d\d|x)\b")
_PREPRINT = re.compile(r"arXiv:(\d\d)(\d\d)\.\d+")
_MONTH = re.compile(r"(20[12]\d)(0[1-9]|1[0-2])\b")
_YEAR = re.compile(r"\b(20[12]\d)\b")


def year_of(source: str) -> float:
    """Return the year a source's software is of: of its release, its preprint, or the year it names; else 2024.

    A preprint tells of software half a year older than itself.
    """
    if found := _RELEASE.search(source):
        month = 0 if found[2] == "x" else int(found[2])
        return _bounded(2000 + int(found[1]) + month / 12)
    if found := _PREPRINT.search(source):
        return _bounded(2000 + int(found[1]) + int(found[2]) / 12)
    if found := _MONTH.search(source):
        return _bounded(int(found[1]) + int(found[2]) / 12)
    if found := _YEAR.search(source):
        return _bounded(int(found[1]) + 0.5)
    return UNKNOWN


def is_release_of(source: str, year: float) -> bool:
    """Return whether a source names a release, such as 25.09, of a year or a later one."""
    return _RELEASE.search(source) is not None and year_of(source) >= year


def _bounded(year: float) -> float:
    return min(max(year, 2019.0), NEWEST)


def software_of(year: float, precision: str) -> SoftwareColumns:
    """Return what the software of a year does with matrices of a precision, as numbers of shape ()."""
    return single(
        SoftwareColumns,
        fused_attention=year >= FUSED_SINCE,
        sequence_parallel=year >= SPLIT_NORMS_SINCE,
        hierarchical=year >= HIERARCHICAL_SINCE,
        deduplicated=year >= DEDUPLICATED_SINCE,
        token_bytes=2.0,
        gradient_bytes=2.0 if year >= NARROW_GRADIENTS_SINCE else 4.0,
        linear_bytes=linear_bytes(precision),
    )
