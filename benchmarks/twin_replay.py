"""The twin's replay: EASY on 8-GPU nodes, compiled and plain, beside AccaSim. Prints bars, then one JSON line.

Usage: python -m benchmarks.twin_replay [--jobs N] [--capacity GPUS] [--peer-jobs N] [--no-peer] [--no-plain]

The load is made by chance with a fixed seed: sizes are powers of two, run times log-normal, limits too long, a daily
cycle, and 0.9 of the capacity offered; jobs are planned with their limits. CPU seconds are those of the loop, without
making the load and compiling. AccaSim (EASY, first fit on the same nodes) is installed from its package index into an
environment of its own in a temporary folder and replays the first jobs of the same load in its own process; its CPU
seconds are those of its simulation. Fewer jobs favour AccaSim: it gets slower with more, as its design notes show.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from fabrica.planning.figures import figures
from fabrica.planning.replay import Cluster, Estimates, Policy, Replay, replay
from fabrica.planning.trace import Trace
from fabrica.planning.workload import Load, make_load

NODE_DEVICES, SEED = 8, 20261120
COMPILED_BAR, PLAIN_BAR, RATIO_BAR = 350_000, 15_000, 500
ROUNDS = 3
PEER = "accasim==1.1.3"


def main() -> None:
    """Measure, print the bars, and end with one JSON object."""
    wanted = _arguments()
    trace = make_load(Load(wanted.jobs, wanted.capacity), SEED)
    cluster = Cluster(wanted.capacity, NODE_DEVICES)
    rounds = [replay(trace, cluster, Policy.EASY, Estimates.LIMIT) for _ in range(ROUNDS)]
    fast = max(map(_speed, rounds))
    found = figures(rounds[0])
    print(
        f"{wanted.jobs:,} jobs on {wanted.capacity:,} GPUs in nodes of {NODE_DEVICES}: "
        f"mean wait {found.mean_wait_s:.0f} s, use {found.use:.1%}"
    )
    said: dict[str, object] = {"peak_mb": _peak_mb()}
    _bar("compiled, EASY", fast, COMPILED_BAR)
    if not wanted.no_plain:
        plain = replay(trace, cluster, Policy.EASY, Estimates.LIMIT, plain=True)
        if plain.start_seconds != rounds[0].start_seconds:
            raise SystemExit("the plain and the compiled loop gave other starts")
        _bar("plain Python, EASY, the same starts", _speed(plain), PLAIN_BAR)
        said["plain_per_second"] = round(_speed(plain))
    ratio, against = None, "nothing: AccaSim was not measured"
    if not wanted.no_peer:
        peer = _peer_speed(trace, wanted.peer_jobs, wanted.capacity)
        if peer is not None:
            ratio = fast / peer
            against = f"AccaSim 1.1.3, EASY, first {wanted.peer_jobs} jobs of the same load, in the same run"
            print(f"AccaSim, first {wanted.peer_jobs:,} jobs: {peer:,.0f} jobs/s")
            _bar("times AccaSim", ratio, RATIO_BAR)
            said["peer_per_second"] = round(peer)
    name = {"name": "twin_replay_easy_nodes", "value": round(fast), "unit": "jobs/CPU-s", "against": against}
    print(json.dumps({**name, "ratio": ratio and round(ratio), "jobs": wanted.jobs, **said}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the twin's replay.")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--capacity", type=int, default=10_000)
    parser.add_argument("--peer-jobs", type=int, default=10_000)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--no-plain", action="store_true")
    return parser.parse_args()


def _speed(done: Replay) -> float:
    return len(done.trace) / done.cpu_seconds


def _bar(name: str, value: float, least: float) -> None:
    print(f"{name}: {value:,.0f} (bar: at least {least:,.0f}) {'met' if value >= least else 'MISSED'}")


def _peak_mb() -> int:
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def _peer_speed(trace: Trace, jobs: int, capacity: int) -> float | None:
    """Return the jobs per CPU-second of AccaSim on the first jobs of the load; null when it cannot be had."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        python = folder / "environment" / "bin" / "python"
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder / "environment")], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", PEER], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            print("AccaSim could not be installed here; it is not measured")
            return None
        (folder / "load.swf").write_text(_as_swf(trace, jobs))
        nodes = {
            "groups": {"node": {"core": NODE_DEVICES}},
            "resources": {"node": capacity // NODE_DEVICES},
            "equivalence": {"processor": {"core": 1}},
        }
        (folder / "system.config").write_text(json.dumps(nodes))
        (folder / "peer.py").write_text(PEER_PROGRAM)
        done = subprocess.run([python, "peer.py"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"AccaSim failed and is not measured: {done.stderr.strip()[-300:]}")
            return None
        return jobs / float(done.stdout.split()[-1])


def _as_swf(trace: Trace, jobs: int) -> str:
    """Return the first jobs in the Standard Workload Format; a second at least, as AccaSim asks."""
    lines = []
    columns = zip(trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds, strict=True)
    for number, (submit, runtime, units, limit) in zip(range(1, jobs + 1), columns, strict=False):
        given = [number, submit + 1, -1, runtime, units, -1, 1, units, limit, 1, 1, 1, 1, 1, 1, 1, -1, -1]
        lines.append(" ".join(map(str, given)))
    return "; UnixStartTime: 0\n" + "\n".join(lines) + "\n"


# AccaSim still looks in `collections` for names that Python has moved to `collections.abc`.
PEER_PROGRAM = textwrap.dedent(
    """
    import collections, collections.abc, time
    for name in ("Mapping", "MutableMapping", "Sequence", "Iterable", "Callable", "Hashable"):
        setattr(collections, name, getattr(collections.abc, name))
    from accasim.base.simulator_class import Simulator
    from accasim.base.scheduler_class import EASYBackfilling
    from accasim.base.allocator_class import FirstFit
    simulator = Simulator("load.swf", "system.config", EASYBackfilling(FirstFit()), RESULTS_FOLDER_PATH=".")
    begun = time.process_time()
    simulator.start_simulation(system_status_f=False, simulation_status=False)
    print(time.process_time() - begun)
    """
)


if __name__ == "__main__":
    main()
