"""Charts as SVG: values in, markup out. Colours come from CSS classes, so light, dark and print all read well."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log10

from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from fabrica.server.portal.svg import element
from fabrica.server.portal.ticks import drawable, log_ticks, nice_ticks, padded_range, show_number

WIDTH, HEIGHT = 420, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 14, 30
POINTS_MAX = 400
ROWS_MAX = 40
SERIES_STYLES = 4
GRID_COLUMNS, GRID_STEP = 50, 12

Point = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name and its (step, value) points in any order; the last of equal steps counts."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A level drawn across a plot, as a baseline."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie on the picture."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log_scale: bool

    def x(self, step: float) -> float:
        return LEFT + (step - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high, at = self.y_low, self.y_high, value
        if self.log_scale:
            low, high, at = log10(low), log10(high), log10(at)
        return HEIGHT - BOTTOM - (at - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def line_plot(
    series: Sequence[Series], *, title: str, x_name: str = "", rule: Rule | None = None, log_scale: bool = False
) -> SafeString:
    """Return a plot of values by step; a missing value breaks its line.

    `log_scale` is followed only where some value is positive. The text alternative says what `describe` says.
    """
    log_scale = log_scale and any(drawable(value, True) for line in series for _, value in line.points)
    lines = [_drawn(line, log_scale) for line in series]
    shown = [value for line in lines for _, value in line if value is not None]
    if rule is not None and not drawable(rule.value, log_scale):
        rule = None
    if not shown:
        return _empty_plot(title)
    steps = [step for line in lines for step, value in line if value is not None]
    levels = [*shown, rule.value] if rule else shown
    ticks = log_ticks(min(levels), max(levels)) if log_scale else nice_ticks(*padded_range(levels))
    if len(ticks) < 2:
        ticks = (ticks[0], ticks[0] * 10)
    frame = _Frame(*padded_range(steps), ticks[0], ticks[-1], log_scale)
    return _picture(
        title,
        describe(series, rule),
        _grid(frame, ticks),
        _steps_axis(frame, sorted(set(steps)), x_name),
        *(_line(frame, line, index) for index, line in enumerate(lines)),
        _rule(frame, rule) if rule else "",
    )


def _drawn(line: Series, log_scale: bool) -> list[Point]:
    """Return the points to draw: in order of steps, one per step, None where there is no place, thinned when many."""
    by_step = {step: value if drawable(value, log_scale) else None for step, value in line.points if drawable(step)}
    points: list[Point] = sorted(by_step.items(), key=lambda point: point[0])
    if len(points) <= POINTS_MAX:
        return points
    size = -(-len(points) // (POINTS_MAX // 2))
    thinned: list[Point] = []
    for start in range(0, len(points), size):
        known = [point for point in points[start : start + size] if point[1] is not None]
        if known:  # the lowest and the highest of each stretch: a spike is never lost
            ends = {min(known, key=lambda point: point[1] or 0.0), max(known, key=lambda point: point[1] or 0.0)}
            thinned.extend(sorted(ends, key=lambda point: point[0]))
        else:
            thinned.append((points[start][0], None))
    return thinned


def _picture(title: str, description: str, *parts: object) -> SafeString:
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *parts,
        class_="chart-plot",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{title}. {description}",
    )


def _empty_plot(title: str) -> SafeString:
    words = gettext("No values yet")
    text = element("text", words, class_="chart-text", x=WIDTH / 2, y=HEIGHT / 2, text_anchor="middle")
    axis = element("line", class_="chart-axis", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM)
    return _picture(title, words, axis, text)


def _grid(frame: _Frame, ticks: Sequence[float]) -> SafeString:
    parts = []
    for index, tick in enumerate(ticks):
        y = frame.y(tick)
        name = "chart-axis" if index == 0 else "chart-grid"
        parts.append(element("line", class_=name, x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        parts.append(element("text", show_number(tick), class_="chart-text", x=LEFT - 8, y=y + 4, text_anchor="end"))
    return element("g", *parts)


def _steps_axis(frame: _Frame, steps: Sequence[float], name: str) -> SafeString:
    """Name the first and the last step, and what is counted between them."""
    y = HEIGHT - BOTTOM + 20
    middle = (LEFT + WIDTH - RIGHT) / 2
    if len(steps) == 1:
        label = f"{name} {show_number(steps[0])}".strip()
        return element("text", label, class_="chart-text", x=middle, y=y, text_anchor="middle")
    return element(
        "g",
        element("text", show_number(steps[0]), class_="chart-text", x=LEFT, y=y),
        element("text", name, class_="chart-text", x=middle, y=y, text_anchor="middle"),
        element("text", show_number(steps[-1]), class_="chart-text", x=WIDTH - RIGHT, y=y, text_anchor="end"),
    )


def _line(frame: _Frame, points: Sequence[Point], index: int) -> SafeString:
    style = f"series-{index % SERIES_STYLES + 1}"
    commands, pen_down = [], False
    for step, value in points:
        if value is None:
            pen_down = False
            continue
        commands.append(f"{'L' if pen_down else 'M'}{frame.x(step):.1f} {frame.y(value):.1f}")
        pen_down = True
    last = next(((step, value) for step, value in reversed(points) if value is not None), None)
    if last is None:
        return SafeString("")
    end = element("circle", class_=f"chart-point {style}-fill", cx=frame.x(last[0]), cy=frame.y(last[1]), r=4)
    return element("g", element("path", class_=f"chart-line {style}", d="".join(commands)), end)


def _rule(frame: _Frame, rule: Rule) -> SafeString:
    y = frame.y(rule.value)
    words = f"{rule.name} {show_number(rule.value)}".strip()
    line = element("line", class_="chart-baseline", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
    above = y - 6 if y > TOP + 16 else y + 16
    text = element("text", words, class_="chart-baseline-text", x=WIDTH - RIGHT, y=above, text_anchor="end")
    return element("g", line, text)


def describe(series: Sequence[Series], rule: Rule | None = None) -> str:
    """Return the text alternative of a plot: for each line its count, first, last, lowest and highest value."""
    sentences = []
    for line in series:
        known = [(step, value) for step, value in line.points if value is not None and drawable(value)]
        if not known:
            sentences.append(gettext("%(name)s: no values.") % {"name": line.name})
            continue
        values = [value for _, value in known]
        words = ngettext(
            "%(name)s: %(count)s value, %(last)s.",
            "%(name)s: %(count)s values, first %(first)s, last %(last)s, lowest %(low)s, highest %(high)s.",
            len(known),
        )
        figures = {"first": values[0], "last": values[-1], "low": min(values), "high": max(values)}
        sentences.append(
            words % {"name": line.name, "count": len(known), **{key: show_number(at) for key, at in figures.items()}}
        )
    if rule is not None:
        sentences.append(f"{rule.name}: {show_number(rule.value)}.")
    return " ".join(sentences)


def bar(parts: Sequence[tuple[str, float]], *, whole: float, title: str) -> SafeString:
    """Return a horizontal bar of `(css class, amount)` parts of `whole`, clipped to it; nothing known draws empty."""
    ground = element("rect", class_="bar-ground", width="100%", height="100%")
    drawn, start = [], 0.0
    for name, amount in parts:
        if not (drawable(amount) and drawable(whole) and whole > 0 and amount > 0):
            continue
        share = min(100.0 - start, amount / whole * 100)
        drawn.append(element("rect", class_=name, x=f"{start:.2f}%", width=f"{share:.2f}%", height="100%"))
        start += share
    return element("svg", element("title", title), ground, *drawn, class_="bar", role="img", aria_label=title)


def grid(letters: str, *, title: str) -> SafeString:
    """Return one square a letter, row by row, of the CSS class `task-LETTER`; neighbours alike are drawn as one."""
    columns = min(GRID_COLUMNS, max(1, len(letters)))
    rows = -(-len(letters) // columns)
    drawn = []
    for row in range(rows):
        start = 0
        line = letters[row * columns : (row + 1) * columns]
        for letter, alike in groupby(line):
            count = len(list(alike))
            place = {"x": start * GRID_STEP, "y": row * GRID_STEP, "height": GRID_STEP - 2}
            drawn.append(element("rect", class_=f"task-{letter}", width=count * GRID_STEP - 2, rx=1, **place))
            start += count
    box = f"0 0 {columns * GRID_STEP} {rows * GRID_STEP}"
    return element(
        "svg", element("title", title), *drawn, class_="task-grid", viewBox=box, role="img", aria_label=title
    )


def table_rows(series: Sequence[Series]) -> list[tuple[str, list[str]]]:
    """Return the same values as rows of text, step by step; of many steps an even choice, ends included."""
    steps = sorted({step for line in series for step, _ in line.points if drawable(step)})
    if len(steps) > ROWS_MAX:
        steps = [steps[round(at * (len(steps) - 1) / (ROWS_MAX - 1))] for at in range(ROWS_MAX)]
    values = [dict(line.points) for line in series]
    return [(show_number(step), [show_number(of_line.get(step)) for of_line in values]) for step in steps]
