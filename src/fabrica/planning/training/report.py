"""The report of an answer: one HTML page that needs nothing else, with pictures of the best layouts."""

from collections.abc import Mapping
from html import escape

from fabrica.planning.page import STYLE, page
from fabrica.planning.stacks import COLOURS, stacked
from fabrica.planning.tables import DOWNLOAD_STYLE, download, scrolled, table
from fabrica.planning.training.answer import Answer
from fabrica.planning.training.figures import Span
from fabrica.planning.training.words import LEGEND, amount, in_days_or_less, paragraph, span_parts
from fabrica.values.time import show_duration

STEP_PARTS: Mapping[str, tuple[str, ...]] = {
    "computing": ("compute",),
    "traffic in layers": ("tensor", "context", "expert"),
    "pipeline": ("bubble", "hops"),
    "between steps": ("data", "optimizer", "fixed"),
    "stragglers and losses": ("stragglers",),
}
MEMORY_PARTS: Mapping[str, tuple[str, ...]] = {
    "weights": ("weights",),
    "gradients": ("gradients",),
    "optimizer": ("optimizer",),
    "activations": ("activations",),
    "buffers and margin": ("buffers", "runtime and margin"),
}


def report(answer: Answer) -> str:
    """Return the page."""
    name = escape(answer.model_name)
    body = [
        f"<h1>What would it take to train {name}?</h1><p>{escape(paragraph(answer))}</p>",
        _key_figures(answer),
        _steps(answer),
        _memory(answer),
        _goodput(answer),
    ]
    return page(f"Training {answer.model_name}", body, STYLE + COLOURS + DOWNLOAD_STYLE)


def _key_figures(answer: Answer) -> str:
    figures = answer.figures
    time, unit = in_days_or_less(figures.days)
    energy = figures.megawatt_hours or figures.it_megawatt_hours
    least = "" if figures.megawatt_hours else ", at least"
    spans = (
        (unit, time),
        ("device-hours", figures.device_hours),
        ("MWh" if figures.megawatt_hours else "MWh before cooling", energy),
        (f"t CO2e{least}", figures.tonnes_co2e),
        ("EUR at market prices", figures.eur),
    )
    told = [_key_figure(term, figure) for term, figure in spans if figure is not None]
    told.append(f"<div><dt>training compute</dt><dd>{answer.flop:.2e} FLOP</dd></div>")
    rate = amount(answer.prediction.rate * answer.pool.devices)
    told.append(f"<div><dt>tokens a second</dt><dd>{rate}</dd></div>")
    return f"<dl>{''.join(told)}</dl>"


def _key_figure(term: str, figure: Span) -> str:
    value, between, word = span_parts(figure)
    return f'<div><dt>{term}</dt><dd>{value}{word}</dd><dd class="between">{between}{word}</dd></div>'


def steps_picture(answer: Answer) -> str:
    """Return the steps of the best layouts as bars, cut into where their seconds go."""
    rows = _step_rows(answer)
    best = answer.layouts[0]
    computing = rows[0][1]["computing"] / best.step_seconds
    words = (
        f"Seconds of a step by part, for {len(rows)} layouts. The fastest, {best.words}, takes "
        f"{best.step_seconds:.2f} s, of which {computing:.0%} is computing."
    )
    return stacked("steps", words, rows, "s")


def _step_rows(answer: Answer) -> list[tuple[str, dict[str, float]]]:
    return [(layout.words, _grouped(layout.parts_seconds, STEP_PARTS)) for layout in answer.layouts]


def _steps(answer: Answer) -> str:
    rows = _step_rows(answer)
    head = ("layout", "tokens/s and device", "step, s", *STEP_PARTS, "memory free", "J/token")
    cells = [
        (
            layout.words,
            f"{layout.tokens_per_s_per_gpu:,.0f}",
            f"{layout.step_seconds:.2f}",
            *(f"{seconds:.2f}" for seconds in parts.values()),
            f"{layout.memory_free_share:.0%}",
            "unknown" if layout.joules_per_token is None else f"{layout.joules_per_token:.2g}",
        )
        for layout, (_, parts) in zip(answer.layouts, rows, strict=True)
    ]
    text = f"Layouts that no other beats in speed, energy and free memory at once, the fastest first. {LEGEND}"
    saved = download("layouts.csv", "Take the layouts as CSV", *layout_rows(answer))
    return _section("The best layouts", text, steps_picture(answer), table(head, cells), saved)


def layout_rows(answer: Answer) -> tuple[list[str], list[list[object]]]:
    """Return the head and the rows of the best layouts, and where the seconds of their steps go."""
    rates = ("devices", "tokens_per_s_per_device", "step_seconds")
    rest = ("memory_free_share", "watts", "joules_per_token", "model_flop_share")
    head = ["layout", *rates, *(f"{part}_seconds" for part in answer.layouts[0].parts_seconds), *rest]
    rows: list[list[object]] = []
    for one in answer.layouts:
        first = (one.words, one.devices, one.tokens_per_s_per_gpu, one.step_seconds, *one.parts_seconds.values())
        rows.append([*first, one.memory_free_share, one.watts, one.joules_per_token, one.model_flop_share])
    return head, rows


def memory_picture(answer: Answer) -> str:
    """Return what the fullest device of each of the best layouts holds as bars, with a line where its memory ends."""
    return stacked("memory", _memory_words(answer), _memory_rows(answer), "GB", answer.pool.device.memory_gigabytes)


def _memory_rows(answer: Answer) -> list[tuple[str, dict[str, float]]]:
    return [(layout.words, _grouped(layout.memory_gigabytes, MEMORY_PARTS)) for layout in answer.layouts]


def _memory_words(answer: Answer) -> str:
    ceiling = answer.pool.device.memory_gigabytes
    return f"Memory of the fullest device by part, for {len(answer.layouts)} layouts. A device has {ceiling:g} GB."


def _memory(answer: Answer) -> str:
    rows, words = _memory_rows(answer), _memory_words(answer)
    cells = [(name, *(f"{part:.1f}" for part in parts.values())) for name, parts in rows]
    head = ("layout", *(f"{part}, GB" for part in MEMORY_PARTS))
    saved = download("memory.csv", "Take the memory as CSV", head, [(name, *parts.values()) for name, parts in rows])
    return _section("Memory of a device", words, memory_picture(answer), table(head, cells), saved)


def _goodput(answer: Answer) -> str:
    rows = [
        (
            one.name,
            show_duration(round(one.mean_seconds_between_stops)),
            show_duration(round(one.interval_seconds)),
            f"{one.devices_held:,}",
            f"{one.useful_share:.1%}",
        )
        for one in answer.goodput
    ]
    head = ("how it is kept going", "between stops", "checkpoint every", "devices held", "useful share")
    numbers = [
        (one.name, one.mean_seconds_between_stops, one.interval_seconds, one.devices_held, one.useful_share)
        for one in answer.goodput
    ]
    names = ("how it is kept going", "seconds_between_stops", "checkpoint_seconds", "devices_held", "useful_share")
    saved = download("stops.csv", "Take the stops as CSV", names, numbers)
    return f"<section><h2>Stops</h2>{scrolled(table(head, rows), 'Stops')}{saved}</section>"


def _grouped(parts: Mapping[str, float], groups: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    return {name: sum(parts[member] for member in members) for name, members in groups.items()}


def _section(title: str, text: str, picture: str, numbers: str, saved: str) -> str:
    shown = f"<details><summary>The numbers</summary>{scrolled(numbers, title)}</details>{saved}"
    return f'<section><h2>{escape(title)}</h2><p class="soft">{escape(text)}</p>{picture}{shown}</section>'
