"""Newer releases of Slurm than this machine's, each in a folder with the Debian release that carries it. Needs root."""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.services.slurm.packages import FULL, MINI, PLUGINS
from tools.system_needs import MissingProgram, install

RELEASES = {"24.11": "trixie", "26.05": "forky"}
"""Each release of Slurm, and the Debian release that carries it."""
WANTED = "FABRICA_SLURM_RELEASES"
"""Variable that says which of them the tests shall make, for example `24.11,26.05`; each is a download of 300 MB."""

BUILD_SECONDS_MAX = 300
_SCRIPT = {"forky": "sid"}  # debootstrap is older than this release, and learnt no script of its name
_CACHE = Path(__file__).parents[3] / ".slurm-releases"
_BIND = """
root=$1; shift
for name in proc sys dev tmp; do mount --rbind /$name "$root/$name"; done
exec chroot "$root" sh -c 'cd "$0" 2>/dev/null; exec "$@"' "$PWD" "$@"
"""


def wanted() -> list[str]:
    """Return the releases that the tests shall try."""
    asked = os.environ.get(WANTED, "").replace(",", " ").split()
    return [release for release in RELEASES if release in asked]


def prefix_of(root: Path) -> list[str]:
    """Return what to put before a command so that it runs in `root`, with this machine's /tmp.

    The mounts are in a namespace of the process alone: they go with it.
    """
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", _BIND, "slurm-root", str(root)]


@functools.cache
def release_root(release: str) -> Path:
    """Return the folder with a release of Slurm, made when it is not there yet.

    Raises:
        MissingProgram: it cannot be had here, or not in five minutes; says why.
    """
    if os.geteuid() != 0:
        raise MissingProgram(f"Slurm {release} needs root to be made and run beside this machine's own")
    _CACHE.mkdir(exist_ok=True)
    root = _CACHE / RELEASES[release]
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers start together
        if not root.exists():
            _make(release, root)
    said = subprocess.run([*prefix_of(root), "slurmd", "-V"], capture_output=True, text=True, check=False).stdout
    if f" {release}." not in said:
        raise MissingProgram(f"Debian {RELEASES[release]} has another Slurm than {release}: {said.strip() or 'none'}")
    return root


def _make(release: str, root: Path) -> None:
    suite = RELEASES[release]
    if shutil.which("debootstrap") is None and not install("debootstrap"):
        raise MissingProgram(f"debootstrap is not here, and Slurm {release} needs it")
    packages = [*MINI.values(), *FULL.values(), *PLUGINS.values(), "python3"]
    unfinished = root.with_suffix(".unfinished")
    _remove(unfinished)
    print(f"Making a folder with Slurm {release} from Debian {suite}", file=sys.stderr, flush=True)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(dict.fromkeys(packages))}"]
    command += [suite, str(unfinished), debian_mirror(), *([_SCRIPT[suite]] if suite in _SCRIPT else [])]
    # nothing outlives it
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    try:
        done = subprocess.run(
            [*alone, *command], capture_output=True, text=True, check=False, timeout=BUILD_SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        _remove(unfinished)
        raise MissingProgram(f"Slurm {release} could not be had in {BUILD_SECONDS_MAX} s") from None
    if done.returncode != 0:
        _remove(unfinished)
        raise MissingProgram(f"Slurm {release} could not be had: {done.stdout.strip()[-300:]}")
    shutil.copy("/etc/hosts", unfinished / "etc" / "hosts")  # else nothing resolves localhost
    unfinished.rename(root)


def debian_mirror() -> str:
    """Return the address of the Debian archive that apt uses on this machine."""
    command = ["apt-get", "indextargets", "--format", "$(CODENAME) $(SITE)", "Created-By: Packages"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    sites = [line.split()[1] for line in lines if "-" not in line.split()[0]]
    if not sites:
        raise MissingProgram("apt has no archive of a Debian release, from which newer ones could be had")
    return sites[0]


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
