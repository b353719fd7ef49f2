"""`fabrica plan replay`: a trace of jobs on one cluster, under a policy and further rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fabrica.cli.inputs import ANY_FILE, FILE, FiniteRange
from fabrica.cli.output import console, json_option, print_json, say
from fabrica.cli.plan_trace import TRACE, read_and_tell, trace_name
from fabrica.cli.progress import progress_told

if TYPE_CHECKING:
    from fabrica.planning.drawn import Drawn, Power
    from fabrica.planning.figures import Figures
    from fabrica.planning.options import Options
    from fabrica.planning.replay import Replay
HOURS_MAX = 1_000_000


@click.command("replay")
@click.option(
    "--trace",
    "trace_file",
    metavar="FILE",
    required=True,
    type=TRACE,
    help="Jobs as CSV, SWF, sacct output or Parquet; - reads standard input.",
)
@click.option("--capacity", metavar="UNITS", required=True, type=click.IntRange(min=1), help="Size of the cluster.")
@click.option(
    "--policy",
    type=click.Choice(["fifo", "easy", "conservative", "priority"]),
    default="easy",
    show_default=True,
    help="Who starts next: in order (fifo), also in gaps (easy, conservative), or by fair share too (priority).",
)
@click.option(
    "--estimates",
    type=click.Choice(["exact", "limit"]),
    default="exact",
    show_default=True,
    help="Plan with true run times, or with the limits that users asked for.",
)
@click.option("--partition", metavar="NAME", help="Only the jobs of this partition of the trace.")
@click.option("--units-max", metavar="UNITS", type=click.IntRange(min=1), help="Cut larger jobs to so many units.")
@click.option("--node-devices", metavar="N", type=click.IntRange(1, 1024), help="Place on nodes of N devices each.")
@click.option(
    "--leaf-nodes", metavar="N", type=click.IntRange(1, 100_000), help="Nodes stand in leaves of N: keep jobs in few."
)
@click.option(
    "--pod-leaves", metavar="N", type=click.IntRange(1, 100_000), help="Leaves stand in pods of N: keep jobs in few."
)
@click.option(
    "--within-leaf", is_flag=True, help="A job that fits one leaf waits for one, as in racks of linked devices."
)
@click.option(
    "--half-life", metavar="HOURS", type=FiniteRange(0, HOURS_MAX), help="Until use counts half; 0: never. [168]"
)
@click.option(
    "--age", metavar="HOURS", type=FiniteRange(0.01, HOURS_MAX), help="Of waiting, each of which halves use for a job."
)
@click.option(
    "--age-max", metavar="HOURS", type=FiniteRange(0.01, HOURS_MAX), help="After which age counts no more. [168]"
)
@click.option("--accounts", metavar="FILE", type=FILE, help="CSV of account, share and device_hours granted.")
@click.option(
    "--maintenance", metavar="START:END:UNITS", multiple=True, help="Out of use, in seconds; units may be 'all'."
)
@click.option(
    "--reservation",
    metavar="START:END:UNITS:ACCOUNTS",
    multiple=True,
    help="In use by these accounts alone, parted by commas.",
)
@click.option(
    "--stops",
    metavar="[HOURS]",
    is_flag=False,
    flag_value="published",
    help="Nodes fail, once in so many device-hours.",
)
@click.option("--leaf-stops", metavar="SHARE", type=FiniteRange(0, 1), help="Of failures that take a whole leaf. [0]")
@click.option("--checkpoint", metavar="SECONDS", type=click.IntRange(min=1), help="Work between two checkpoints.")
@click.option("--repair", metavar="SECONDS", type=click.IntRange(min=1), help="Until a failed node is back. [86400]")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True, help="Of the failures.")
@click.option(
    "--preempt", metavar="SECONDS", type=click.IntRange(min=0), help="Lower levels make room, and save for so long."
)
@click.option("--site", metavar="SITE", help="Tell energy and carbon as of this site of the network.")
@click.option("--accelerator", metavar="KIND", help="Tell energy as of this kind of device.")
@click.option("--country", metavar="CODE", help="Where it draws its power, such as DE.")
@click.option("--pue", type=FiniteRange(1, 5), help="Power of the site over that of its machines.")
@click.option("--carbon", metavar="FILE", type=FILE, help="gCO2e per kWh, one number for each hour.")
@click.option("--price", metavar="FILE", type=FILE, help="EUR per MWh, one number for each hour.")
@click.option("--starts", metavar="FILE", type=ANY_FILE, help="Write every start here.")
@click.option("--report", metavar="FILE", type=ANY_FILE, help="Write a page with pictures.")
@json_option
def replay(trace_file: Path, units_max: int | None, starts: Path | None, report: Path | None, **asked: Any) -> None:
    """Replay a trace of jobs on one cluster, and tell how long they wait.

    \b
    Examples:
        fabrica plan replay --trace jobs.csv --capacity 160 --policy easy --report replay.html
        fabrica plan replay --trace jobs.csv --capacity 1024 --node-devices 8 --policy priority --stops \\
            --maintenance 86400:100800:all --site jaif
    """
    from fabrica.planning.drawn import drawn
    from fabrica.planning.figures import figures
    from fabrica.planning.outputs import check_outputs, write_page, write_starts
    from fabrica.planning.replay import Cluster, Estimates, Policy, must_compile, replay
    from fabrica.planning.site_replay import NO_RATES

    check_outputs((starts, report), (trace_file, *(asked[name] for name in ("accounts", "carbon", "price"))))
    trace = read_and_tell(trace_file, units_max, asked["partition"])
    policy, options, power = Policy(asked["policy"]), _options(asked), _power(asked)
    if must_compile(policy, options):
        say(f"Compiling the loop of {policy.value}, once on this machine …")
    cluster = Cluster(asked["capacity"], asked["node_devices"] or 0)
    with progress_told() as tell:
        done = replay(
            trace,
            cluster,
            policy,
            Estimates(asked["estimates"]),
            options=options,
            rates=NO_RATES if power is None else power.rates(),
            progress=lambda arrived: tell(arrived / len(trace), f"{arrived:,} of {len(trace):,} jobs"),
        )
    found, energy = figures(done), None if power is None else drawn(done, power)
    if starts is not None:
        write_starts(done, starts)
    if report is not None:
        from fabrica.planning.report import report as page_of

        write_page(page_of(done, found, trace_name(trace_file), energy), report)
    if asked["as_json"]:
        print_json(_as_json(done, found, power, energy))
    else:
        _show(done, found, power, energy)


def _options(asked: dict[str, Any]) -> "Options":
    from fabrica.planning.option_values import read_accounts, reservations_of, stops_of, windows_of
    from fabrica.planning.options import AGE_MAX_SECONDS, HALF_LIFE_SECONDS, HOUR_SECONDS, Options

    shares, grants = read_accounts(asked["accounts"]) if asked["accounts"] else ({}, {})
    half_life, age_max = asked["half_life"], asked["age_max"]
    return Options(
        half_life_seconds=HALF_LIFE_SECONDS if half_life is None else round(half_life * HOUR_SECONDS),
        age_seconds=round((asked["age"] or 0) * HOUR_SECONDS),
        age_max_seconds=AGE_MAX_SECONDS if age_max is None else round(age_max * HOUR_SECONDS),
        windows=windows_of(asked["maintenance"], asked["capacity"])
        + reservations_of(asked["reservation"], asked["capacity"]),
        stops=stops_of(asked["stops"], asked["checkpoint"], asked["repair"], asked["seed"], asked["leaf_stops"]),
        saving_seconds=asked["preempt"],
        shares=shares,
        grants=grants,
        leaf_nodes=asked["leaf_nodes"] or 0,
        pod_leaves=asked["pod_leaves"] or 0,
        within_leaf=asked["within_leaf"],
    )


def _power(asked: dict[str, Any]) -> "Power | None":
    from fabrica.planning.drawn import power_of, read_series

    given = {name: asked[name] for name in ("site", "accelerator", "country", "pue")}
    series = (("carbon", False), ("price", True))
    given |= {name: asked[name] and read_series(asked[name], below_zero=below) for name, below in series}
    return None if all(value is None for value in given.values()) else power_of(**given)


def _as_json(done: "Replay", found: "Figures", power: "Power | None", energy: "Drawn | None") -> dict[str, object]:
    from dataclasses import asdict

    said: dict[str, object] = {
        **asdict(found),
        "policy": done.policy.value,
        "estimates": done.estimates.value,
        "capacity": done.cluster.capacity,
        "node_devices": done.cluster.node_devices or None,
        "compiled": done.compiled,
        "jobs_per_cpu_second": _jobs_per_cpu_second(done),
        "peak_mb": _peak_mb(),
        "notices": list(done.trace.notices),
    }
    if done.outcome is not None:
        from fabrica.planning.site_replay import NOT_COUNTED

        said["outcome"] = {name: value for name, value in asdict(done.outcome).items() if name not in NOT_COUNTED}
    if power is not None and energy is not None:
        said["energy"] = {**asdict(energy), "pue": power.pue, "sources": list(power.sources)}
    return said


def _jobs_per_cpu_second(done: "Replay") -> int | None:
    """Return the speed of the loop; null when it was over before the clock moved."""
    return round(len(done.trace) / done.cpu_seconds) if done.cpu_seconds > 0 else None


def _peak_mb() -> int:
    """Return the most memory this process has held so far, in megabytes."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6) if sys.platform == "darwin" else round(peak * 1024 / 1e6)


def _show(done: "Replay", found: "Figures", power: "Power | None", energy: "Drawn | None") -> None:
    from rich.table import Table

    from fabrica.planning.came import energy_rows, outcome_rows
    from fabrica.values.time import show_duration

    nodes = f" on nodes of {done.cluster.node_devices}" if done.cluster.node_devices else ""
    planned = "true run times" if done.estimates.value == "exact" else "the limits users asked for"
    out = console()
    size = f"{done.cluster.capacity:,} units{nodes}"
    out.print(f"{found.jobs:,} jobs on {size}, policy {done.policy.value}, planned with {planned}:")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("mean wait", show_duration(found.mean_wait_s))
    table.add_row("19 of 20 jobs wait at most", show_duration(found.p95_wait_s))
    table.add_row("longest wait", show_duration(found.longest_wait_s))
    table.add_row("jobs that wait at all", f"{found.waiting_share:.1%}")
    table.add_row("until the last job ends", show_duration(found.makespan_s))
    table.add_row("use of the cluster", f"{found.use:.1%}")
    for name, value in (*outcome_rows(done), *energy_rows(energy)):
        table.add_row(name, value)
    speed = _jobs_per_cpu_second(done)
    loop = "compiled" if done.compiled else "plain Python, because Numba is not installed"
    if speed is not None:
        table.add_row("speed", f"{speed:,} jobs per CPU-second ({loop})")
    table.add_row("memory", f"{_peak_mb():,} MB at most")
    out.print(table)
    for source in power.sources if power else ():
        out.print(source, style="dim", highlight=False)
