"""Slurm: what a run's start costs on the site beside a raw `sbatch`, and beside submitit, in the same run.

Three ways to give one real Slurm a job that runs `true`, one after another, each alone:
`sbatch --parsable`; submitit's `submit`; and the agent, from a staged order in its journal to Slurm's job id in its
engine's store and its own journal, each on the disk. Then the whole way on the site: from the server's offer to the
job, through acceptance, its confirmation, staging and two exchanges, of one run at a time.

submitit comes from the package index into a temporary environment. Where it cannot be had, its ratio is not measured.

Usage: python -m benchmarks.slurm_overhead [JOBS]
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.shared.slurm_site import (
    OrderServer,
    agent_settings,
    cpu_seconds,
    jobs_known,
    make_order,
    slurm_cluster,
    staged_journal,
)
from fabrica.agent.folders import SiteFolder
from fabrica.agent.loop import Agent
from fabrica.agent.waits import WaitLog
from fabrica.agent.watch import Watch
from fabrica.engines.registry import open_engine
from tests.services.slurm.cluster import SlurmCluster

RATIO_MAX = 2.0
SUBMITIT_STATED = 20.0
WHOLE_WAY_RUNS = 40
_SUBMITIT = """
import json, sys, time, submitit
executor = submitit.SlurmExecutor(folder=sys.argv[1])
executor.update_parameters(partition="gpu", time=1)
seconds = []
for number in range(int(sys.argv[2])):
    begun = time.perf_counter()
    executor.submit(int, number)
    seconds.append(time.perf_counter() - begun)
print(json.dumps(seconds))
"""


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="fabrica-bench-") as name, slurm_cluster("overhead") as cluster:
        folder = Path(name)
        (raw, raw_cpu), (staged, staged_cpu) = in_turn(
            lambda: raw_sbatch(cluster), staged_starts(cluster, folder / "staged", count)
        )
        peer = submitit(cluster, folder / "submitit", count)
        whole = whole_way(cluster, folder / "whole", WHOLE_WAY_RUNS)
        assert jobs_known(cluster) == 2 * count + len(peer) + WHOLE_WAY_RUNS
    ratio = median(staged) / median(raw)
    print(f"{count} jobs each, one after another{'median':>23}{'p95':>11}{'CPU':>11}{'of sbatch':>11}")
    show("raw sbatch", raw, raw_cpu / len(raw), raw)
    show("agent: staged order to job id on the disk", staged, staged_cpu / len(staged), raw)
    if peer:
        show("submitit: submit", peer, None, raw)
    else:
        print(f"submitit could not be had; its stated reference is {SUBMITIT_STATED:g} x, not measured here")
    show("agent: offer to job, two exchanges, alone", whole, None, raw)
    print(f"bar: below {RATIO_MAX:g} x raw sbatch: {'met' if ratio < RATIO_MAX else 'MISSED'}, {ratio:.2f} x")
    print(
        json.dumps(
            {
                "name": "slurm_start_overhead",
                "value": round(median(staged) * 1000, 2),
                "unit": "ms",
                "against": "raw sbatch in the same run",
                "ratio": round(ratio, 3),
                "raw_ms": round(median(raw) * 1000, 2),
                "cpu_ratio": round(staged_cpu / len(staged) / (raw_cpu / len(raw)), 3),
                "submitit_ratio": round(median(peer) / median(raw), 3) if peer else None,
                "whole_way_ms": round(median(whole) * 1000, 1),
                "bar": RATIO_MAX,
                "met": ratio < RATIO_MAX,
            }
        )
    )


def show(title: str, seconds: list[float], cpu: float | None, raw: list[float]) -> None:
    """Print one line of the table; `cpu`: seconds for each, of this process and its children."""
    p95 = sorted(seconds)[int(len(seconds) * 0.95)] * 1000
    used = "" if cpu is None else f"{cpu * 1000:.1f} ms"
    print(f"{title:44}{median(seconds) * 1000:8.1f} ms{p95:8.1f} ms{used:>11}{median(seconds) / median(raw):9.2f} x")


def in_turn(raw: Callable[[], None], starts: list[Callable[[], None]]) -> list[tuple[list[float], float]]:
    """Return, of as many `raw` as starts and of the starts, the seconds of each, and the CPU seconds of all.

    They take turns, so that whatever else the machine does meets both.
    """
    seconds: list[list[float]] = [[], []]
    cpu = [0.0, 0.0]
    for start in starts:
        for kind, work in enumerate((raw, start)):
            before, begun = cpu_seconds(), time.perf_counter()
            work()
            seconds[kind].append(time.perf_counter() - begun)
            cpu[kind] += cpu_seconds() - before
    return list(zip(seconds, cpu, strict=True))


def raw_sbatch(cluster: SlurmCluster) -> None:
    """Submit one job, and read its id."""
    command = ["sbatch", "--parsable", "--partition=gpu", "--output=/dev/null", "--mem=64M", "--time=1"]
    script = "#!/bin/sh\nexec true\n"
    subprocess.run(command, input=script, env=cluster.environment, capture_output=True, text=True, check=True)


def staged_starts(cluster: SlurmCluster, folder: Path, count: int) -> list[Callable[[], None]]:
    """Return the start of each of many staged orders."""
    settings = agent_settings(folder, cluster)
    site = SiteFolder(settings.folder)
    journal = staged_journal(site, count)
    engine = open_engine(settings.engine, site.engine, **settings.engine_settings)
    engine.capacity()
    watch = Watch(engine, journal, site, settings, lambda: datetime.now(UTC), WaitLog(site.waits))
    return [partial(watch.start, entry) for entry in journal.live_entries()]


def whole_way(cluster: SlurmCluster, folder: Path, count: int) -> list[float]:
    """Return the seconds from each offer until the server is told that Slurm has the job."""
    settings = agent_settings(folder, cluster)
    server = OrderServer()
    agent = Agent(settings, server, open_engine(settings.engine, folder / "engine", **settings.engine_settings))
    stop = threading.Event()
    running = threading.Thread(target=agent.run, args=(stop,))
    running.start()
    seconds = []
    try:
        for _ in range(count):
            order = make_order()
            begun = time.perf_counter()
            server.offer(order)
            server.wait_for("queued", [order.attempt])
            seconds.append(server.told_at[order.attempt, "queued"] - begun)
    finally:
        stop.set()
        running.join()
    return seconds


def submitit(cluster: SlurmCluster, folder: Path, count: int) -> list[float]:
    """Return the seconds of each of submitit's submissions; none when it cannot be had from the package index."""
    python = folder / "environment" / "bin" / "python"
    try:
        venv.create(folder / "environment", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "submitit"], check=True, capture_output=True)
    except (subprocess.CalledProcessError, OSError):
        return []
    command = [str(python), "-c", _SUBMITIT, str(folder / "jobs"), str(count)]
    done = subprocess.run(command, env=cluster.environment, capture_output=True, text=True, check=True, cwd=folder)
    return [float(one) for one in json.loads(done.stdout.splitlines()[-1])]


if __name__ == "__main__":
    main()
