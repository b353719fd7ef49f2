"""The programs of Slurm, munge and MariaDB: found on this machine, or installed without starting their services."""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.system_needs import MissingProgram, as_root, install

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MINI = {"slurmctld": "slurmctld", "slurmd": "slurmd", "squeue": "slurm-client", "munged": "munge"}
FULL = {"slurmdbd": "slurmdbd", "mariadbd": "mariadb-server", "slurmrestd": "slurmrestd"}
FULL |= {"ip": "iproute2", "nft": "nftables"}  # for a site in a network namespace of its own
PLUGINS = {
    "accounting_storage_mysql.so": "slurm-wlm-mysql-plugin",
    "auth_jwt.so": "slurm-wlm-jwt-plugin",
    "select_cons_tres.so": "slurm-wlm-basic-plugins",
}
_POLICY = Path("/usr/sbin/policy-rc.d")
_NO_SERVICE = "#!/bin/sh\nexit 101\n"


@functools.cache
def slurm_is_here(*, full: bool = False) -> None:
    """Have the programs on this machine; `full` with accounting and REST.

    Raises:
        MissingProgram: some are absent and could not be installed.
    """
    missing = _missing(full)
    if missing:
        with _no_service_is_started():
            install(*_all_packages())
        missing = _missing(full)
    if missing:
        raise MissingProgram(
            f"Slurm is not whole on this machine ({', '.join(missing)}). "
            f"On Debian or Ubuntu: apt-get install --no-install-recommends {' '.join(_all_packages())}"
        )


def _all_packages() -> list[str]:
    return list(dict.fromkeys([*MINI.values(), *FULL.values(), *PLUGINS.values()]))


def _missing(full: bool) -> Sequence[str]:
    programs = {**MINI, **FULL} if full else MINI
    missing = [name for name in programs if shutil.which(name, path=PATH) is None]
    plugins = {path.name for path in Path("/usr/lib").glob("*/slurm-wlm/*.so")}
    plugins |= {path.name for path in Path("/usr/lib").glob("*/slurm/*.so")}
    return missing + [name for name in (PLUGINS if full else ["select_cons_tres.so"]) if name not in plugins]


@contextlib.contextmanager
def _no_service_is_started() -> Iterator[None]:
    """Keep the packages from starting services while they are installed, as Debian's policy-rc.d allows."""
    asking = as_root()
    if asking is None or not shutil.which("apt-get"):
        yield
        return
    before = _POLICY.read_text() if _POLICY.exists() else None
    if before == _NO_SERVICE:
        yield
        return
    _write(asking, _NO_SERVICE)
    try:
        yield
    finally:
        if before is None:
            subprocess.run([*asking, "rm", "--force", _POLICY], check=False)
        else:
            _write(asking, before)


def _write(asking: Sequence[str], text: str) -> None:
    subprocess.run([*asking, "tee", _POLICY], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*asking, "chmod", "755", _POLICY], check=True)


def main() -> int:
    """Install what is missing; without it say so, and fail only in continuous integration."""
    try:
        slurm_is_here(full=True)
    except MissingProgram as missing:
        print(f"Skipped: {missing}")
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
