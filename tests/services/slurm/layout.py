"""What one site has on disk before it starts, and which ports it takes."""

import os
import secrets
import shlex
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

from tests.services.slurm import configuration
from tests.services.slurm.configuration import PORTS_PER_SITE, Site

COMMANDS = (
    *("sacct", "sacctmgr", "salloc", "sbatch", "scancel", "scontrol", "sdiag", "sinfo", "sprio", "squeue"),
    *("sreport", "srun", "sshare", "sstat", "strigger"),
)
PORTS = range(20_000, 32_000, PORTS_PER_SITE)  # under those that the kernel gives to whoever asks for any
NULL_DEVICE = os.makedev(1, 3)  # the null device: a job that opens its GPU reads nothing


def write_files(site: Site, prefix: Sequence[str]) -> None:
    """Write everything a site has on disk before it starts; keys that are there stay."""
    site.folder.mkdir(parents=True, exist_ok=True)
    site.folder.chmod(0o755)  # jobs of other users come by; what is secret has its own mode
    for name in ("bin", "etc", "run", "log", "spool", "state", "db", "dev"):
        (site.folder / name).mkdir(exist_ok=True)
        (site.folder / name).chmod(0o755)
    _write(site.folder / "etc/slurm.conf", configuration.slurm_conf(site), 0o644)
    _write(site.folder / "etc/gres.conf", configuration.gres_conf(site), 0o644)
    if not (site.folder / "etc" / "munge.key").exists():
        _write(site.folder / "etc/munge.key", secrets.token_bytes(128), 0o400)
    if site.accounting:
        _write(site.folder / "etc/slurmdbd.conf", configuration.slurmdbd_conf(site), 0o600)
    if site.rest and not site.jwt_key.exists():
        _write(site.folder / "state/jwt_hs256.key", secrets.token_bytes(32), 0o600)
    for device in site.devices:
        if device.is_relative_to(site.folder) and not device.exists():
            os.mknod(device, 0o666 | stat.S_IFCHR, NULL_DEVICE)
    for name in COMMANDS if prefix else ():
        _write(site.folder / f"bin/{name}", _script(site.folder / "bin", prefix, f"/usr/bin/{name}"), 0o755)


def _write(path: Path, content: str | bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    data = content.encode() if isinstance(content, str) else content
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    path.chmod(mode)


def _script(folder: Path, prefix: Sequence[str], program: str) -> str:
    """Return a script that runs a program behind a prefix; in jobs, which are behind it already, without one.

    Behind it, these scripts are not on the PATH.
    """
    without = f'[ -z "$SLURM_JOB_ID" ] || exec {program} "$@"'
    return f'#!/bin/sh\n{without}\nPATH=${{PATH#{folder}:}}\nexec {shlex.join([*prefix, program])} "$@"\n'


def kept_password(folder: Path) -> str:
    """Return the database's password: the one that the folder has, else a new one."""
    file = folder / "etc" / "slurmdbd.conf"
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition("=")[2] for line in lines if line.startswith("StoragePass=")), secrets.token_hex(16))


def device_paths(folder: Path, count: int) -> list[Path]:
    """Return the files that stand for a node's GPUs: devices of our own for root, else terminals that exist."""
    if os.geteuid() == 0:
        return [folder / "dev" / f"nvidia{number}" for number in range(count)]
    devices = [Path(f"/dev/tty{number}") for number in range(count)]
    missing = [str(device) for device in devices if not device.is_char_device()]
    if missing:
        raise ValueError(f"no device stands for a GPU: {', '.join(missing)} are not on this machine")
    return devices


def free_ports() -> tuple[int, socket.socket]:
    """Return the first port of a block where nobody listens, and a socket on its last one that holds the block."""
    for _ in range(100):
        base = secrets.choice(PORTS)
        guard = _bound(base + PORTS_PER_SITE - 1)
        if guard is None:
            continue
        trials = [_bound(port) for port in range(base, base + PORTS_PER_SITE - 1)]
        for trial in trials:
            if trial:
                trial.close()
        if all(trials):
            return base, guard
        guard.close()
    raise RuntimeError("no block of ports is free")


def _bound(port: int) -> socket.socket | None:
    trial = socket.socket()
    try:
        trial.bind(("127.0.0.1", port))
    except OSError:
        trial.close()
        return None
    return trial
