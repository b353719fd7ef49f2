"""The report of a replay: one HTML page that needs nothing else, with pictures and their numbers as tables."""

from collections.abc import Sequence
from dataclasses import astuple
from html import escape

from fabrica.planning.came import account_rows, energy_rows, outcome_rows
from fabrica.planning.drawn import Drawn
from fabrica.planning.figures import Figures
from fabrica.planning.page import STYLE, page
from fabrica.planning.pictures import bars, curve
from fabrica.planning.replay import Estimates, Replay
from fabrica.planning.series import OverTime, SizeClass, over_time, wait_by_size
from fabrica.planning.tables import DOWNLOAD_STYLE, download, scrolled, table
from fabrica.values.time import show_duration

BINS = 240
ROWS_IN_TABLE = 24


def report(replay: Replay, figures: Figures, trace_name: str, energy: Drawn | None = None) -> str:
    """Return the page. `trace_name` is shown, and may hold anything."""
    times, sizes = over_time(replay, BINS), wait_by_size(replay)
    capacity = replay.cluster.capacity
    nodes = f" in nodes of {replay.cluster.node_devices}" if replay.cluster.node_devices else ""
    planned = "true run times" if replay.estimates is Estimates.EXACT else "the limits users asked for"
    notices = "".join(f'<p class="soft">{escape(notice)}</p>' for notice in replay.trace.notices)
    body = [
        f"<h1>How long would they wait?</h1><p>{figures.jobs:,} jobs of {escape(trace_name)} on {capacity:,} "
        f"units{nodes}, policy {replay.policy.value}, planned with {planned}. This is a simulation.</p>{notices}",
        _key_figures(figures),
        _came(replay, energy),
        _use(times, capacity, figures),
        _queue(times),
        _sizes(sizes),
        _accounts(replay),
    ]
    return page(f"Replay of {trace_name}", body, STYLE + DOWNLOAD_STYLE)


def _key_figures(figures: Figures) -> str:
    told = (
        ("mean wait", show_duration(figures.mean_wait_s)),
        ("19 of 20 wait at most", show_duration(figures.p95_wait_s)),
        ("longest wait", show_duration(figures.longest_wait_s)),
        ("wait at all", f"{figures.waiting_share:.1%}"),
        ("use of the cluster", f"{figures.use:.1%}"),
        ("until the last end", show_duration(figures.makespan_s)),
    )
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in told) + "</dl>"


def _came(replay: Replay, energy: Drawn | None) -> str:
    """Return what came of further rules, and the energy; nothing where there is neither."""
    rows = [*outcome_rows(replay), *energy_rows(energy)]
    if not rows:
        return ""
    told = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in rows)
    return (
        "<section><h2>What else came of it</h2>"
        f"{scrolled(f'<table><tbody>{told}</tbody></table>', 'What else came of it')}"
        '<p class="soft">Of a job that was stopped or made room, only the last attempt is drawn below.</p></section>'
    )


def _accounts(replay: Replay) -> str:
    rows = account_rows(replay)
    if not rows:
        return ""
    shown = table(("account", "jobs", "device-hours of work", "mean wait"), rows)
    return f"<section><h2>Who used most</h2>{scrolled(shown, 'Who used most')}</section>"


def _use(times: OverTime, capacity: int, figures: Figures) -> str:
    words = f"Units in use over time: {figures.use:.0%} of {capacity:,} on average."
    picture = curve("use", words, times.units_in_use, times.bin_seconds, capacity)
    text = "Mean of each stretch of time. The dashed line is the capacity."
    return _section("Units in use", text, picture, _time_table(times, times.units_in_use, "units in use"))


def _queue(times: OverTime) -> str:
    most = max(times.jobs_queued)
    at = show_duration(times.jobs_queued.index(most) * times.bin_seconds)
    words = f"Jobs in the queue over time: {most:,.0f} at most, {at} after the start."
    picture = curve("queue", words, times.jobs_queued, times.bin_seconds)
    numbers = _time_table(times, times.jobs_queued, "jobs in the queue")
    head = ("from_s", "to_s", "units_in_use", "jobs_queued")
    bins = enumerate(zip(times.units_in_use, times.jobs_queued, strict=True))
    rows = [(place * times.bin_seconds, (place + 1) * times.bin_seconds, *values) for place, values in bins]
    saved = download("over-time.csv", "Take both curves as CSV", head, rows)
    return _section("Jobs in the queue", "Mean of each stretch of time.", picture, numbers, saved)


def _time_table(times: OverTime, values: Sequence[float], name: str) -> str:
    """Return a table of two dozen rows, each the mean over as many of the picture's stretches."""
    together = -(-len(values) // ROWS_IN_TABLE)
    rows = []
    for first in range(0, len(values), together):
        some = values[first : first + together]
        since = show_duration(first * times.bin_seconds) if first else "the start"
        rows.append((f"from {since}", f"{sum(some) / len(some):,.1f}"))
    return table(("time", name), rows)


def _sizes(sizes: Sequence[SizeClass]) -> str:
    labels = [_label(one) for one in sizes]
    mean = [one.mean_wait_seconds for one in sizes]
    high = [one.p95_wait_seconds for one in sizes]
    worst = max(sizes, key=lambda one: one.mean_wait_seconds)
    longest = show_duration(worst.mean_wait_seconds)
    words = f"Wait by size: jobs of {_label(worst)} units wait longest, {longest} on average."
    rows = [
        (_label(one), f"{one.jobs:,}", show_duration(one.mean_wait_seconds), show_duration(one.p95_wait_seconds))
        for one in sizes
    ]
    numbers = table(("units", "jobs", "mean wait", "19 of 20 wait at most"), rows)
    text = f"{words} Bars are means; 19 of 20 jobs wait no longer than the mark."
    head = ("units_min", "units_max", "jobs", "mean_wait_s", "p95_wait_s")
    saved = download("wait-by-size.csv", "Take the waits by size as CSV", head, [astuple(one) for one in sizes])
    picture = bars("sizes", words, labels, mean, high)
    return _section("Wait by size of the job, in units", text, picture, numbers, saved)


def _label(size: SizeClass) -> str:
    return str(size.units_max) if size.units_min == size.units_max else f"{size.units_min}–{size.units_max}"


def _section(title: str, text: str, picture: str, numbers: str, saved: str = "") -> str:
    shown = f"<details><summary>The numbers</summary>{scrolled(numbers, title)}</details>{saved}"
    return f'<section><h2>{title}</h2><p class="soft">{text}</p>{picture}{shown}</section>'
