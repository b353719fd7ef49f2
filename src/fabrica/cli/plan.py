"""Commands of planning: capacity on paper, without a server."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.output import console, json_option, print_json, say
from fabrica.cli.plan_network import compare, network
from fabrica.cli.plan_saved import cancel, delete, save, saved, share
from fabrica.cli.plan_siting import siting
from fabrica.cli.plan_training import train, validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabrica.planning.figures import Figures
    from fabrica.planning.replay import Replay


@click.group()
def plan() -> None:
    """Try on paper what a cluster would do, or what a training would take."""


plan.add_command(train)
plan.add_command(validate)
plan.add_command(network)
plan.add_command(compare)
plan.add_command(siting)
for _command in (save, saved, cancel, share, delete):
    plan.add_command(_command)


@plan.command("replay")
@click.option(
    "--trace",
    "trace_file",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Jobs as CSV, SWF, sacct output or Parquet.",
)
@click.option("--capacity", metavar="UNITS", required=True, type=click.IntRange(min=1), help="Size of the cluster.")
@click.option("--policy", type=click.Choice(["fifo", "easy", "conservative"]), default="easy", show_default=True)
@click.option(
    "--estimates",
    type=click.Choice(["exact", "limit"]),
    default="exact",
    show_default=True,
    help="Plan with true run times, or with the limits that users asked for.",
)
@click.option("--units-max", metavar="UNITS", type=click.IntRange(min=1), help="Cut larger jobs to so many units.")
@click.option("--node-devices", metavar="N", type=click.IntRange(1, 1024), help="Place on nodes of N devices each.")
@click.option(
    "--starts", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write every start here."
)
@click.option(
    "--report", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with pictures."
)
@json_option
def replay(
    trace_file: Path,
    capacity: int,
    policy: str,
    estimates: str,
    units_max: int | None,
    node_devices: int | None,
    starts: Path | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Replay a trace of jobs on one cluster, and tell how long they wait.

    \b
    Example:
        fabrica plan replay --trace jobs.csv --capacity 160 --policy easy --report replay.html
    """
    from fabrica.planning.figures import figures
    from fabrica.planning.outputs import write_page, write_starts
    from fabrica.planning.replay import Cluster, Estimates, Policy, must_compile, replay
    from fabrica.planning.traces.reading import read_trace

    trace = read_trace(trace_file, units_max)
    for notice in trace.notices:
        say(notice)
    if must_compile(Policy(policy)):
        say(f"Compiling the loop of {policy}, once on this machine …")
    cluster = Cluster(capacity, node_devices or 0)
    done = replay(trace, cluster, Policy(policy), Estimates(estimates), progress=_teller(len(trace)))
    found = figures(done)
    if starts is not None:
        write_starts(done, starts)
    if report is not None:
        from fabrica.planning.report import report as page_of

        write_page(page_of(done, found, trace_file.name), report)
    if as_json:
        print_json(_as_json(done, found))
    else:
        _show(done, found)


def _teller(jobs: int) -> "Callable[[int], None]":
    def tell(arrived: int) -> None:
        say(f"{arrived:,} of {jobs:,} jobs have arrived …")

    return tell


def _as_json(done: "Replay", found: "Figures") -> dict[str, object]:
    from dataclasses import asdict

    return {
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


def _jobs_per_cpu_second(done: "Replay") -> int | None:
    """Return the speed of the loop; null when it was over before the clock moved."""
    return round(len(done.trace) / done.cpu_seconds) if done.cpu_seconds > 0 else None


def _peak_mb() -> int:
    """Return the most memory this process has held so far, in megabytes."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6) if sys.platform == "darwin" else round(peak * 1024 / 1e6)


def _show(done: "Replay", found: "Figures") -> None:
    from rich.table import Table

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
    speed = _jobs_per_cpu_second(done)
    loop = "compiled" if done.compiled else "plain Python, because Numba is not installed"
    if speed is not None:
        table.add_row("speed", f"{speed:,} jobs per CPU-second ({loop})")
    table.add_row("memory", f"{_peak_mb():,} MB at most")
    out.print(table)
