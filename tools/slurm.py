"""Two real Slurm sites on this machine, joined to its embedded network: each with its own cluster and its own agent.

Usage: python tools/slurm.py up [--namespaces] | down | status | cut SITE | mend SITE
`up` twice is the same as once; `down` leaves nothing behind, also after an `up` that was cut off.
`--namespaces` gives each site a network of its own, which calls out and which nobody calls; it needs root.
`cut` then takes the link of a site down, and `mend` up again.
"""

import argparse
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # as a program, Python looks only beside this file

from fabrica.wire.problems import FabricaError  # noqa: E402
from tests.services.slurm import processes  # noqa: E402
from tests.services.slurm.namespace import SiteNetwork  # noqa: E402
from tools.slurm_join import Joined, join, leave  # noqa: E402
from tools.slurm_sites import SITES, LocalSite, cluster_of  # noqa: E402
from tools.system_needs import MissingProgram  # noqa: E402

FOLDER = ROOT / ".slurm"


def main(arguments: Sequence[str]) -> int:
    """Do what was asked; return 0 when it came true."""
    asked = _parse(arguments)
    folder: Path = asked.folder.absolute()
    try:
        match asked.command:
            case "up":
                with _alone(folder):
                    up(folder, namespaces=asked.namespaces)
            case "down":
                down(folder)
            case "status":
                return status(folder)
            case link:
                change_link(folder, link, asked.site)
    except (FabricaError, MissingProgram, RuntimeError, ValueError) as trouble:
        print(f"It did not work: {trouble}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=("up", "down", "status", "cut", "mend"))
    parser.add_argument("site", nargs="?", choices=[site.id for site in SITES], help="whose link is cut or mended")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the sites live; keep the path short")
    parser.add_argument("--namespaces", action="store_true", help="give each site a network of its own (root)")
    return parser.parse_args(arguments)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up(folder: Path, *, namespaces: bool = False) -> None:
    """Start what does not run yet, join both sites to the embedded network, and say what to try."""
    if namespaces and os.geteuid() != 0:
        raise RuntimeError("network namespaces need root; without --namespaces any user can do this")
    settings = folder / "settings.json"
    if settings.exists() and json.loads(settings.read_text())["namespaces"] != namespaces:
        print("The sites run with another kind of network; they are ended and made anew.")
        _end(folder)
    settings.write_text(json.dumps({"namespaces": namespaces}))
    for site in SITES:
        started = time.monotonic()
        network = SiteNetwork(folder / site.id) if namespaces else None
        if network and not network.exists():
            network.create()
        cluster = cluster_of(site, folder, network)
        cluster.mend()
        words = f"{cluster.site.nodes} nodes, {site.gpus_per_node} {site.gpu_type} each"
        books = "with accounting and REST" if site.accounting else "without accounting"
        print(f"{site.title}: Slurm is up, {words}, {books} ({time.monotonic() - started:.1f} s)", flush=True)
    print(_next_steps(folder, join(folder, namespaces=namespaces)))


def _next_steps(folder: Path, joined: Joined) -> str:
    lines = [f"Both sites are connected to {joined.url}. Try:", "  .venv/bin/fabrica sites"]
    lines += [f"  .venv/bin/fabrica run {example}" for example in joined.examples]
    first = SITES[0]
    lines.append(f"  SLURM_CONF={folder / first.id / 'etc/slurm.conf'} squeue        (and sinfo, sacct, scontrol)")
    lines.append("End them with 'make slurm-down'.")
    return "\n".join(lines)


def down(folder: Path) -> None:
    """End every process of the sites by its id, remove their networks and their folder."""
    was_there = folder.exists()
    if was_there:
        leave(folder)
    _end(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise RuntimeError(f"{folder} could not be removed")
    print("The Slurm sites are down; nothing of them is left." if was_there else "No Slurm sites were there.")


def _end(folder: Path) -> None:
    """End processes and networks, whatever the folder says or lacks."""
    for site in SITES:
        processes.end_site(folder / f"{site.id}-agent")
        processes.end_site(folder / site.id)
        if os.geteuid() == 0:
            SiteNetwork(folder / site.id).remove()
        shutil.rmtree(folder / site.id, ignore_errors=True)
        shutil.rmtree(folder / f"{site.id}-agent", ignore_errors=True)


def status(folder: Path) -> int:
    """Say what runs; return 0 when everything does."""
    if not (folder / "settings.json").exists():
        print("No Slurm sites are here. Start them with 'make slurm'.")
        return 1
    return max(_say_status(site, folder) for site in SITES)


def _say_status(site: LocalSite, folder: Path) -> int:
    cluster = cluster_of(site, folder, None)
    dead = [f"{daemon} {node or ''}".strip() for daemon, node in cluster.daemons if not cluster.runs(daemon, node)]
    if processes.pid_of(folder / f"{site.id}-agent", "agent") is None:
        dead.append("the agent")
    print(f"{site.title}: {'everything runs' if not dead else 'these do not run: ' + ', '.join(dead)}")
    return 1 if dead else 0


def change_link(folder: Path, change: str, site: str | None) -> None:
    """Cut or mend the one link between a site and everything else."""
    if site is None:
        raise ValueError(f"name the site: {' or '.join(one.id for one in SITES)}")
    network = SiteNetwork(folder / site)
    if not network.exists():
        raise RuntimeError(f"{site} has no network of its own; start the sites with --namespaces")
    if change == "cut":
        network.cut()
    else:
        network.mend()
    print(f"The link of {site} is {'down' if change == 'cut' else 'up'}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
