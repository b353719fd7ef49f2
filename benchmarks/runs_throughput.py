"""Runs: how soon a submitted run is accepted, and how fast a queue of runs of `true` drains on this machine.

The queue goes the whole way: submitted over HTTP, placed with reasons, reserved, leased, staged, started by the local
engine, recorded, sealed, charged. Against it, in the same run of this benchmark, a bare pool of processes that starts
the same `true` and keeps nothing. The ratio is what all of that costs.

Usage: python -m benchmarks.runs_throughput [RUNS]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.shared.embedded import embedded_network
from benchmarks.shared.processes import cpu_seconds_of
from fabrica.sdk import runs
from fabrica.sdk.client import Client
from fabrica.sdk.manifest import read_manifest
from fabrica.values.states import RunState
from fabrica.wire.runs import Run, RunSpec

SINGLE_RUNS = 40
_MANIFEST = 'name = "true"\ncommand = ["true"]\n[resources]\nmemory = "64 MiB"\ndisk = "16 MiB"\ntime_limit = "1 min"\n'
_WAITING = frozenset({RunState.SUBMITTED, RunState.HELD, RunState.PLACED})


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    bare = pool_seconds(count)
    with embedded_network() as network, Client(network.url, network.token()) as client:
        spec = upload(client)
        answered, accepted = single_runs(client, spec)
        cpu_before = cpu_seconds_of(network.pid)
        submitted, drained = queued_runs(client, spec, count)
        cpu = cpu_seconds_of(network.pid) - cpu_before
    rate, bare_rate = count / drained, count / bare
    print(f"{'one run at a time, answer to the submission, p95':58}{p95(answered) * 1000:10.0f} ms")
    print(f"{'one run at a time, submitted to accepted by the site, p95':58}{p95(accepted) * 1000:10.0f} ms")
    print(f"{f'{count} runs, submitted':58}{submitted:10.1f} s")
    print(f"{f'{count} runs, submitted and drained':58}{drained:10.1f} s {rate:10.1f} /s")
    print(f"{'CPU time of the network, its server and agent in one process':58}{cpu / count * 1000:10.1f} ms each")
    print(f"{f'{count} processes, bare pool of {os.cpu_count()}':58}{bare:10.1f} s {bare_rate:10.1f} /s")
    print(
        json.dumps(
            {
                "name": "runs_drained",
                "value": round(rate, 2),
                "unit": "runs/s",
                "against": "a bare pool of processes running the same command",
                "ratio": round(rate / bare_rate, 4),
                "bare_per_second": round(bare_rate, 1),
                "runs": count,
                "cpu_ms": round(cpu / count * 1000, 1),
                "answer_p95_ms": round(p95(answered) * 1000, 1),
                "accepted_p95_ms": round(p95(accepted) * 1000, 1),
            }
        )
    )


def pool_seconds(count: int) -> float:
    """Return the seconds that a bare pool takes for as many processes."""
    begun = time.perf_counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        statuses = list(pool.map(run_true, range(count), chunksize=4))
    assert statuses == [0] * count
    return time.perf_counter() - begun


def run_true(_number: int) -> int:
    """Run `true` once, and return its exit status."""
    return subprocess.run(["true"], check=False).returncode


def upload(client: Client) -> RunSpec:
    """Run `true` once, so that its source is there, and return what to submit again."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "fabrica.toml").write_text(_MANIFEST)
        first = runs.submit(client, read_manifest(Path(folder)))
    for _ in runs.follow(client, first.id):
        continue
    return first.spec


def submit(client: Client, spec: RunSpec) -> Run:
    """Submit one run, without retries."""
    return Run.model_validate(client.post("/runs", spec))


def single_runs(client: Client, spec: RunSpec) -> tuple[list[float], list[float]]:
    """Return, for runs that meet an idle network, the seconds to the answer and to the site's acceptance."""
    answered: list[float] = []
    accepted: list[float] = []
    for _ in range(SINGLE_RUNS):
        begun = time.perf_counter()
        run = submit(client, spec).id
        answered.append(time.perf_counter() - begun)
        for seen in runs.follow(client, run):
            if isinstance(seen, runs.StateSeen) and seen.state not in _WAITING and len(accepted) < len(answered):
                accepted.append(time.perf_counter() - begun)
    return answered, accepted


def queued_runs(client: Client, spec: RunSpec, count: int) -> tuple[float, float]:
    """Submit runs one after the other; return the seconds until all are submitted, and until all have succeeded."""
    begun = time.perf_counter()
    for _ in range(count):
        submit(client, spec)
    submitted = time.perf_counter() - begun
    going = [state for state in RunState if not state.final]
    while any(runs.runs(client, state=state, limit=1).runs for state in going):
        time.sleep(0.25)
    drained = time.perf_counter() - begun
    for state in (RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT):
        assert not runs.runs(client, state=state, limit=1).runs, f"a run has {state}"
    return submitted, drained


def p95(times: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(times)[int(len(times) * 0.95)]


if __name__ == "__main__":
    main()
