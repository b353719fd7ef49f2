"""The report of an outcome: one HTML page that needs nothing else, with pictures, tables and their downloads."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from fabrica.planning.heat import HEAT_STYLE, heat
from fabrica.planning.network.answer import FIGURES, as_estimate
from fabrica.planning.network.causes import causes
from fabrica.planning.network.figures import Figures, Line, bounds_of, estimate
from fabrica.planning.network.runs import Outcome
from fabrica.planning.network.words import (
    duration,
    mean_and_interval,
    number,
    sentences,
    share,
    show_number,
    show_seconds,
    show_share,
)
from fabrica.planning.page import STYLE, page
from fabrica.planning.pictures import bars
from fabrica.planning.stacks import COLOURS, stacked
from fabrica.planning.tables import DOWNLOAD_STYLE, download, scrolled, table
from fabrica.planning.workload_classes import DAY

COLUMNS_MAX = 53
WAIT_DARKEST_SECONDS = 7 * DAY
_STYLE = "h3 { font-size: 1rem; }"


def report(outcome: Outcome, found: Figures) -> str:
    """Return the page."""
    scenario = outcome.scenario
    lines = "".join(f"<p>{escape(line)}</p>" for line in sentences(outcome, found))
    described = f"<p>{escape(scenario.description)}</p>" if scenario.description else ""
    head = f"<h1>A year of the network: {escape(scenario.name)}</h1>{described}{lines}{_key_figures(found.network)}"
    body = [head, *sections(outcome, found)]
    return page(f"Network: {scenario.name}", body, STYLE + COLOURS + HEAT_STYLE + DOWNLOAD_STYLE + _STYLE)


def sections(outcome: Outcome, found: Figures) -> tuple[str, ...]:
    """Return the parts of the page as markup: use, waits, classes, reasons, energy, and what it rests on."""
    return (
        _use(outcome, found),
        _waits(outcome, found),
        _classes(outcome, found),
        _why(outcome),
        *_rules(found),
        _energy(outcome, found),
        _basis(outcome, found),
    )


def section(title: str, text: str, picture: str, numbers: str) -> str:
    """Return one part of a page: a picture, and below it its numbers."""
    inside = f"<details><summary>The numbers</summary>{scrolled(numbers, title)}</details>" if numbers else ""
    return f'<section><h2>{escape(title)}</h2><p class="soft">{escape(text)}</p>{picture}{inside}</section>'


def _key_figures(line: Line) -> str:
    told = (
        ("jobs", mean_and_interval(line.jobs, show_number)),
        ("mean wait", mean_and_interval(line.mean_wait_s, show_seconds)),
        ("19 of 20 wait at most", mean_and_interval(line.p95_wait_s, show_seconds)),
        ("wait at all", mean_and_interval(line.waiting_share, show_share)),
        ("use of open devices", mean_and_interval(line.use, show_share)),
        ("MWh, as far as known", mean_and_interval(line.megawatt_hours, show_number)),
        ("t CO2e, as far as known", mean_and_interval(line.tonnes_co2e, show_number)),
        ("EUR for power, as far as known", mean_and_interval(line.eur, show_number)),
    )
    cells = "".join(
        f'<div><dt>{name}</dt><dd>{escape(mean)}</dd><dd class="between">{escape(between)}</dd></div>'
        for name, (mean, between) in told
    )
    return f"<dl>{cells}</dl>"


def _stretches(days: int) -> list[slice]:
    """Return weeks, or longer stretches where a picture would have too many columns."""
    length = max(7 if days > 14 else 1, -(-days // COLUMNS_MAX))
    return [slice(first, min(first + length, days)) for first in range(0, days, length)]


def _use(outcome: Outcome, found: Figures) -> str:
    places, days = outcome.network.partitions, outcome.scenario.period.days
    rows = []
    for row, place in enumerate(places):
        cells: list[float | None] = []
        for part in _stretches(days):
            hours = slice(part.start * 24, part.stop * 24)
            busy = sum(float(tally.busy[row, hours].sum()) for tally in outcome.tallies) / len(outcome.tallies)
            closed = any(start <= part.start and part.stop <= end for start, end in place.closed)
            cells.append(None if closed else busy / (place.devices * (part.stop - part.start) * DAY))
        rows.append((place.label, cells))
    fullest = max(found.partitions, key=lambda one: _value(one.use))
    words = f"Use by partition over time. {fullest.name} is fullest: {share(fullest.use)} of its open time is used."
    picture = heat("use", words, rows, ("day 0", f"day {days}"), ("idle", "full; an empty frame is closed"))
    head = ("partition", "country", "devices", "use", "jobs")
    numbers = table(
        head,
        [
            (one.name, place.country, f"{place.devices:,}", share(one.use), number(one.jobs))
            for place, one in zip(places, found.partitions, strict=True)
        ],
    )
    save = download("partitions.csv", "Take all figures by partition as CSV", *_as_rows(found.partitions, "partition"))
    return section("Use by site over time", words, picture, numbers) + save


def _value(values: "Sequence[float | None]") -> float:
    made = estimate(values)
    return made.mean if made else 0.0


def _as_rows(lines: Sequence[Line], name: str) -> tuple[list[str], list[list[object]]]:
    head, rows = [name], []
    for figure in FIGURES:
        head += [figure, f"{figure}_low", f"{figure}_high"]
    for line in lines:
        cells: list[object] = [line.name]
        for figure in FIGURES:
            told: dict[str, float | None] = as_estimate(getattr(line, figure), bounds_of(figure)) or {}
            cells += [told.get("mean"), told.get("low"), told.get("high")]
        rows.append(cells)
    return head, rows


def _waits(outcome: Outcome, found: Figures) -> str:
    places = [(one.label, row) for row, one in enumerate(outcome.network.partitions)]
    rows = _wait_rows(outcome, places, lambda tally, row, part: _sums(tally, (row, slice(None), part)))
    worst = max(found.partitions, key=lambda one: _value(one.mean_wait_s))
    words = (
        f"Mean wait by partition and day of arrival. Jobs at {worst.name} wait longest: {duration(worst.mean_wait_s)}."
    )
    head = ("partition", "mean wait", "19 of 20 wait at most", "longest", "wait at all")
    return section(
        "Wait by site over time", words, _wait_heat("waits", words, rows, outcome), _wait_table(head, found.partitions)
    )


def _classes(outcome: Outcome, found: Figures) -> str:
    shown = [(number_, one) for number_, one in enumerate(found.classes) if _value(one.jobs)]
    rows = _wait_rows(
        outcome,
        [(one.name, row) for row, one in shown],
        lambda tally, row, part: _sums(tally, (slice(None), row, part)),
    )
    lines = [one for _, one in shown]
    worst = max(lines, key=lambda one: _value(one.mean_wait_s))
    words = f"Wait by class of jobs: {worst.name} wait longest, {duration(worst.mean_wait_s)} on average."
    picture = bars(
        "classes",
        f"{words} Bars are means; 19 of 20 jobs wait no longer than the mark.",
        [one.name.split(" ")[0] for one in lines],
        [_value(one.mean_wait_s) for one in lines],
        [_value(one.p95_wait_s) for one in lines],
    )
    over_time = _wait_heat("classes-time", f"{words} Over time.", rows, outcome)
    head = ("class", "mean wait", "19 of 20 wait at most", "longest", "wait at all")
    save = download("classes.csv", "Take all figures by class as CSV", *_as_rows(found.classes, "class"))
    text = f"{words} Bars are means, and 19 of 20 wait no longer than the mark; below, the mean wait over time."
    return section("Who waits", text, picture + over_time, _wait_table(head, lines)) + save


def _sums(tally: Any, at: tuple[Any, ...]) -> tuple[float, float]:
    return float(tally.wait_seconds[at].sum()), float(tally.jobs[at].sum())


def _wait_rows(
    outcome: Outcome, names: Sequence[tuple[str, int]], of: Callable[[Any, int, slice], tuple[float, float]]
) -> list[tuple[str, list[float | None]]]:
    rows = []
    for name, row in names:
        cells: list[float | None] = []
        for part in _stretches(outcome.scenario.period.days):
            found = [of(tally, row, part) for tally in outcome.tallies]
            jobs = sum(count for _, count in found)
            cells.append(_darkness(sum(seconds for seconds, _ in found) / jobs) if jobs else None)
        rows.append((name, cells))
    return rows


def _darkness(seconds: float) -> float:
    """Return how dark a wait is: on a logarithmic scale from a second to a week."""
    return math.log1p(seconds) / math.log1p(WAIT_DARKEST_SECONDS)


def _wait_heat(name: str, words: str, rows: Sequence[tuple[str, Sequence[float | None]]], outcome: Outcome) -> str:
    ends = ("no wait", "a week; each step is a multiple")
    return heat(name, words, rows, ("day 0", f"day {outcome.scenario.period.days}"), ends)


def _wait_table(head: Sequence[str], lines: Sequence[Line]) -> str:
    return table(
        head,
        [
            (
                one.name,
                duration(one.mean_wait_s),
                duration(one.p95_wait_s),
                duration(one.longest_wait_s),
                share(one.waiting_share),
            )
            for one in lines
        ],
    )


def _why(outcome: Outcome) -> str:
    found = causes(outcome)
    if not found:
        return section("Why they wait", "Every job started at once.", "", "")
    rows = [(one.words, f"{one.jobs:,.0f}", f"{one.waited_hours:,.0f}", f"{one.share:.1%}") for one in found]
    words = f"Of all time waited, {found[0].share:.0%} is because {found[0].words}."
    bars_of = [(one.words, {"hours waited": one.waited_hours}) for one in found]
    picture = stacked("why", words, bars_of, "h", ends=[f"{show_number(one.waited_hours)} h" for one in found])
    text = f"{words} The reason is the one at arrival; each bar is all hours waited for it."
    return section("Why they wait", text, picture, table(("because", "jobs", "hours waited", "share"), rows))


_LOST = ("stopped", "made room", "given up", "device-hours lost", "in repair", "refused")


def _rules(found: Figures) -> tuple[str, ...]:
    """Return the part on stops, on making room and on grants, where there was any of it."""
    line = found.network
    if not any(_value(each) for each in (line.stops, line.preemptions, line.refused, line.repair_device_hours)):
        return ()
    hours = [(one.name, _value(one.lost_device_hours), _value(one.repair_device_hours)) for one in found.partitions]
    hours.sort(key=lambda one: -one[1] - one[2])
    words = (
        f"{number(line.lost_device_hours)} device-hours are lost, with work that was not saved, with saving and with "
        f"starting again; {number(line.repair_device_hours)} are in repair. {number(line.refused)} jobs are refused, "
        "for the grants of their accounts have run out."
    )
    picture = stacked(
        "lost",
        f"Device-hours lost and in repair by partition. {words}",
        [(name, {"lost": lost, "in repair": repair}) for name, lost, repair in hours],
        "h",
        ends=[f"{show_number(lost + repair)} h" for _, lost, repair in hours],
    )
    rows = [
        (
            one.name,
            number(one.stops),
            number(one.preemptions),
            number(one.given_up),
            number(one.lost_device_hours),
            *("" if None in each else number(each) for each in (one.repair_device_hours, one.refused)),
        )
        for one in (*found.classes, *found.partitions)
        if _value(one.jobs) or _value(one.refused)
    ]
    return (section("What stops, and who is refused", words, picture, table(("jobs of", *_LOST), rows)),)


def _energy(outcome: Outcome, found: Figures) -> str:
    known = [one for one in found.partitions if estimate(one.megawatt_hours) is not None]
    if not known:
        return section("Energy, carbon, cost", "No power of these accelerators is known.", "", "")
    known.sort(key=lambda one: -_value(one.megawatt_hours))
    words = (
        f"Energy by partition, in MWh with hosts, conversion and cooling: {known[0].name} takes most, "
        f"{number(known[0].megawatt_hours)}."
    )
    amounts = [_value(one.megawatt_hours) for one in known]
    bars_of = [(one.name, {"MWh": amount}) for one, amount in zip(known, amounts, strict=True)]
    picture = stacked("energy", words, bars_of, "MWh", ends=[show_number(amount) for amount in amounts])
    rows = [
        (one.name, number(one.megawatt_hours), number(one.tonnes_co2e), number(one.eur)) for one in found.partitions
    ]
    numbers = table(("partition", "MWh", "t CO2e", "EUR for power"), rows)
    return section("Energy, carbon, cost", f"{words} {' '.join(found.unknown)}", picture, numbers)


def _basis(outcome: Outcome, found: Figures) -> str:
    scenario = outcome.scenario
    left = "".join(f"<li>{escape(one.place)}: {escape(one.reason)}.</li>" for one in outcome.network.left_out)
    own = [one for one in outcome.network.partitions if one.basis.startswith("the scenario")]
    told = "".join(f"<li>{escape(one.words)}: {one.devices:,} devices; {escape(one.basis)}.</li>" for one in own)
    period = scenario.period
    return (
        "<section><h2>What this rests on</h2>"
        f"<p>Simulated: {period.replications} replications of {period.days} days after {period.warm_up_days} that only "
        f"fill the machines; seed {period.seed}. Intervals hold the mean of such replications with 95 %; they do not "
        "tell how far the made-up work is from the real one.</p>"
        + (f"<h3>The scenario's own</h3><ul>{told}</ul>" if told else "")
        + (f"<h3>Left out, because too little is known</h3><ul>{left}</ul>" if left else "")
        + "</section>"
    )
