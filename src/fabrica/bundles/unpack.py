"""Unpacks a bundle that nobody vouches for: checks everything before the first file is written."""

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from fabrica.bundles.limits import Limits
from fabrica.wire.runs import BundleRefused

_CHUNK_BYTES = 1 << 20
_NOT_FILES = {
    tarfile.SYMTYPE: "a link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a file with holes",
}


def check(archive: Path, limits: Limits) -> tuple[str, ...]:
    """Return the paths of the files in a bundle, when all of it may be unpacked.

    Raises:
        BundleRefused: damaged, cut off, too large, or with an unsafe path, link, device or duplicate.
    """
    with archive.open("rb") as file, _opened(file, limits) as tar:
        return tuple(member.name for member in _members(tar, file, limits))


def unpack(archive: Path, target: Path, limits: Limits) -> tuple[str, ...]:
    """Unpack a bundle into the folder `target`, new or empty, and return the paths of its files.

    The folder appears whole or not at all; what a killed call left behind is cleared by the next.

    Raises:
        BundleRefused: as `check` does; nothing is written then.
        OSError: the disk is full or `target` is not empty.
    """
    part = target.with_name(f".{target.name}.part")
    with archive.open("rb") as file, _opened(file, limits) as tar:
        members = list(_members(tar, file, limits))
        if part.exists():
            shutil.rmtree(part)
        try:
            part.mkdir(parents=True)
            for member in members:
                _write(tar, member, part / member.name)
            part.rename(target)  # replaces an empty folder, refuses a full one
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return tuple(member.name for member in members)


def _opened(file: IO[bytes], limits: Limits) -> tarfile.TarFile:
    size = os.fstat(file.fileno()).st_size
    if size > limits.archive_bytes_max:
        raise _too_large(limits, size)
    try:
        # Bundles are never compressed, so a small file cannot unfold into a large one.
        return tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="strict")
    except (tarfile.TarError, ValueError) as trouble:
        raise _damaged(f"it is not a plain tar file ({trouble})") from None


def _members(tar: tarfile.TarFile, file: IO[bytes], limits: Limits) -> Iterator[tarfile.TarInfo]:
    """Yield the files of a bundle, each found safe; folders are made as files need them."""
    seen: set[str] = set()
    folders: set[str] = set()
    total = 0
    for member in _headers(tar):
        if member.isdir():
            continue
        _check_kind(member)
        _check_path(member.name, limits)
        parents = {str(parent) for parent in PurePosixPath(member.name).parents} - {"."}
        if member.name in seen or member.name in folders or parents & seen:
            raise _unsafe(member.name, "is in the bundle twice, or both a file and a folder")
        seen.add(member.name)
        folders |= parents
        total += member.size
        if len(seen) > limits.files_max or total > limits.bytes_max:
            raise _too_large(limits, total)
        yield member
    _check_end(tar, file)


def _headers(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        yield from tar
    except (tarfile.TarError, ValueError, OverflowError, EOFError, OSError) as trouble:
        raise _damaged(f"a header cannot be read ({trouble})") from None


def _check_kind(member: tarfile.TarInfo) -> None:
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise _unsafe(member.name, f"is {_NOT_FILES.get(member.type, 'not a plain file')}")
    if member.size < 0:
        raise _damaged(f"{member.name!a} has a negative size")


def _check_path(path: str, limits: Limits) -> None:
    names = path.split("/")
    if path.startswith("/"):
        raise _unsafe(path, "is an absolute path")
    if ".." in names:
        raise _unsafe(path, "leads out of the folder")
    if "" in names or "." in names:
        raise _unsafe(path, "has an empty part")
    if any(c < " " or c == "\\" or "\ud800" <= c <= "\udfff" for c in path):
        raise _unsafe(path, "holds a character that no path needs")
    if len(path) > limits.path_characters_max or any(len(name.encode()) > 255 for name in names):
        raise _unsafe(path, f"is longer than {limits.path_characters_max} characters, or a name than 255 bytes")


def _check_end(tar: tarfile.TarFile, file: IO[bytes]) -> None:
    """Refuse a bundle that was cut between two files, which a tar reader takes for its end."""
    file.seek(tar.offset)
    if file.read(2 * tarfile.BLOCKSIZE) != bytes(2 * tarfile.BLOCKSIZE):
        raise _damaged("it is cut off, or holds something after its last file")


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    left = member.size
    with place.open("xb") as file:
        while source and left:
            try:
                chunk = source.read(min(left, _CHUNK_BYTES))
            except tarfile.ReadError:
                chunk = b""
            if not chunk:
                raise _damaged(f"{member.name!a} ends too early")
            left -= file.write(chunk)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)


def _too_large(limits: Limits, size: int) -> BundleRefused:
    return BundleRefused(
        f"The bundle holds more than {limits.bytes_max:,} bytes or {limits.files_max:,} files.",
        remedy="Leave data and outputs out with .fabricaignore; name data under [[datasets]].",
        bytes=size,
        bytes_max=limits.bytes_max,
        files_max=limits.files_max,
    )


def _unsafe(path: str, what: str) -> BundleRefused:
    return BundleRefused(
        f"{path!a} {what}.", remedy="Pack the folder with `fabrica run`; it makes no such thing.", path=ascii(path)
    )


def _damaged(what: str) -> BundleRefused:
    return BundleRefused(f"The bundle is damaged: {what}.", remedy="Send it again.")
