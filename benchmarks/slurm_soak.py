"""A soak: short runs over two real Slurm sites under random faults; at the end the books and Slurm's rows must agree.

Server, background work and both agents are real processes. While the runs go through, at random: an agent is killed,
slurmctld is started anew, slurmdbd is away, a site's way out is cut, and one reply of sbatch in ten is lost. An
operator releases what Slurm holds. It ends with the difference between ledger and `sacct -D`, of what was used and of
what was charged, which is never more than was reserved; and with how many started twice.

Usage: python -m benchmarks.slurm_soak [--runs 10000] [--minutes 60] [--seed 1] [--fault "agent killed" ...]
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fabrica.sdk import runs
from fabrica.sdk.manifest import read_manifest
from fabrica.values.ids import AttemptId
from fabrica.values.states import ENDS, EndReason
from fabrica.wire.problems import FabricaError
from tests.engines.slurm.bench import fake_commands
from tests.flows.home import Home, wait_until
from tests.flows.network import free_port
from tests.flows.slurm.network import SlurmNetwork, make_slurm_template
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.fixtures import cluster

FAULTS = ("agent killed", "slurmctld restarted", "slurmdbd down", "way out cut")
_LOST_REPLIES = """
if [ $(( $(od -An -N2 -tu2 /dev/urandom) % 10 )) -ne 0 ]; then exec $REAL "$@"; fi
$REAL "$@" > /dev/null
echo lost >> $HERE/lost
exit 1
"""
_ROWS = ("sacct", "--duplicates", "--noheader", "--parsable2", "--allocations", "--allusers", "--starttime=now-1day")
_SHAPE: dict[str, Any] = {"nodes": 2, "cpus_per_node": 16, "gpus_per_node": 16, "accounting": True}


@dataclass(frozen=True)
class Faults:
    """Which faults happen, and what draws them."""

    names: tuple[str, ...]
    draw: random.Random


@dataclass
class Site:
    """One site of the soak: its network of processes, and what happened to it. The server is the first site's."""

    network: SlurmNetwork
    port: int
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def cluster(self) -> SlurmCluster:
        return self.network.cluster

    def start_agent(self) -> None:
        self.network.start("agent", server=f"http://127.0.0.1:{self.port}")

    def suffer(self, fault: str, draw: random.Random) -> None:
        """Do one fault to the site, and mend it after a while."""
        self.faults[fault] += 1
        away_seconds = draw.uniform(0.5, 5)
        match fault:
            case "agent killed":
                self.network.kill("agent")
                time.sleep(away_seconds)
                self.start_agent()
            case "slurmctld restarted":
                self.cluster.restart("slurmctld")
            case "slurmdbd down":
                self.cluster.kill("slurmdbd")
                time.sleep(away_seconds)
                self.cluster.restart("slurmdbd")
            case "way out cut":
                self.network.kill("relay")
                time.sleep(away_seconds)
                self.network.open_relay(self.port)

    def operate(self) -> None:
        """Do what an operator does: resume drained nodes, release held jobs."""
        with suppress(RuntimeError, subprocess.TimeoutExpired):
            for node in self.cluster.command("sinfo", "--noheader", "-N", "--states=drain", "--format=%N").split():
                self.cluster.command("scontrol", "update", f"NodeName={node}", "State=RESUME")
            lines = self.cluster.command("squeue", "--noheader", "--states=PENDING", "--format=%A %r").splitlines()
            for job, reason in (line.split(maxsplit=1) for line in lines):
                if "held" in reason.lower():
                    self.cluster.command("scontrol", "release", job)


def main() -> None:
    """Soak, print what happened, and end with one JSON object; exit with 1 when anything differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=60, help="after this no further run is submitted")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="only these; all by default")
    asked = parser.parse_args()
    faults = Faults(tuple(asked.fault or FAULTS), random.Random(asked.seed))
    folder = Path(tempfile.mkdtemp(prefix="fabrica-soak-"))
    try:
        with two_sites(folder) as sites:
            result = soak(sites, folder, asked.runs, asked.minutes * 60, faults)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result))
    sys.exit(int(bool(result["value"] or result["doubles"] or result["books"])))


@contextmanager
def two_sites(folder: Path) -> Iterator[list[Site]]:
    """Yield two sites of one server, with everything up."""
    with ExitStack() as stack:
        clusters = [
            stack.enter_context(cluster(name=name, gpu_type=kind, **_SHAPE))
            for name, kind in (("north", "h100"), ("south", "a100"))
        ]
        template = make_slurm_template(folder / "template" / "home", second=True)
        bins = [fake_commands(folder / f"bin-{one.name}", sbatch=_LOST_REPLIES) for one in clusters]
        north = SlurmNetwork(template, folder / "north", clusters[0], command_folder=str(bins[0]))
        stack.callback(north.close)
        north.make_whole()
        a100 = {"resource_class": "gpu.a100", "accelerator": "A100-40G-SXM", "gres_type": "a100"}
        south = SlurmNetwork(
            template, folder / "south", clusters[1], of=north, partition=a100, command_folder=str(bins[1])
        )
        stack.callback(south.close)
        sites = [Site(north, north.open_relay()), Site(south, free_port())]
        south.open_relay(sites[1].port)
        north.kill("agent")
        for site in sites:
            site.start_agent()
            wait_until(site.network.has_gpus, f"{site.cluster.name} has told of its GPUs")
        yield sites


def soak(sites: list[Site], folder: Path, count: int, seconds_max: float, faults: Faults) -> dict[str, Any]:
    """Bring `count` runs through, with faults all the time, and return what the books and Slurm say of them."""
    marks = folder / "marks"
    marks.mkdir()
    over = threading.Event()
    threads = [
        threading.Thread(target=_suffer, args=(sites, over, faults)),
        threading.Thread(target=_operators, args=(sites, over)),
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    try:
        submitted = _submit(sites, folder, marks, count, began + seconds_max)
        _drain(sites[0].network.home, len(submitted))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    for site in sites:
        site.cluster.mend()
    return _settle(sites, marks, time.monotonic() - began)


def _suffer(sites: list[Site], over: threading.Event, faults: Faults) -> None:
    draw = faults.draw
    while not over.wait(draw.uniform(1, 4)):
        draw.choice(sites).suffer(draw.choice(faults.names), draw)


def _operators(sites: list[Site], over: threading.Event) -> None:
    while not over.wait(2):
        for site in sites:
            site.operate()


def _submit(sites: list[Site], folder: Path, marks: Path, count: int, until: float) -> list[str]:
    specs = []
    for site in sites:
        home = folder / f"run-{site.cluster.name}"
        home.mkdir()
        script = f"echo x >> {marks}/$FABRICA_ATTEMPT; sleep 0.$(( $$ % 10 ))"
        asked = f'resource_class = "{site.network.partition["resource_class"]}"\nmemory = "64 MiB"\ndisk = "16 MiB"'
        text = f'name = "soak"\ncommand = ["sh", "-c", {json.dumps(script)}]\nattempts_max = 5\n[resources]\n{asked}\n'
        (home / "fabrica.toml").write_text(f'{text}time_limit = "2 min"\n')
        specs.append(read_manifest(home))
    submitted: list[str] = []
    client = sites[0].network.client
    while len(submitted) < count and time.monotonic() < until:
        try:
            submitted.append(runs.submit(client, specs[len(submitted) % 2]).id)
        except FabricaError as refusal:
            print(f"refused: {refusal}", flush=True)
            time.sleep(1)
    print(f"{len(submitted)} runs submitted", flush=True)
    return submitted


def _drain(home: Home, count: int) -> None:
    told = time.monotonic()
    while True:
        states = Counter(home.inside()["runs"].values())
        if sum(states[one] for one in ("succeeded", "failed", "cancelled", "timed_out")) >= count:
            return
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(dict(states), flush=True)
        time.sleep(2)


def _settle(sites: list[Site], marks: Path, seconds: float) -> dict[str, Any]:
    found = sites[0].network.home.inside()
    rows: dict[str, list[tuple[str, int]]] = {}
    for site in sites:
        for row, name, milliseconds in wait_until(partial(_whole, site.cluster), "every row has its end"):
            rows.setdefault(name.removeprefix("fab-"), []).append((row, milliseconds))
    difference = doubles = charged = 0
    for attempt in found["attempts"]:
        told = rows.pop(AttemptId(attempt["attempt"]), [])
        due = sum(milliseconds for _, milliseconds in told)
        off = abs(attempt["used_milliseconds"] - due)
        if ENDS[EndReason(attempt["reason"])].charged:
            charged += due
            off += abs(attempt["charged_milliseconds"] - min(due, attempt["reserved_milliseconds"]))
        if off:
            print(
                f"differs: {attempt}, accounting tells {told}, the site wrote {_written(marks.parent, attempt)}",
                flush=True,
            )
        difference += off
        mark = marks / attempt["attempt"]
        begun = len(mark.read_text().splitlines()) if mark.exists() else 0
        doubles += begun > 1
    if rows:
        print(f"no book knows: {rows}", flush=True)
    difference += sum(milliseconds for told in rows.values() for _, milliseconds in told)
    return {
        "name": "slurm_soak",
        "value": difference / 1000,
        "unit": "device-seconds between ledger and sacct",
        "doubles": doubles,
        "runs": len(found["runs"]),
        "attempts": len(found["attempts"]),
        "states": dict(Counter(found["runs"].values())),
        "reasons": dict(Counter(attempt["reason"] for attempt in found["attempts"])),
        "charged_device_seconds": charged / 1000,
        "books": found["books"],
        "chain_sound": found["chain_sound"],
        "replies_lost": sum(_lines(Path(site.network.more["command_folder"]) / "lost") for site in sites),
        "faults": dict(sum((site.faults for site in sites), Counter())),
        "seconds": round(seconds, 1),
    }


def _written(folder: Path, attempt: dict[str, Any]) -> list[str]:
    """Return the rows that the site keeps of an attempt: what it charged by, and where each figure came from."""
    return [file.read_text() for file in folder.rglob("slurm_rows.jsonl") if attempt["attempt"] in str(file)]


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def _whole(one: SlurmCluster) -> list[tuple[str, str, int]]:
    """Return accounting's rows of our jobs with name and device-milliseconds, none while one still lacks its end."""
    found = []
    for line in one.command(*_ROWS, "--format=JobName,End,ElapsedRaw,AllocTRES,JobIDRaw,Start,State").splitlines():
        name, end, elapsed, held, *_ = line.split("|")
        if end == "Unknown":
            return []
        counts = dict(part.split("=") for part in held.split(",") if part)
        found.append((line, name, int(elapsed) * int(counts.get("gres/gpu", 0)) * 1000))
    return found


if __name__ == "__main__":
    main()
