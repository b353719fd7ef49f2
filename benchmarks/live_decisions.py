"""The live service's own decisions, made again by the twin's kernel: each has to come out as it was made.

A fresh embedded network with its simulated sites gets runs of mixed shapes, drawn from a fixed seed, while the office
drains sites and lets them go on, so that many runs are held and decided again. Then every decision that the service
kept is made again, by the compiled kernel and by the one in plain Python.

Usage: python -m benchmarks.live_decisions [RUNS]
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.shared.embedded import embedded_network
from fabrica.planning.decisions import replay_decisions
from fabrica.sdk import runs, sites
from fabrica.sdk.client import Client
from fabrica.sdk.manifest import Manifest, read_manifest
from fabrica.values.ids import RunId, SiteId
from fabrica.values.states import RunState
from fabrica.wire.problems import FabricaError

SEED = 20261122
RUNS_BETWEEN_DRAINS = 12
DRAINED_SHARE = 0.7
CLASSES = {"gpu.h100": (64, 8), "gpu.h200": (4, 8), "gpu.a100": (64, 4), "gpu.mi250x": (64, 8)}
"""The most nodes and the most devices of a node that a run asks for, of the classes that simulated sites have."""
COUNTRIES = ("BG", "CZ", "ES", "FI", "IT", "LU", "SI")
_PAUSE_SECONDS = 0.2  # the office does not act faster than the service places
_SECONDS_MAX = 600


def main() -> None:
    """Make the decisions, make them again, and end with one JSON object."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    with embedded_network("--simulate") as network, Client(network.url, network.token()) as client:
        submitted = submit(client, wanted)
        decided = [one for run in submitted for one in runs.kept_decisions(client, run)]
    compiled, plain = replay_decisions(decided), replay_decisions(decided, plain=True)
    for kernel, found in (("as it runs here", compiled), ("plain Python", plain)):
        same = found.decisions - len(found.different)
        print(f"{f'decisions of {wanted} runs that come out as made, {kernel}':64}{same:8,} of {found.decisions:,}")
    print(f"{'of these, decisions that held a run':64}{compiled.held:8,}")
    print(
        json.dumps(
            {
                "name": "live_decisions_equal",
                "value": compiled.equal_share,
                "unit": "share",
                "against": "the decisions of the live service, bar: 1",
                "ratio": compiled.equal_share,
                "plain_share": plain.equal_share,
                "compiled": compiled.compiled,
                "decisions": compiled.decisions,
                "held": compiled.held,
                "runs": wanted,
            }
        )
    )


def submit(client: Client, wanted: int) -> list[RunId]:
    """Submit runs that some site can take, drain and resume sites meanwhile, and wait until every run has a place."""
    draw = random.Random(SEED)
    simulated = [one.id for one in sites.sites(client) if one.simulated]
    submitted: list[RunId] = []
    with tempfile.TemporaryDirectory() as folder:
        while len(submitted) < wanted:
            if len(submitted) % RUNS_BETWEEN_DRAINS == 0:
                drain(client, {site for site in simulated if draw.random() < DRAINED_SHARE}, simulated)
            try:
                submitted.append(runs.submit(client, mixed(draw, Path(folder))).id)
            except (
                FabricaError
            ) as refused:  # no site of the network can ever take it: no decision is kept of such a run
                print(refused.detail, file=sys.stderr)
            time.sleep(_PAUSE_SECONDS)
    drain(client, set(), simulated)
    until = time.monotonic() + _SECONDS_MAX
    while any(runs.runs(client, state=state, limit=1).runs for state in (RunState.SUBMITTED, RunState.HELD)):
        assert time.monotonic() < until, "some runs found no place"
        time.sleep(_PAUSE_SECONDS)
    return submitted


def drain(client: Client, wanted: set[SiteId], simulated: list[SiteId]) -> None:
    """Let the wanted sites take no new runs, and the others go on."""
    for site in simulated:
        if site in wanted:
            sites.drain(client, site, "Decisions are made again.")
        else:
            sites.resume(client, site)


def mixed(draw: random.Random, folder: Path) -> Manifest:
    """Return a run of a drawn class, size and length, a quarter of them in two countries alone."""
    resource_class = draw.choice(list(CLASSES))
    nodes_max, devices_max = CLASSES[resource_class]
    nodes = int(nodes_max ** draw.random())
    devices = draw.choice([count for count in (1, 2, 4, 8) if count <= devices_max])
    countries = f"countries = {json.dumps(draw.sample(COUNTRIES, 2))}\n" if draw.random() < 0.25 else ""
    (folder / "fabrica.toml").write_text(
        f'name = "mixed"\ncommand = ["sleep", "{draw.choice((5, 20, 60))}"]\naccept_simulated = true\n{countries}'
        f'[resources]\nresource_class = "{resource_class}"\nnodes = {nodes}\ndevices = {devices}\n'
        f'time_limit = "{draw.choice((5, 10, 30))} min"\n'
    )
    return read_manifest(folder)


if __name__ == "__main__":
    main()
