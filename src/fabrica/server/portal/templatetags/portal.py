"""The portal's components as template tags and filters; README.md shows each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.reference.sources import Source
from fabrica.server.core import clock
from fabrica.server.portal import charts, icons
from fabrica.server.portal.map import network_map
from fabrica.server.portal.svg import element
from fabrica.server.portal.ticks import show_number
from fabrica.values.ids import SiteId
from fabrica.values.quantities import DeviceTime, show_bytes
from fabrica.values.time import show_duration, to_rfc3339
from fabrica.wire.agents import PartitionInventory
from fabrica.wire.ledger import Balance
from fabrica.wire.placement import Candidate, Placement
from fabrica.wire.runs import MetricSeries, Run, tell_tasks
from fabrica.wire.sites import Site

register = template.Library()

_CLOCK_SECONDS_RIGHT = 2  # what a message takes on its way, and a second's rounding

STATE_WORDS = {
    "submitted": _("Submitted"),
    "held": _("Held"),
    "placed": _("Placed"),
    "staging": _("Preparing"),
    "queued": _("Queued"),
    "running": _("Running"),
    "succeeded": _("Succeeded"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "timed_out": _("Timed out"),
    "offered": _("Offered"),
    "accepted": _("Accepted"),
    "ended": _("Ended"),
}
TERM_WORDS = {
    "time_to_result": _("Time to result"),
    "carbon": _("Carbon"),
    "balance": _("Allocation"),
    "risk": _("Risk"),
    "movement": _("Data moved"),
}
CONFIDENCE_LEVELS = {"low": 1, "medium": 2, "high": 3}
CONFIDENCE_WORDS = {
    "low": _("low confidence"),
    "medium": _("medium confidence"),
    "high": _("high confidence"),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Write an icon; it is decoration, so a word stands beside it."""
    return icons.icon(name)


@register.inclusion_tag("portal/components/state.html")
def state(state: str) -> dict[str, Any]:
    """Write a run's or attempt's state as icon and word."""
    return {"state": str(state), "words": STATE_WORDS[str(state)]}


@register.filter
def state_words(state: str) -> str:
    """Write a state as a word."""
    return str(STATE_WORDS[str(state)])


@register.inclusion_tag("portal/components/simulated.html")
def simulated() -> dict[str, Any]:
    """Write the mark of everything that no real machine did."""
    return {}


@register.inclusion_tag("portal/components/tile.html")
def tile(
    label: str, figure: object, unit: str = "", note: str = "", live: bool = False, accepted: bool | None = None
) -> dict[str, Any]:
    """Write one figure of a `<dl class="tiles">`, None as unknown; `accepted` says whether it meets its bound."""
    return {"label": label, "figure": figure, "unit": unit, "note": note, "live": live, "accepted": accepted}


@register.inclusion_tag("portal/components/definition.html")
def definition(term: str, value: object, note: str = "", mono: bool = False) -> dict[str, Any]:
    """Write one line of a `<dl class="definitions">`; None and empty are shown as unknown."""
    return {"term": term, "value": value, "note": note, "mono": mono}


@register.inclusion_tag("portal/components/claim.html")
def claim(term: str, value: object, source: Source | None = None) -> dict[str, Any]:
    """Write a dated claim as one line of a `<dl class="definitions">`: value, sources, date, confidence."""
    confidence = (source.confidence if source else None) or ""
    level = CONFIDENCE_LEVELS.get(confidence, 0)
    return {
        "term": term,
        "value": value,
        "as_of": source.as_of if source else None,
        # an address becomes a link; a title, or anything that only looks like an address, stays text
        "addresses": [(one, one.startswith(("https://", "http://"))) for one in (source.addresses if source else ())],
        "confidence_words": CONFIDENCE_WORDS.get(confidence),
        "confidence_steps": [(at, step <= level) for step, at in ((1, 3), (2, 10), (3, 17))],
    }


@register.inclusion_tag("portal/components/balance.html")
def balance(balance: Balance) -> dict[str, Any]:
    """Write what is left of an allocation, in words and as a bar."""
    used, reserved = balance.consumed_milliseconds, balance.reserved_milliseconds
    amounts = {
        "used": device_time(used, balance.resource_class),
        "reserved": device_time(reserved, balance.resource_class),
        "free": device_time(balance.available_milliseconds, balance.resource_class),
        "granted": first_word(device_time(balance.granted_milliseconds, balance.resource_class)),
    }
    words = gettext("%(used)s used, %(reserved)s reserved, %(free)s free of %(granted)s") % amounts
    parts = (("bar-used", float(used)), ("bar-reserved", float(reserved)))
    drawn = charts.bar(parts, whole=float(balance.granted_milliseconds), title=words)
    return {"balance": balance, "bar": drawn, **amounts}


@register.inclusion_tag("portal/components/placement.html")
def placement(placement: Placement) -> dict[str, Any]:
    """Write a placement: the able candidates with their scores, winner first, then every refusal with its reasons.

    Where the run names sites, the refusals of all others are apart.
    """
    able = sorted((one for one in placement.candidates if one.able), key=lambda one: (one.rank or 0, one.site))
    refused = [one for one in placement.candidates if not one.able]
    codes = [term.code for term in able[0].terms] if able else []
    return {
        "placement": placement,
        "able": [_able_row(placement, candidate) for candidate in able],
        "terms": [(TERM_WORDS[term.code], term.weight) for term in able[0].terms] if able else [],
        "columns": len(codes) + 3,
        "refused": [_refused_row(one) for one in refused if not one.unnamed],
        "unnamed": [_refused_row(one) for one in refused if one.unnamed],
        "unnamed_sites": len({one.site for one in refused if one.unnamed}),
        "winner": next((one for one in able if _is_chosen(placement, one)), None),
    }


def _is_chosen(placement: Placement, candidate: Candidate) -> bool:
    return (candidate.site, candidate.partition) == (placement.chosen, placement.chosen_partition)


def _able_row(placement: Placement, candidate: Candidate) -> dict[str, Any]:
    chosen = _is_chosen(placement, candidate)
    terms = []
    for term in candidate.terms:
        title = f"{TERM_WORDS[term.code]} {term.value:.2f}. {term.words}"
        part = ("bar-best" if chosen else "bar-value", term.value)
        terms.append({"term": term, "name": TERM_WORDS[term.code], "bar": charts.bar([part], whole=1.0, title=title)})
    return {"candidate": candidate, "chosen": chosen, "terms": terms}


def _refused_row(candidate: Candidate) -> dict[str, Any]:
    against = [reason for reason in candidate.reasons if not reason.passed]
    return {
        "candidate": candidate,
        "first": against[0].words if against else "",
        "more": max(0, len(against) - 1),
        "reasons": sorted(candidate.reasons, key=lambda reason: reason.passed),
    }


@register.inclusion_tag("portal/components/timeline.html")
def timeline(steps: Sequence[Any], now: str) -> dict[str, Any]:
    """Write the states a run went through, oldest first; each step has `state`, `at` and `words`."""
    return {
        "steps": [
            {"state": str(step.state), "name": STATE_WORDS[str(step.state)], "at": step.at, "words": step.words}
            for step in steps
        ],
        "now": str(now),
    }


@register.inclusion_tag("portal/components/plot.html")
def plot(
    title: str,
    series: Sequence[MetricSeries],
    baseline: float | None = None,
    baseline_name: str = "",
    log_scale: bool = False,
    unit: str = "",
    x_name: str = "",
) -> dict[str, Any]:
    """Write values by step, or by what `x_name` counts, as a plot, with a table of them behind a toggle."""
    x_name = x_name or gettext("step")
    lines = [charts.Series(one.name, one.points) for one in series]
    rule = charts.Rule(baseline_name or gettext("baseline"), baseline) if baseline is not None else None
    return {
        "title": title,
        "unit": unit,
        "x_name": x_name,
        "plot": charts.line_plot(lines, title=title, x_name=x_name, rule=rule, log_scale=log_scale),
        "lines": [(line.name, index % charts.SERIES_STYLES + 1) for index, line in enumerate(lines)],
        "rows": charts.table_rows(lines),
        "thinned": any(len(line.points) > charts.ROWS_MAX for line in lines),
    }


@register.simple_tag
def legend_line(style: int) -> SafeString:
    """Write the line of a legend, in the style of its series."""
    line = element("line", class_=f"chart-line series-{style}", x1=0, x2=24, y1=7, y2=7)
    return element("svg", line, viewBox="0 0 24 14", aria_hidden="true")


@register.inclusion_tag("portal/components/map.html")
def site_map(sites: Sequence[Site], running: Mapping[SiteId, int] | None = None) -> dict[str, Any]:
    """Write the map of the network with its legend and the same as a list; `running` counts runs by site."""
    drawn = network_map(sites, lambda site: reverse("portal:site", args=[site]), running)
    return {"map": drawn, "sites": sorted(sites, key=lambda site: (not site.connected, site.kind, site.name))}


@register.inclusion_tag("portal/components/contact.html")
def contact(site: Site) -> dict[str, Any]:
    """Write whether a site takes runs now."""
    return {"site": site}


@register.inclusion_tag("portal/components/task_grid.html")
def task_grid(states: str) -> dict[str, Any]:
    """Write the tasks of a job array as a grid of squares, with what became of them in words."""
    failed = [index for index, letter in enumerate(states) if letter == "f"]
    return {"grid": charts.grid(states, title=tell_tasks(states)), "words": tell_tasks(states), "failed": failed}


@register.simple_tag
def used_bar(partition: PartitionInventory) -> str:
    """Write how much of a partition is in use as a bar; nothing while it is unknown."""
    if partition.devices_total is None or partition.devices_free is None:
        return ""
    taken = partition.devices_total - partition.devices_free
    out = min(taken, len(partition.nodes_out) * (partition.devices_per_node or 0))
    told = {"used": taken - out, "total": partition.devices_total, "out": out}
    words = gettext("%(used)s of %(total)s devices are in use") % told
    if out:
        words += gettext(", %(out)s on nodes that take no work") % told
    return charts.bar([("bar-used", taken - out), ("bar-out", out)], whole=partition.devices_total, title=words)


@register.inclusion_tag("portal/components/command.html")
def command(command: str, label: str = "") -> dict[str, Any]:
    """Write a command to copy."""
    return {"command": command, "label": label, "id": f"command-{uuid4().hex[:8]}"}


@register.inclusion_tag("portal/components/run_row.html")
def run_row(run: Run) -> dict[str, Any]:
    """Write one run as a line of `<ul class="rows">`."""
    return {"run": run}


@register.filter
def duration(seconds: float | None) -> str:
    """Write a duration as people read it; None is unknown."""
    return _unknown() if seconds is None else show_duration(seconds)


def _unknown() -> SafeString:
    return format_html('<span class="claim-unknown">{}</span>', gettext("unknown"))


@register.filter
def file_size(count: int | None) -> str:
    """Write bytes as people read them; None is unknown."""
    return _unknown() if count is None else show_bytes(count)


@register.filter
def device_time(milliseconds: int, resource_class: str) -> str:
    """Write device-milliseconds as people read them: `41.2 core-hours`."""
    return str(DeviceTime(milliseconds, resource_class))


@register.filter
def first_word(text: str) -> str:
    """Return the figure of a figure with its unit."""
    return text.partition(" ")[0]


@register.filter
def rest_words(text: str) -> str:
    """Return the unit of a figure with its unit."""
    return text.partition(" ")[2]


@register.filter
def energy(joules: float) -> str:
    """Write joules as people read them: `18.2 kJ`, `3.4 MJ`."""
    for size, unit in ((1e9, "GJ"), (1e6, "MJ"), (1e3, "kJ")):
        if joules >= size:
            return f"{joules / size:.3g} {unit}"
    return f"{joules:.3g} J"


@register.filter
def number(value: float | None) -> str:
    """Write a number short; None is a dash."""
    return show_number(value)


@register.filter
def percent(share: float | None) -> str:
    """Write a share as whole per cent; None is unknown."""
    return _unknown() if share is None else f"{share:.0%}"


@register.filter
def count(value: int | None) -> str:
    """Write a whole number in full, in groups of three; None is unknown."""
    return _unknown() if value is None else f"{value:,}"


@register.filter
def instant(at: datetime | None) -> str:
    """Write an instant as RFC 3339 for a `datetime` attribute."""
    return to_rfc3339(at) if at else ""


@register.filter
def age(at: datetime) -> str:
    """Write how long ago an instant is; an instant of a clock ahead of ours is 0 s ago."""
    return show_duration(max(0, int((clock.now() - at).total_seconds())))


@register.filter
def clock_difference(seconds: int | None) -> str:
    """Write how far a site's clock is from ours; None is unknown."""
    if seconds is None:
        return _unknown()
    if abs(seconds) <= _CLOCK_SECONDS_RIGHT:
        return gettext("right")
    words = gettext("%(time)s behind") if seconds > 0 else gettext("%(time)s ahead")
    return words % {"time": show_duration(abs(seconds))}


@register.filter
def short_id(text: str) -> str:
    """Write the end of an id, enough to tell neighbours apart."""
    prefix, _, body = str(text).partition("_")
    return f"{prefix}_…{body[-6:]}" if len(body) > 8 else str(text)
