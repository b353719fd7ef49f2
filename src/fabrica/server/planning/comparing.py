"""Two results beside each other: figure by figure, with what differs between the questions."""

import difflib
from dataclasses import dataclass

from fabrica.wire.scenarios import Figure, ScenarioDetail, ScenarioNotReady


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in both results, and how they stand to each other, in words."""

    label: str
    one: Figure | None
    other: Figure | None
    words: str


def compared(one: ScenarioDetail, other: ScenarioDetail) -> tuple[Row, ...]:
    """Return every figure of either result, in the order of the first.

    Raises:
        ScenarioNotReady: one has no result, or they are of two kinds.
    """
    if one.kind != other.kind:
        raise ScenarioNotReady("They are of two kinds.", remedy="Compare two of one kind.")
    if one.result is None or other.result is None:
        name = one.name if one.result is None else other.name
        raise ScenarioNotReady(f"“{name}” has no result yet.", remedy="Wait until both are done.")
    first = {figure.key: figure for figure in one.result.figures}
    second = {figure.key: figure for figure in other.result.figures}
    keys = dict.fromkeys([*first, *second])
    return tuple(_row(first.get(key), second.get(key)) for key in keys)


def _row(one: Figure | None, other: Figure | None) -> Row:
    label = next(figure.label for figure in (one, other) if figure is not None)
    return Row(label, one, other, _difference(one, other))


def _difference(one: Figure | None, other: Figure | None) -> str:
    """Return whether the second is surely lower or higher: intervals that overlap decide nothing."""
    if one is None or other is None:
        return "in one of them only"
    if one.value is None or other.value is None:
        return "not known"
    low, high = (one.low, one.high) if one.low is not None else (one.value, one.value)
    other_low, other_high = (other.low, other.high) if other.low is not None else (other.value, other.value)
    if low is None or high is None or other_low is None or other_high is None:
        return "not known"
    if (low, high) == (other_low, other_high):
        return "the same"
    if other_low > high:
        return "higher"
    return "lower" if other_high < low else "not surely different"


def apart(one: ScenarioDetail, other: ScenarioDetail) -> str:
    """Return how the two questions differ, line by line; empty where only name or seed do."""
    lines = difflib.unified_diff(one.text.splitlines(), other.text.splitlines(), one.name, other.name, n=1, lineterm="")
    return "\n".join(lines)
