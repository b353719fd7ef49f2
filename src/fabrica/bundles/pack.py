"""Packs a folder into one tar file: the same files give the same bytes, on every machine and day."""

import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fabrica.bundles.ignore import ignored_by
from fabrica.bundles.limits import Limits
from fabrica.values.files import sha256_of
from fabrica.wire.runs import BundleRefused


@dataclass(frozen=True, slots=True)
class Bundle:
    """A packed folder: the tar file's SHA-256 and size, and what it holds."""

    path: Path
    sha256: str
    bytes: int
    files: tuple[str, ...]


def pack_source(folder: Path, target: Path, limits: Limits) -> Bundle:
    """Pack the source of a run, without what `.fabricaignore` and the usual rules leave out.

    Raises:
        BundleRefused: the folder is missing, empty, too large, or holds a link, a device or an unwritable name.
        OSError: a file cannot be read, or `target` not written; no part of it is left.
    """
    if not folder.is_dir():
        raise BundleRefused(f"There is no folder {folder}.", remedy="Give the folder that holds fabrica.toml.")
    files = sorted(_files(folder, "", ignored_by(folder), limits), key=str.encode)
    if not files:
        raise BundleRefused(f"The folder {folder} has no file to pack.", remedy="Add the program of the run.")
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            _write(folder, files, file, limits)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Bundle(target, sha256_of(target), target.stat().st_size, tuple(files))


def _files(folder: Path, inside: str, ignored: Callable[[str, bool], bool], limits: Limits) -> Iterator[str]:
    """Yield the paths of the plain files under a folder, links refused, nothing followed."""
    count = 0
    for entry in os.scandir(folder / inside):
        path = f"{inside}/{entry.name}" if inside else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if ignored(path, is_folder):
            continue
        found = _files(folder, path, ignored, limits) if is_folder else [_plain_file(entry, path, limits)]
        for file in found:
            count += 1
            if count > limits.files_max:
                raise BundleRefused(
                    f"The folder holds more than {limits.files_max:,} files.",
                    remedy="Leave data and environments out with .fabricaignore; name data under [[datasets]].",
                    files_max=limits.files_max,
                )
            yield file


def _plain_file(entry: os.DirEntry[str], path: str, limits: Limits) -> str:
    if entry.is_symlink():
        raise BundleRefused(
            f"{path!r} is a link, and links are not packed.",
            remedy="Put the file itself there, or leave the link out with .fabricaignore.",
            path=path,
        )
    if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
        raise BundleRefused(f"{path!r} is neither a file nor a folder.", remedy="Remove it.", path=path)
    if len(path) > limits.path_characters_max or any(c < " " or c == "\\" or "\ud800" <= c <= "\udfff" for c in path):
        raise BundleRefused(
            f"The path {path!r} cannot be packed.",
            remedy=f"Use at most {limits.path_characters_max} characters of UTF-8, no line breaks and no backslash.",
            path=ascii(path),
        )
    return path


def _write(folder: Path, files: list[str], target: object, limits: Limits) -> None:
    total = 0
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:  # type: ignore[call-overload]
        for path in files:
            descriptor = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                about = os.fstat(descriptor)
                total += about.st_size
                if total > limits.bytes_max:
                    raise BundleRefused(
                        f"The folder holds more than {limits.bytes_max:,} bytes.",
                        remedy="Leave data and outputs out with .fabricaignore; name data under [[datasets]].",
                        bytes_max=limits.bytes_max,
                    )
                # Owner, group and time are left at zero: they say nothing about the source.
                member = tarfile.TarInfo(path)
                member.size = about.st_size
                member.mode = 0o755 if about.st_mode & stat.S_IXUSR else 0o644
                tar.addfile(member, file)
