"""`fabrica plan train` and `fabrica plan validate`: what a training takes, and how far the planner can be trusted."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import ANY_FILE, ANY_FOLDER, FILE
from fabrica.cli.output import console, json_option, print_json, print_table, print_text, say
from fabrica.cli.plan_trace import TRACE, read_and_tell, trace_name
from fabrica.cli.progress import progress_told

if TYPE_CHECKING:
    from fabrica.aiact.compute_margins import PlannedMargin
    from fabrica.planning.training.answer import Answer
    from fabrica.planning.training.model_file import Training
    from fabrica.planning.training.pools import Pool
    from fabrica.planning.training.validate import Validation
    from fabrica.planning.training.where import Place

_STATES = {"below": "below", "above": "ABOVE", "within_margin": "WITHIN THE MARGIN OF ERROR OF"}
_MEANS = {
    "gpai_indicative": "above it a model that makes text, speech, images or video counts as general-purpose",
    "systemic_presumption": "above it a model is presumed to be of systemic risk, and the Commission is to be told",
}


@click.command("train")
@click.argument("model_file", metavar="MODEL.toml", type=FILE)
@click.option("--site", metavar="SITE", help="Train on the largest published machine of a site.")
@click.option("--accelerators", metavar="KIND:COUNT", help="Train on so many of a kind, such as H100-SXM:4096.")
@click.option("--everywhere", is_flag=True, help="Compare all sites whose machines are published.")
@click.option("--devices", metavar="N", type=click.IntRange(min=1), help="Only so many devices of a site.")
@click.option(
    "--resilience",
    type=click.Choice(["storage", "slow-storage", "memory", "elastic", "bare"]),
    default="storage",
    show_default=True,
    help="How the training is kept going when something stops it.",
)
@click.option(
    "--trace",
    "trace_file",
    metavar="FILE",
    type=TRACE,
    help="Jobs of the site, as for 'plan replay': the twin tells how long the training would wait among them.",
)
@click.option("--capacity", metavar="N", type=click.IntRange(min=1), help="Size of the machine of --trace.")
@click.option("--tokens", metavar="TOKENS", help="Train on so many tokens, such as 15T; goes before the file.")
@click.option(
    "--report",
    "page",
    metavar="FILE",
    type=ANY_FILE,
    help="Write a page with pictures.",
)
@click.option(
    "--write",
    "folder",
    metavar="FOLDER",
    type=ANY_FOLDER,
    help="Make a fabrica.toml there, and tell the allocation and the AI Act's margin.",
)
@json_option
def train(
    model_file: Path,
    site: str | None,
    accelerators: str | None,
    everywhere: bool,
    devices: int | None,
    resilience: str,
    trace_file: Path | None,
    capacity: int | None,
    tokens: str | None,
    page: Path | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Tell what it would take to train a model: layout, days, energy, carbon and cost, with intervals.

    The file holds the model's shapes: layers, hidden, ffn, heads, vocab and seq_len at least.

    \b
    Example:
        fabrica plan train euro-70b.toml --accelerators H100-SXM:4096 --tokens 15T --report plan.html
    """
    _need_numpy()
    from fabrica.aiact.compute_margins import planned_margins
    from fabrica.planning.outputs import check_outputs
    from fabrica.planning.training.answer import as_plain, ask
    from fabrica.planning.training.model_file import read_training
    from fabrica.planning.training.where import on_parts

    if sum((site is not None, accelerators is not None, everywhere)) != 1:
        raise click.UsageError("Give one of --site, --accelerators and --everywhere.")
    if capacity is not None and trace_file is None:
        raise click.UsageError("--capacity is the size of the machine of --trace; give both, or neither.")
    check_outputs((page,), (model_file, trace_file))
    training, wanted = read_training(model_file), _tokens(tokens)
    if everywhere:
        if page is not None or folder is not None or trace_file is not None:
            raise click.UsageError("--report, --write and --trace are of one place: give --site or --accelerators.")
        _everywhere(training, wanted, devices, resilience, as_json=as_json)
        return
    answer = ask(training, _pool(site, accelerators, devices), tokens=wanted, resilience=resilience)
    if trace_file is not None:
        answer = _queued(answer, trace_file, capacity)
    parts = on_parts(training, answer.pool, tokens=wanted, resilience=resilience)
    margins = planned_margins(answer.flop)
    if page is not None:
        from fabrica.planning.outputs import write_page
        from fabrica.planning.training.report import report

        write_page(report(answer), page)
    if folder is not None:
        from fabrica.cli.plan_manifest import write_manifest

        say(f"Wrote {write_manifest(answer, folder)}: put your program into 'command', then 'fabrica run {folder}'.")
    if as_json:
        print_json({**as_plain(answer), "parts": _as_rows(parts), "ai_act": [asdict(one) for one in margins]})
    else:
        _show(answer)
        _show_parts(parts)
        _show_action(answer, margins)


def _need_numpy() -> None:
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        from fabrica.wire.training import NumbersMissing

        raise NumbersMissing("NumPy is not installed.", remedy="pip install 'fabrica[planning]'")


def _tokens(text: str | None) -> float | None:
    from fabrica.planning.training.model_file import parse_tokens

    try:
        return None if text is None else parse_tokens(text)
    except ValueError as error:
        raise click.UsageError(f"--tokens: {error}.") from None


def _pool(site: str | None, accelerators: str | None, devices: int | None) -> "Pool":
    from fabrica.planning.training.pools import parse_pool, pool_of_site

    if accelerators is None:
        return pool_of_site(site or "", devices)
    if devices is not None:
        raise click.UsageError("--devices is for --site and --everywhere; --accelerators holds its own count.")
    return parse_pool(accelerators)


def _queued(answer: "Answer", trace_file: Path, capacity: int | None) -> "Answer":
    """Return the answer with its wait in the queue; a machine is as large as the site's, where none is given."""
    from dataclasses import replace

    from fabrica.planning.training.pools import pool_of_site
    from fabrica.planning.training.queueing import PROBES, queue_wait

    pool = answer.pool
    size = capacity or (pool_of_site(pool.site).devices if pool.site else pool.devices)
    if size < pool.devices:
        raise click.UsageError(f"--capacity {size} is smaller than the {pool.devices} devices to train on.")
    trace, name = read_and_tell(trace_file), trace_name(trace_file)
    seconds = answer.figures.days.value * 86_400
    words = f"replaying {len(trace):,} jobs on {size:,} devices with the training among them"
    with progress_told() as tell:
        tell(0.0, words)
        wait = queue_wait(trace, name, size, pool.devices, seconds, lambda done: tell(done / PROBES, words))
    return replace(answer, queue_wait=wait)


def _show(answer: "Answer") -> None:
    from rich.markup import escape

    from fabrica.planning.training.words import LEGEND, paragraph
    from fabrica.values.time import show_duration

    out = console()
    rows = []
    for layout in answer.layouts:
        energy = "unknown" if layout.joules_per_token is None else f"{layout.joules_per_token:.2g}"
        computing = layout.parts_seconds["compute"] / layout.step_seconds
        rates = (f"{layout.tokens_per_s_per_gpu:,.0f}", f"{layout.step_seconds:.2f}", f"{computing:.0%}")
        shares = (f"{layout.model_flop_share:.0%}", f"{layout.memory_free_share:.0%}", energy)
        rows.append((layout.words, *rates, *shares))
    speeds = ("tokens/s/device", "step, s", "computing", "peak", "memory free", "J/token")
    print_table(("layout",), rows, figures=speeds)
    out.print(f"[dim]{LEGEND}[/dim]")
    out.print()
    options = [
        (one.name, show_duration(round(one.interval_seconds)), f"{one.devices_held:,}", f"{one.useful_share:.1%}")
        for one in answer.goodput
    ]
    costs = ("checkpoint every", "devices held", "useful share")
    print_table(("stops: how it is kept going",), options, figures=costs)
    out.print()
    out.print(escape(paragraph(answer)))
    looked = f"{answer.layouts_looked_at:,} layouts were looked at, {answer.layouts_that_fit:,} fit."
    out.print(f"[dim]{looked} Intervals hold 9 of 10.[/dim]")


def _show_action(answer: "Answer", margins: "tuple[PlannedMargin, ...]") -> None:
    from fabrica.aiact.in_words import cited_in_words
    from fabrica.planning.training.words import span

    out = console()
    resource = answer.pool.resource_class or answer.pool.device.key
    out.print(
        f"Allocation to ask for: {span(answer.figures.device_hours)} device-hours of {resource}; ask for the high end."
    )
    for one in margins:
        words = _STATES[one.state]
        source = cited_in_words(one.source)
        out.print(
            f"AI Act: {answer.flop:.2e} FLOP of training is {words} {one.flop:.0e} FLOP; {_MEANS[one.threshold]} "
            f"({source})."
        )


def _everywhere(
    training: "Training", tokens: float | None, devices: int | None, resilience: str, *, as_json: bool
) -> None:
    from fabrica.planning.training.where import everywhere

    places = everywhere(training, tokens=tokens, devices=devices, resilience=resilience)
    if as_json:
        print_json({"places": _as_rows(places)})
    else:
        _show_places(places)


def _as_rows(places: "tuple[Place, ...]") -> list[dict[str, object]]:
    from fabrica.planning.training.answer import as_plain

    return [
        {
            "site": one.pool.site,
            "pool": one.pool.words,
            "devices": one.pool.devices,
            "answer": as_plain(one.answer) if one.answer else None,
            "reason": one.reason,
            "note": one.note,
        }
        for one in places
    ]


def _show_parts(parts: "tuple[Place, ...]") -> None:
    """Show what a smaller pool would take: longer, and mostly fewer device-hours."""
    from fabrica.planning.training.words import span

    if not parts:
        return
    rows: list[tuple[str, ...]] = []
    for part in parts:
        devices = f"{part.pool.devices:,}"
        if part.answer is None:
            rows.append((devices, "does not fit", "", "", ""))
            continue
        figures = part.answer.figures
        known = (figures.it_megawatt_hours, figures.eur)
        cells = (span(figures.days), span(figures.device_hours), *(span(one) if one else "unknown" for one in known))
        rows.append((devices, *cells))
    print_table((), rows, figures=("on a part of the pool", "days", "device-hours", "MWh before cooling", "EUR"))
    console().print()


def _show_places(places: "tuple[Place, ...]") -> None:
    from rich.markup import escape

    from fabrica.planning.training.words import span

    out = console()
    rows: list[tuple[str, ...]] = []
    notes = []
    for place in places:
        pool, answer = place.pool, place.answer
        site = pool.site or "no site"
        name = f"{pool.devices:,} x {pool.device.key}"
        if answer is None:
            rows.append((site, name, "does not fit", "", "", ""))
            notes.append(f"{site}, {name}: {place.reason}")
            continue
        figures = answer.figures
        energy = figures.megawatt_hours or figures.it_megawatt_hours
        mark = "" if figures.megawatt_hours else "*"
        cells = [span(figures.days), "unknown" if energy is None else span(energy) + mark]
        cells.append("unknown" if figures.tonnes_co2e is None else span(figures.tonnes_co2e) + mark)
        cells.append("unknown" if figures.eur is None else span(figures.eur))
        rows.append((site, name, *cells))
        notes += [f"{site}, {name}: {words}" for words in (place.note, pool.planned) if words]
        notes += [f"{site}, {name}: {words}" for words in answer.prediction.extrapolates]
    print_table(("site", "pool"), rows, figures=("days", "MWh", "t CO2e", "EUR"))
    out.print("* without cooling, for the site's PUE is not published. How long each queue is, is not known here.")
    for note in dict.fromkeys(notes):
        out.print(f"- {escape(note)}")


@click.command("validate")
@click.argument("runs_file", metavar="[RUNS.yaml]", required=False, type=FILE)
@json_option
def validate(runs_file: Path | None, as_json: bool) -> None:
    """Hold the training planner against published runs, by default against those that come with it.

    \b
    Example:
        fabrica plan validate --json
    """
    _need_numpy()
    from fabrica.planning.training.runs import OWN_FILE, read_runs
    from fabrica.planning.training.validate import as_plain, validate

    file = read_runs(runs_file or OWN_FILE)
    count = len(file.runs)
    say(f"Predicting {count} run{'' if count == 1 else 's'}, and again with each group of them left out …")
    found = validate(file)
    if as_json:
        print_json(as_plain(found))
    else:
        _show_validation(found)


def _show_validation(found: "Validation") -> None:
    out = console()
    runs = []
    for row in found.rows:
        rates = (row.predicted_tokens_per_s_per_gpu, row.low, row.high, row.reported)
        mark = "" if row.inside else " out"
        shown = [f"{rate:,.0f}" if rate >= 1000 else f"{rate:.3g}" for rate in rates]
        runs.append((row.id, *shown, f"{row.error:+.1%}{mark}", f"{row.left_out_error:+.1%}"))
    print_table(("run",), runs, figures=("predicted", "low", "high", "reported", "error", "group left out"))
    out.print()
    classes = []
    for one in found.summary:
        errors = (one.mean_error, one.worst_error, one.inside)
        left_out = (one.left_out_mean_error, one.left_out_worst_error, one.left_out_inside)
        classes.append((one.name, str(one.rows), *(f"{share:.1%}" for share in (*errors, *left_out))))
    errors_of = ("rows", "mean error", "worst", "inside", "mean, group left out", "worst", "inside")
    print_table(("class",), classes, figures=errors_of)
    for name, reason in found.not_predicted.items():
        out.print(f"Not predicted: {name}. {reason}")
    for name, lacks in found.without_rate.items():
        print_text(f"No rate: {name}. {lacks}")
