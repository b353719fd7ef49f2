"""A real Apptainer and a small image, for tests: this machine's own, or a newer Debian's, unpacked into a folder."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fabrica.engines.containers import version_of
from tests.services.slurm.releases import debian_mirror
from tools.system_needs import MissingProgram, install

_CACHE = Path(__file__).parents[2] / ".apptainer"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PACKAGES = ("apptainer", "libc6", "libseccomp2", "libsqlite3-0")
_HELPERS = {"patchelf": "patchelf", "mksquashfs": "squashfs-tools", "busybox": "busybox-static"}
_SECONDS_MAX = 240
_PROGRAMS = ("sh", "cat", "env", "id", "ls", "pwd", "sleep", "touch")


@dataclass(frozen=True)
class Apptainer:
    """A working Apptainer. `folder`: where images are made; others may read it."""

    program: Path
    folder: Path

    @cached_property
    def version(self) -> str:
        told = version_of(str(self.program))
        assert told is not None
        return told

    @cached_property
    def image(self) -> Path:
        """A small image, made here from a folder: BusyBox and a word in /etc/os-release."""
        root = self.folder / "root"
        for part in ("bin", "etc", "tmp", "proc", "sys", "dev", "var/tmp", "root", "home"):
            (root / part).mkdir(parents=True, exist_ok=True)
        shutil.copy(shutil.which("busybox") or "busybox", root / "bin" / "busybox")
        for name in _PROGRAMS:
            (root / "bin" / name).symlink_to("busybox")
        (root / "etc" / "os-release").write_text('NAME="An image of the tests"\n')
        for name in ("passwd", "group", "hosts", "localtime", "resolv.conf"):
            (root / "etc" / name).touch()
        image = self.folder / "small.sif"
        _run(str(self.program), "--quiet", "build", str(image), str(root))
        image.chmod(0o444)
        return image


@contextmanager
def apptainer() -> Iterator[Apptainer]:
    """Yield a working Apptainer in a folder that goes at the end.

    Raises:
        MissingProgram: it cannot be had here; says why.
    """
    missing = [package for name, package in _HELPERS.items() if shutil.which(name) is None]
    if missing and not install(*missing):
        raise MissingProgram(f"Apptainer's tests need {', '.join(missing)}")
    folder = Path(tempfile.mkdtemp(prefix="fabrica-apptainer-"))
    folder.chmod(0o755)
    try:
        here = shutil.which("apptainer")
        program = Path(here) if here else _unpacked(folder / "apptainer")
        if version_of(str(program)) is None:
            raise MissingProgram(f"{program} is no Apptainer that works here")
        yield Apptainer(program, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpacked(root: Path) -> Path:
    """Unpack Apptainer with the C library that it was built for, which may be newer than this machine's."""
    for package in _downloaded():
        _run("dpkg-deb", "--extract", str(package), str(root))
    inside = root / "usr" / "lib"
    for top in (root / "usr", inside):  # it looks for its settings from both of its programs
        (top / "etc").symlink_to(root / "etc")
    (root / "usr" / "var").symlink_to(root / "var")
    (inside / "var").symlink_to(root / "var")
    (root / "var" / "lib" / "apptainer" / "mnt" / "session").mkdir(parents=True, exist_ok=True)
    starter = next(inside.glob("*/apptainer/bin/starter"), None)
    if starter is None:
        raise MissingProgram("Debian's Apptainer is laid out otherwise than these tests know")
    libraries = starter.parents[2]
    for program in (root / "usr" / "bin" / "apptainer", starter):
        loader = str(libraries / "ld-linux-x86-64.so.2")
        _run("patchelf", "--set-interpreter", loader, "--force-rpath", "--set-rpath", str(libraries), str(program))
    return root / "usr" / "bin" / "apptainer"


def _downloaded() -> list[Path]:
    """Return the packages, fetched once; the lists that apt reads for it are none of this machine's."""
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers start together
        found = [next(iter(_CACHE.glob(f"{name}_*.deb")), None) for name in _PACKAGES]
        if None in found:
            _download()
            found = [next(iter(_CACHE.glob(f"{name}_*.deb")), None) for name in _PACKAGES]
    return [one for one in found if one is not None]


def _download() -> None:
    if not _KEYRING.exists() or os.uname().machine != "x86_64":
        raise MissingProgram("Apptainer is not here, and is fetched from Debian for x86-64 only")
    with tempfile.TemporaryDirectory(prefix="fabrica-apt-") as name:
        place = Path(name)
        for part in ("etc", "lists/partial", "archives/partial"):
            (place / part).mkdir(parents=True)
        (place / "status").touch()
        (place / "etc" / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {debian_mirror()} sid main\n")
        apart = {
            "Dir::State::status": place / "status",
            "Dir::State::lists": place / "lists",
            "Dir::Cache": place,
            "Dir::Etc": place / "etc",
            "APT::Sandbox::User": "root",
        }
        options = [part for key, value in apart.items() for part in ("-o", f"{key}={value}")]
        _run("apt-get", *options, "-qq", "update")
        _run("apt-get", *options, "-qq", "download", *_PACKAGES, folder=_CACHE)


def _run(*command: str, folder: Path | None = None) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise MissingProgram(f"Apptainer cannot be had here: {trouble}") from trouble
    if done.returncode != 0:
        raise MissingProgram(f"Apptainer cannot be had here: {command[0]}: {done.stderr.strip()[-300:]}")
