"""The agent of a Slurm site: its memory with 10,000 known attempts, and its CPU while it has nothing to do.

An agent in a process of its own, over a real Slurm, whose journal and engine know 10,000 ended attempts that the server
has not let it forget, and so hears of at each exchange. CPU counts its children too, such as squeue. First nothing is
alive; then 100 attempts wait in Slurm's queue beside them, for information.

Usage: python -m benchmarks.agent_idle [ATTEMPTS]
"""

import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.shared.slurm_site import OrderServer, agent_settings, cpu_seconds, make_order, slurm_cluster
from fabrica.agent.entries import Ending
from fabrica.agent.folders import SiteFolder
from fabrica.agent.journal import Journal
from fabrica.agent.loop import Agent
from fabrica.agent.settings import AgentSettings
from fabrica.engines.contract import Handle
from fabrica.engines.files import write_json
from fabrica.engines.registry import open_engine
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import WorkOrder

MEMORY_MB_MAX = 80.0
CPU_PERCENT_MAX = 2.0
SECONDS = 60.0
ALIVE = 100
_SETTLE_SECONDS = 5.0


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="fabrica-bench-") as name, slurm_cluster("idle") as cluster:
        settings = agent_settings(Path(name), cluster, attempts_at_once=ALIVE)
        fill(settings, count)
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        agent = context.Process(target=run_agent, args=(settings, there))
        agent.start()
        idle, idle_peak, idle_cpu = measured(here, alive=0)
        busy, busy_peak, busy_cpu = measured(here, alive=ALIVE)
        here.send(None)
        agent.join()
    met = idle_peak < MEMORY_MB_MAX and idle_cpu < CPU_PERCENT_MAX
    print(f"{count} attempts known{'memory':>22}{'at most':>12}{'CPU of a core':>17}")
    print(f"{'none alive':32}{idle:9.1f} MB{idle_peak:9.1f} MB{idle_cpu:15.2f} %")
    print(f"{f'{ALIVE} in the queue':32}{busy:9.1f} MB{busy_peak:9.1f} MB{busy_cpu:15.2f} %   for information")
    print(f"bars: under {MEMORY_MB_MAX:g} MB and under {CPU_PERCENT_MAX:g} %, none alive: {'met' if met else 'MISSED'}")
    print(
        json.dumps(
            {
                "name": "agent_idle",
                "value": round(idle_peak, 1),
                "unit": "MB",
                "against": f"bar of {MEMORY_MB_MAX:g} MB",
                "ratio": round(idle_peak / MEMORY_MB_MAX, 3),
                "cpu_percent": round(idle_cpu, 3),
                "cpu_percent_max": CPU_PERCENT_MAX,
                "with_alive_mb": round(busy_peak, 1),
                "with_alive_cpu_percent": round(busy_cpu, 3),
                "attempts": count,
                "met": met,
            }
        )
    )


def fill(settings: AgentSettings, count: int) -> None:
    """Write ended attempts into the journal and the engine's store, each as it would stand there."""
    site = SiteFolder(settings.folder)
    site.prepare()
    engine = open_engine(settings.engine, site.engine, **settings.engine_settings)
    engine.capacity()
    journal = Journal(site.journal)
    journal._connection.execute("PRAGMA synchronous = OFF")  # only here: nothing of this needs to survive
    for _ in range(count):
        order = make_order()
        end_one(journal, order)
        (site.attempt(order.attempt).root).mkdir()
        write_json(site.engine / "attempts" / f"{order.attempt}.json", engine_record(site, order))
    journal.acknowledge(2**62)
    journal.close()


def end_one(journal: Journal, order: WorkOrder) -> None:
    """Take an order and end it."""
    now = datetime.now(UTC)
    journal.accept(order, now)
    journal.stage(order.attempt, {"PATH": "/usr/bin:/bin"}, {}, now)
    journal.write(order.attempt, start_asked=1, handle=Handle(order.attempt))
    journal.end(order.attempt, Ending(reason=EndReason.COMPLETED, exit_code=0, started_at=now, ended_at=now))
    journal.write(order.attempt, state=AttemptState.ENDED)


def engine_record(site: SiteFolder, order: WorkOrder) -> dict[str, Any]:
    """Return what the engine keeps of an ended attempt; of a size as the real one."""
    return {
        "name": f"fab-{order.attempt}",
        "folder": str(site.attempt(order.attempt).root),
        "submission": {"script": "#!/bin/sh\n" + "# as long as a real one\n" * 40},
        "ended": {"reason": "succeeded", "rows": []},
    }


def measured(agent: Connection, *, alive: int) -> tuple[float, float, float]:
    """Return the agent's memory and its peak in MB, and its CPU in percent of a core, with so many attempts alive."""
    agent.send(alive)
    memory, peak, percent = agent.recv()
    return memory, peak, percent


def run_agent(settings: AgentSettings, asked: Connection) -> None:
    """Run the agent; on each question give it that many runs, wait until Slurm has them, and tell what it needs."""
    server = OrderServer()
    site = SiteFolder(settings.folder)
    agent = Agent(settings, server, open_engine(settings.engine, site.engine, **settings.engine_settings))
    stop = threading.Event()
    working = threading.Thread(target=agent.run, args=(stop,))
    working.start()
    while (alive := asked.recv()) is not None:
        orders = [make_order() for _ in range(alive)]
        for order in orders:
            server.offer(order)
        server.wait_for("queued", [order.attempt for order in orders])
        time.sleep(_SETTLE_SECONDS)
        before, begun = cpu_seconds(), time.monotonic()
        time.sleep(SECONDS)
        used, seconds = cpu_seconds() - before, time.monotonic() - begun
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        memory, peak = (int(status[key].split()[0]) * 1024 / 1e6 for key in ("VmRSS", "VmHWM"))
        asked.send((memory, peak, 100 * used / seconds))
    stop.set()
    working.join()


if __name__ == "__main__":
    main()
