"""Slurm: 1,000 ready runs given to two sites, each a real Slurm with an agent in a process of its own.

A run is ready when the server offers it. It counts as dispatched when the server is told that Slurm has the job. On the
way the agent accepts it, tells so, fetches and unpacks its source, and submits it. Three times: with a real server in
processes of its own; with a stand-in inside the agent's process that gives orders and notes what it is told; and with
the stand-in and runs that are staged already. CPU time is told beside, since a busy machine slows the wall clock.

Usage: python -m benchmarks.slurm_dispatch [RUNS]
"""

import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared.ready_runs import Server, left_before, ready_server, wait_until
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
from fabrica.agent.transport import HttpTransport
from fabrica.engines.registry import open_engine
from fabrica.values.states import AttemptState
from tests.services.slurm.cluster import SlurmCluster

BAR_PER_SECOND = 50.0
SITES = ("north", "south")
Told = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Dispatched:
    """One row: seconds from the first run ready to the last job at all sites, and CPU seconds; Slurm's own apart."""

    seconds: float
    agents_cpu_seconds: float
    server_cpu_seconds: float = 0.0


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    each = count // len(SITES)
    total = each * len(SITES)
    found: dict[str, Dispatched] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fabrica-bench-")))
        clusters = {name: stack.enter_context(slurm_cluster(name)) for name in SITES}
        measured: dict[str, Callable[[], Dispatched]] = {
            "real server": lambda: by_server(folder / "server", clusters, total),
            "stand-in server": lambda: by_stand_in(folder / "ready", clusters, each, staged=False),
            "stand-in, staged already": lambda: by_stand_in(folder / "staged", clusters, each, staged=True),
        }
        print(f"{total} runs to {len(SITES)} sites; CPU time of each run, without Slurm's own daemons")
        for number, (title, measure) in enumerate(measured.items(), 1):
            row = found[title] = measure()
            assert sum(map(jobs_known, clusters.values())) == number * total
            print(
                f"offer to job, {title:26}{row.seconds:6.1f} s{total / row.seconds:8.1f} /s"
                f"   agents {row.agents_cpu_seconds / total * 1000:5.1f} ms"
                f"   server {row.server_cpu_seconds / total * 1000:5.1f} ms   load average {os.getloadavg()[0]:.1f}"
            )
    rates = {title: round(total / row.seconds, 1) for title, row in found.items()}
    rate = rates["real server"]
    met = rate >= BAR_PER_SECOND
    print(f"bar: at least {BAR_PER_SECOND:g} a second in all: {'met' if met else 'MISSED'}")
    print(
        json.dumps(
            {
                "name": "slurm_dispatch",
                "value": rate,
                "unit": "runs/s",
                "against": f"bar of {BAR_PER_SECOND:g} runs/s at two sites together",
                "ratio": round(rate / BAR_PER_SECOND, 3),
                "stand_in_per_second": rates["stand-in server"],
                "staged_per_second": rates["stand-in, staged already"],
                "server_cpu_ms": round(found["real server"].server_cpu_seconds / total * 1000, 1),
                "runs": total,
                "met": met,
            }
        )
    )


# With a real server -----------------------------------------------------------------------------------------------


def by_server(home: Path, clusters: dict[str, SlurmCluster], total: int) -> Dispatched:
    """Let the agents come to a real server that has runs ready for them."""
    opened = {name: agent_settings(home / "look" / name, one) for name, one in clusters.items()}
    inventories = {
        name: open_engine(one.engine, one.folder / "engine", **one.engine_settings).capacity()
        for name, one in opened.items()
    }
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[float] = context.Queue()
    together, over = context.Barrier(len(clusters) + 1), context.Event()
    with ready_server(home, inventories, total) as server:
        settings = [_settings_of(server, name, one, total) for name, one in clusters.items()]
        agents = [context.Process(target=serve_one_site, args=(one, together, over, told)) for one in settings]
        for agent in agents:
            agent.start()
        together.wait()
        cpu_before, begun = server.cpu_seconds(), time.time()
        wait_until(lambda: not left_before(AttemptState.QUEUED))
        seconds, cpu = time.time() - begun, server.cpu_seconds() - cpu_before
        over.set()
        agents_cpu = sum(told.get(timeout=60) for _ in agents)
        for agent in agents:
            agent.join()
    return Dispatched(seconds, agents_cpu, cpu)


def _settings_of(server: Server, name: str, cluster: SlurmCluster, total: int) -> AgentSettings:
    ours = {"server": server.url, "key_file": server.key_file(name), "attempts_at_once": total}
    return agent_settings(server.agent_folder(name).parent, cluster, **ours | {"folder": server.agent_folder(name)})


def serve_one_site(
    settings: AgentSettings,
    together: "multiprocessing.synchronize.Barrier",
    over: "multiprocessing.synchronize.Event",
    told: "multiprocessing.Queue[float]",
) -> None:
    """Run one site's agent against the server until `over`; tell its CPU seconds."""
    engine = open_engine(settings.engine, SiteFolder(settings.folder).engine, **settings.engine_settings)
    agent = Agent(settings, HttpTransport(settings.server, settings.key_file), engine)
    stop = threading.Event()
    working = threading.Thread(target=agent.run, args=(stop,))
    together.wait()
    before = cpu_seconds()
    working.start()
    over.wait()
    told.put(cpu_seconds() - before)
    stop.set()
    working.join()


# With a stand-in --------------------------------------------------------------------------------------------------


def by_stand_in(folder: Path, clusters: dict[str, SlurmCluster], each: int, *, staged: bool) -> Dispatched:
    """Let each agent speak with a stand-in for the server in its own process."""
    settings = [agent_settings(folder / name, one, attempts_at_once=each) for name, one in clusters.items()]
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[Told] = context.Queue()
    together = context.Barrier(len(settings))
    agents = [context.Process(target=one_site, args=(one, each, staged, together, told)) for one in settings]
    for agent in agents:
        agent.start()
    all_told = [told.get(timeout=900) for _ in agents]
    for agent in agents:
        agent.join()
    seconds = max(end for _, end, _ in all_told) - min(begun for begun, _, _ in all_told)
    return Dispatched(seconds, sum(cpu for *_, cpu in all_told))


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
