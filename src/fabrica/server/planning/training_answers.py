"""The planner's answers as a page and as tables show them."""

import math
from collections.abc import Iterable
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fabrica.aiact.compute_margins import PlannedMargin, planned_margins
from fabrica.aiact.in_words import cited_in_words
from fabrica.planning.ranges import Range, ranges
from fabrica.planning.training.answer import Answer, Layout, ask
from fabrica.planning.training.figures import Figures, Span
from fabrica.planning.training.goodput import Goodput
from fabrica.planning.training.report import layout_rows, memory_picture, steps_picture
from fabrica.planning.training.where import Place, everywhere, on_parts
from fabrica.planning.training.words import amount, paragraph, span
from fabrica.reference.network import load_network
from fabrica.server.planning.site_waits import wait_words
from fabrica.server.planning.tables import Table, cells
from fabrica.server.planning.training_forms import TrainingForm
from fabrica.values.time import show_duration

DAY_SECONDS = 86_400
_FIGURES = ("days", "device_hours", "it_megawatt_hours", "megawatt_hours", "tonnes_co2e", "eur")
_ENDS = ("", "_low", "_high")


def places_of(form: TrainingForm) -> tuple[Place, ...]:
    """Return the answer of every site for a question that names no place."""
    filled = form.cleaned_data
    return everywhere(filled["training"], devices=filled["devices"], resilience=filled["resilience"])


def answer_of(form: TrainingForm) -> Answer:
    """Return the answer for one place.

    Raises:
        LayoutImpossible: no layout fits; names the nearest pool that would.
        PrecisionUnknown: the device does not offer it.
    """
    filled = form.cleaned_data
    return ask(filled["training"], filled["pool"], resilience=filled["resilience"])


def reason_of_all(places: tuple[Place, ...]) -> str | None:
    """Return why no site can, where all tell the same: then it is the question that is wrong, not the sites."""
    reasons = {place.reason for place in places}
    return reasons.pop() if len(reasons) == 1 else None


def shown_places(places: tuple[Place, ...]) -> dict[str, Any]:
    """Return what the page shows of all sites: a picture of days, a row for each, and why others cannot."""
    able = [(place, place.answer) for place in places if place.answer is not None]
    rows = [_range(place, answer) for place, answer in able]
    words = ngettext(
        "Days until the training is done at %(count)s site.",
        "Days until the training is done at %(count)s sites, the soonest first.",
        len(able),
    ) % {"count": len(able)}
    if able:
        first = able[0]
        words += " " + _("%(name)s: %(days)s days.") % {
            "name": _site(first[0].pool.site),
            "days": span(first[1].figures.days),
        }
    return {
        "places": [_place(place, answer) for place, answer in able],
        "refused": [
            {"name": _site(place.pool.site), "pool": place.pool.words, "reason": place.reason}
            for place in places
            if place.answer is None
        ],
        "days_picture": SafeString(ranges("days", words, rows, _("days"))) if rows else "",  # it escapes its words
    }


def _site(site: str | None) -> str:
    found = load_network().site(site or "")
    return getattr(found, "short_name", None) or site or ""


def _range(place: Place, answer: Answer) -> Range:
    days = answer.figures.days
    name = f"{_site(place.pool.site)} · {place.pool.devices:,} x {place.pool.device.key}"
    return Range(name, days.low, days.value, days.high)


def _place(place: Place, answer: Answer) -> dict[str, Any]:
    figures = answer.figures
    queue = wait_words(place.pool, figures.days.value * DAY_SECONDS)
    notes = [note for note in (queue, place.note, place.pool.planned, *answer.prediction.extrapolates) if note]
    return {
        "site": place.pool.site,
        "name": _site(place.pool.site),
        "pool": f"{place.pool.devices:,} x {place.pool.device.key}",
        "days": span(figures.days),
        "energy": _told(figures.megawatt_hours or figures.it_megawatt_hours),
        "before_cooling": figures.megawatt_hours is None and figures.it_megawatt_hours is not None,
        "carbon": _told(figures.tonnes_co2e),
        "value": _told(figures.eur),
        "notes": notes,
    }


def _told(figure: Span | None) -> str | None:
    return None if figure is None else span(figure)


def shown_answer(form: TrainingForm, answer: Answer) -> dict[str, Any]:
    """Return what the page shows of one place: words, figures, pictures, layouts, stops, and parts of the pool."""
    filled, figures = form.cleaned_data, answer.figures
    parts = on_parts(filled["training"], filled["pool"], resilience=filled["resilience"])
    return {
        "answer": answer,
        "place_name": _site(answer.pool.site),
        "words": paragraph(answer, wait_words(answer.pool, figures.days.value * DAY_SECONDS)),
        "tiles": list(_tiles(answer, figures)),
        "steps_picture": SafeString(steps_picture(answer)),  # both escape what they are given
        "memory_picture": SafeString(memory_picture(answer)),
        "layouts": [_layout(layout) for layout in answer.layouts],
        "stops": [_stops(one) for one in answer.goodput],
        "parts": [_part(part) for part in parts],
        "resource": answer.pool.resource_class or answer.pool.device.key,
        "device_hours": span(figures.device_hours),
        "margins": [_margin(one) for one in planned_margins(answer.flop)],
    }


def _tiles(answer: Answer, figures: Figures) -> Iterable[tuple[str, str | None, str]]:
    """Yield label, figure and its interval."""
    energy = figures.megawatt_hours or figures.it_megawatt_hours
    cooled = _("MWh with cooling") if figures.megawatt_hours else _("MWh before cooling")
    least = "" if figures.megawatt_hours else _("at least: cooling is not counted")
    for label, figure, note in (
        (_("days"), figures.days, ""),
        (_("device-hours"), figures.device_hours, ""),
        (cooled, energy, ""),
        (_("t CO2e"), figures.tonnes_co2e, least),
        (_("EUR at market prices"), figures.eur, _("access by a EuroHPC call costs no such price")),
    ):
        if figure is None:
            yield label, None, ""
        else:
            interval = _("%(low)s to %(high)s") % {"low": _short(figure.low), "high": _short(figure.high)}
            yield label, _short(figure.value), f"{interval}; {note}" if note else interval


def _short(value: float) -> str:
    """Return the first of a figure with its interval, as the paragraph writes it too."""
    return amount(value) if value >= 1e6 else span(Span(value, value, value)).partition(" ")[0]


def _layout(layout: Layout) -> dict[str, Any]:
    joules = layout.joules_per_token
    return {
        "words": layout.words,
        "rate": f"{layout.tokens_per_s_per_gpu:,.0f}",
        "step": f"{layout.step_seconds:.2f}",
        "computing": layout.parts_seconds["compute"] / layout.step_seconds,
        "peak": layout.model_flop_share,
        "memory_free": layout.memory_free_share,
        "joules": None if joules is None else f"{joules:.2g}",
    }


def _stops(one: Goodput) -> dict[str, Any]:
    return {
        "name": one.name,
        "between": show_duration(round(one.mean_seconds_between_stops)),
        "every": show_duration(round(one.interval_seconds)),
        "devices_held": one.devices_held,
        "useful_share": one.useful_share,
    }


def _margin(one: PlannedMargin) -> dict[str, Any]:
    states = {
        "below": _("below"),
        "within_margin": _("within the margin of error of"),
        "above": _("above"),
    }
    return {
        "share": f"{one.share:,.0f}" if one.share >= 10 else f"{one.share:.2g}",
        "state": states[one.state],
        "exponent": round(math.log10(one.flop)),
        "source": cited_in_words(one.source),
    }


def _part(part: Place) -> dict[str, Any]:
    figures = part.answer.figures if part.answer else None
    return {
        "devices": part.pool.devices,
        "reason": part.reason,
        "days": span(figures.days) if figures else None,
        "hours": span(figures.device_hours) if figures else None,
        "value": _told(figures.eur) if figures else None,
    }


def table_of_places(places: tuple[Place, ...]) -> Table:
    """Return every figure of every site with its interval, and why there is none."""
    figures_of = (f"{name}{end}" for name in _FIGURES for end in _ENDS)
    head = ("site", "system", "accelerator", "devices", *figures_of, "wait before it starts", "note")
    rows = []
    for place in places:
        pool, figures = place.pool, place.answer.figures if place.answer else None
        spans = [getattr(figures, name) if figures else None for name in _FIGURES]
        numbers = [number for one in spans for number in _numbers(one)]
        queue = wait_words(pool, figures.days.value * DAY_SECONDS) if figures else None
        note = place.reason or place.note or ""
        rows.append(cells(pool.site, pool.system, pool.device.key, pool.devices, *numbers, queue, note))
    return Table(head, tuple(rows))


def _numbers(one: Span | None) -> tuple[float | None, ...]:
    return (None,) * 3 if one is None else (one.value, one.low, one.high)


def table_of_layouts(answer: Answer) -> Table:
    """Return the best layouts of one place, and where the seconds of their steps go."""
    head, rows = layout_rows(answer)
    return Table(tuple(head), tuple(cells(*row) for row in rows))
