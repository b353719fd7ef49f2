"""A what-if of the network as a result to keep: words, figures to compare, the sections of the report, tables."""

import importlib.util
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fabrica.planning.progress import Progress, of_part
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import Change, OwnSite, Scenario
from fabrica.values.time import show_duration
from fabrica.wire.planning import CompilerMissing
from fabrica.wire.scenarios import Figure, Result, ScenarioRefused, Table

if TYPE_CHECKING:
    from fabrica.planning.network.figures import Line, Values
    from fabrica.planning.network.runs import Outcome

PLACE = "the scenario"
RUN_SHARE = 0.97  # of the whole; the rest is figures and pictures
DAYS_MAX, REPLICATIONS_MAX, JOBS_MAX = 400, 5, 12_000_000
"""What a server runs for one question; the command has no such limits."""

SHOWN: Sequence[tuple[str, str, str]] = (
    ("mean_wait_s", "mean wait", "s"),
    ("p95_wait_s", "19 of 20 wait at most", "s"),
    ("use", "use of open devices", ""),
    ("megawatt_hours", "energy, as far as known", "MWh"),
    ("tonnes_co2e", "carbon, as far as known", "t CO2e"),
    ("eur", "power bill, as far as known", "EUR"),
    ("waiting_share", "wait at all", ""),
    ("jobs", "jobs", ""),
    ("device_hours", "device-hours", "h"),
)
SHOWN_WHERE_ANY: Sequence[tuple[str, str, str]] = (
    ("stops", "stops of jobs by nodes that fail", ""),
    ("preemptions", "jobs that make room", ""),
    ("lost_device_hours", "device-hours lost", "h"),
    ("repair_device_hours", "device-hours in repair", "h"),
    ("refused", "jobs refused for lack of a grant", ""),
)
"""Most scenarios have no rules of which these come."""


def check(text: str) -> None:
    """Read a scenario and look whether a server runs it.

    Raises:
        ScenarioMalformed: it has a mistake; names key and line.
        ScenarioRefused: it names a file of its own, or asks for more than a server runs for one question.
        NetworkImpossible: it names what is not in the network, or an account that has no jobs.
        CompilerMissing: Numba is not installed.
    """
    if importlib.util.find_spec("numba") is None:
        raise CompilerMissing(
            "This server lacks Numba, which runs the network.",
            remedy="Whoever operates it runs: pip install 'fabrica[planning]'.",
        )
    from fabrica.planning.network.demand import demand_of
    from fabrica.planning.network.setting import setting_of

    scenario = parse_scenario(text, PLACE)
    _check_files(text, scenario)
    period, jobs = scenario.period, scenario.work.jobs or 0
    if period.days + period.warm_up_days > DAYS_MAX or period.replications > REPLICATIONS_MAX or jobs > JOBS_MAX:
        raise ScenarioRefused(
            f"{period.days + period.warm_up_days} days with the warm-up, {period.replications} replications and "
            f"{jobs:,} jobs are more than a server runs for one question.",
            remedy=f"Ask for {DAYS_MAX} days, {REPLICATIONS_MAX} replications and {JOBS_MAX:,} jobs at most, or use "
            "'fabrica plan network'.",
        )
    setting_of(scenario, demand_of(scenario), 0)


def _check_files(text: str, scenario: Scenario) -> None:
    """Refuse a scenario that would read files of the server."""
    told: list[OwnSite | Change] = [*scenario.sites, *scenario.changes]
    of_sites = [file for one in told for file in (one.gco2e_per_kwh_file, one.eur_per_kwh_file)]
    if "base" in tomllib.loads(text) or any(file is not None for file in (scenario.work.trace, *of_sites)):
        raise ScenarioRefused(
            "It rests on another file: a base, a trace or a series by the hour.",
            remedy="Write everything into one scenario; compare two on the server by their pages.",
        )


def answer(text: str, seed: int, progress: Progress) -> Result:
    """Run the network's period.

    Raises:
        ScenarioMalformed, ScenarioRefused, NetworkImpossible, CompilerMissing: as `check`.
    """
    from fabrica.planning.network.figures import figures
    from fabrica.planning.network.report import sections
    from fabrica.planning.network.runs import run_scenario
    from fabrica.planning.network.words import sentences

    check(text)
    scenario = parse_scenario(text, PLACE)
    scenario = replace(scenario, period=replace(scenario.period, seed=seed))
    # one core: the others are for the pages, and nothing is left behind when the process is stopped
    outcome = run_scenario(scenario, cores=1, progress=of_part(progress, 0.0, RUN_SHARE))
    progress(RUN_SHARE, "figures and pictures")
    found = figures(outcome)
    asked = [*SHOWN, *(one for one in SHOWN_WHERE_ANY if any(getattr(found.network, one[0])))]
    shown = tuple(_figure(key, label, unit, getattr(found.network, key)) for key, label, unit in asked)
    waits = tuple(
        _figure(f"wait of {one.name}", f"mean wait of {one.name}", "s", one.mean_wait_s) for one in found.partitions
    )
    return Result(
        words="\n\n".join(filter(None, (" ".join(sentences(outcome, found)), " ".join(found.unknown)))),
        figures=shown + waits,
        report="".join(sections(outcome, found)),
        tables=(
            _table("partitions", "Every partition", found.partitions),
            _table("classes", "Every class of jobs", found.classes),
            _left_out(outcome),
        ),
    )


def _figure(key: str, label: str, unit: str, values: "Values") -> Figure:
    from fabrica.planning.network.figures import bounds_of, estimate

    made = estimate(values, bounds_of(key))
    if made is None:
        return Figure(key=key, label=label, unit=unit, words="unknown")
    return Figure(
        key=key,
        label=label,
        unit=unit,
        low=made.low,
        value=made.mean,
        high=made.high,
        words=_words(made.mean, unit, key),
    )


def _words(value: float, unit: str, key: str) -> str:
    if unit == "s":
        return show_duration(round(max(value, 0.0)))
    if key in ("use", "waiting_share"):
        return f"{value:.1%}"
    return f"{value:,.0f} {unit}".strip() if abs(value) >= 100 else f"{value:,.3g} {unit}".strip()


def _table(name: str, title: str, lines: Sequence["Line"]) -> Table:
    from fabrica.planning.network.answer import FIGURES, as_estimate
    from fabrica.planning.network.figures import bounds_of

    head = ["class" if name == "classes" else "partition"]
    for figure in FIGURES:
        head += [figure, f"{figure}_low", f"{figure}_high"]
    rows = []
    for line in lines:
        cells = [line.name]
        for figure in FIGURES:
            told = as_estimate(getattr(line, figure), bounds_of(figure)) or {}
            cells += ["" if told.get(end) is None else str(told[end]) for end in ("mean", "low", "high")]
        rows.append(tuple(cells))
    return Table(name=name, title=title, head=tuple(head), rows=tuple(rows))


def _left_out(outcome: "Outcome") -> Table:
    rows = tuple((one.place, one.reason) for one in outcome.network.left_out)
    return Table(name="left-out", title="What is left out", head=("place", "reason"), rows=rows)
