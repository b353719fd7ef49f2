"""Slurm: 1,000 ready runs given to two sites, each a real Slurm with an agent in a process of its own.

A run is ready when the server offers it. It counts as dispatched when the server is told that Slurm has the job. On the
way the agent accepts it, tells so, fetches and unpacks its source, and submits it. Then the same number that is staged
already, to tell the staging apart. The server here is a stand-in inside the agent's process that gives orders and notes
what it is told; what a real server costs is measured by `runs_throughput`.

Usage: python -m benchmarks.slurm_dispatch [RUNS]
"""

import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

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
from fabrica.agent.settings import AgentSettings
from fabrica.engines.registry import open_engine

BAR_PER_SECOND = 50.0
SITES = ("north", "south")
Told = tuple[float, float, float]


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    each = count // len(SITES)
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fabrica-bench-")))
        clusters = {name: stack.enter_context(slurm_cluster(name)) for name in SITES}
        rates = {}
        for number, (title, staged) in enumerate((("offer to job", False), ("staged to job", True)), 1):
            settings = [
                agent_settings(folder / f"{number}-{name}", one, attempts_at_once=each)
                for name, one in clusters.items()
            ]
            seconds, cpu = dispatched(settings, each, staged=staged)
            assert all(jobs_known(cluster) == number * each for cluster in clusters.values())
            rates[title] = len(SITES) * each / seconds
            print(
                f"{title:16}{len(SITES) * each:6} runs, {len(SITES)} sites {seconds:8.1f} s{rates[title]:8.1f} /s"
                f"{cpu / (len(SITES) * each) * 1000:8.1f} ms of CPU each, without Slurm's daemons"
            )
    rate = rates["offer to job"]
    met = rate >= BAR_PER_SECOND
    print(f"bar: at least {BAR_PER_SECOND:g} a second in all: {'met' if met else 'MISSED'}")
    print(
        json.dumps(
            {
                "name": "slurm_dispatch",
                "value": round(rate, 1),
                "unit": "runs/s",
                "against": f"bar of {BAR_PER_SECOND:g} runs/s at two sites together",
                "ratio": round(rate / BAR_PER_SECOND, 3),
                "staged_per_second": round(rates["staged to job"], 1),
                "runs": len(SITES) * each,
                "met": met,
            }
        )
    )


def dispatched(settings: list[AgentSettings], each: int, *, staged: bool) -> tuple[float, float]:
    """Return the seconds from the first run ready to the last job at all sites, and the agents' CPU seconds."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[Told] = context.Queue()
    together = context.Barrier(len(settings))
    agents = [context.Process(target=one_site, args=(one, each, staged, together, told)) for one in settings]
    for agent in agents:
        agent.start()
    all_told = [told.get(timeout=900) for _ in agents]
    for agent in agents:
        agent.join()
    return max(end for _, end, _ in all_told) - min(begun for begun, _, _ in all_told), sum(cpu for *_, cpu in all_told)


def one_site(
    settings: AgentSettings,
    count: int,
    staged: bool,
    together: "multiprocessing.synchronize.Barrier",
    told: "multiprocessing.Queue[Told]",
) -> None:
    """Run one site's agent until all its runs are jobs; tell when that began and ended, and its CPU seconds."""
    orders = [] if staged else [make_order() for _ in range(count)]
    site = SiteFolder(settings.folder)
    if staged:
        journal = staged_journal(site, count)
        orders = [entry.order for entry in journal.live_entries()]
        journal.close()
    server = OrderServer(() if staged else orders)
    agent = Agent(settings, server, open_engine(settings.engine, site.engine, **settings.engine_settings))
    stop = threading.Event()
    working = threading.Thread(target=agent.run, args=(stop,))
    together.wait()
    before, begun = cpu_seconds(), time.time()
    working.start()
    server.wait_for("queued", [order.attempt for order in orders])
    told.put((begun, time.time(), cpu_seconds() - before))
    stop.set()
    working.join()


if __name__ == "__main__":
    main()
