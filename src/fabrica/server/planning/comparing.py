"""Two results beside each other: figure by figure, with what differs between the questions."""

import difflib
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from fabrica.planning.answers.kinds import kind_of
from fabrica.planning.answers.pair import write_pair
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.server.planning.tables import Table, cells
from fabrica.values.time import show_duration
from fabrica.wire.problems import FabricaError
from fabrica.wire.scenarios import Figure, ScenarioDetail, ScenarioNotReady


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in both results, and how they stand to each other, in words."""

    label: str
    one: Figure | None
    other: Figure | None
    words: str

    @property
    def one_between(self) -> str:
        return between(self.one)

    @property
    def other_between(self) -> str:
        return between(self.other)


def why_no_pair(one: ScenarioDetail, other: ScenarioDetail) -> str:
    """Return why two what-ifs of the network cannot be run on the same jobs, and what then does not compare."""
    try:
        kind_of("pair").check(write_pair(one.text, other.text))
    except FabricaError as problem:
        return f"{problem} {_SUMS}" if _days(one) != _days(other) else str(problem)
    return ""


_SUMS = _("Sums, such as jobs, device-hours and energy, grow with the days: only means and shares compare.")


def _days(one: ScenarioDetail) -> int | None:
    try:
        return parse_scenario(one.text, one.name).period.days
    except FabricaError:
        return None


def between(figure: Figure | None) -> str:
    """Return the interval of a figure as people read it; empty where it has none."""
    if figure is None or figure.low is None or figure.high is None or figure.low == figure.high:
        return ""
    return f"{_plain(figure.low, figure)} to {_plain(figure.high, figure)}"


def _plain(number: float, figure: Figure) -> str:
    if figure.unit == "s":
        return show_duration(round(max(number, 0.0)))
    if "%" in figure.words:
        return f"{number:.1%}"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.3g}"


def table_of(rows: tuple[Row, ...], one: str, other: str) -> Table:
    """Return what stands beside each other as a table to keep, with both ends of every interval."""
    ends = ("low", "value", "high")
    head = ("figure", "unit", *(f"{name}, {end}" for name in (one, other) for end in ends), "the second is")
    return Table(head, tuple(_cells(row, ends) for row in rows))


def _cells(row: Row, ends: tuple[str, ...]) -> tuple[str, ...]:
    unit = next(figure.unit for figure in (row.one, row.other) if figure is not None)
    numbers = [getattr(figure, end, None) for figure in (row.one, row.other) for end in ends]
    return cells(row.label, unit, *numbers, row.words)


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
