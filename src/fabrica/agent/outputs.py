"""Finds the files a run leaves behind, trusting nothing in its folder."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fabrica.agent.failures import AttemptFailed
from fabrica.values.quantities import show_bytes
from fabrica.values.states import EndReason
from fabrica.wire.runs import Artifact


@dataclass(frozen=True, slots=True)
class Collected:
    """Declared outputs that are there, and the declared paths that are not."""

    artifacts: tuple[Artifact, ...]
    missing: tuple[str, ...]


def collect_outputs(work: Path, declared: tuple[str, ...], *, bytes_max: int, files_max: int) -> Collected:
    """Return the declared files, and all files of declared folders, each with its SHA-256.

    Raises:
        AttemptFailed: OUTPUTS_REFUSED; too large, too many, a path or link that leads out of the folder, or a file that
            its account alone may read.
    """
    try:
        return _collected(work, declared, bytes_max, files_max)
    except PermissionError as trouble:  # nobody opened them to us after the end: the run was killed with its keeper
        place = Path(trouble.filename or work)
        name = place.relative_to(work).as_posix() if place.is_relative_to(work) else place.name
        raise _refused(f"{name!r} may be read by the run's own account alone") from trouble


def _collected(work: Path, declared: tuple[str, ...], bytes_max: int, files_max: int) -> Collected:
    artifacts: dict[str, Artifact] = {}
    missing = []
    for path in declared:
        found = False
        for file in _files(work, path):
            found = True
            name = file.relative_to(work).as_posix()
            if name in artifacts:
                continue
            bytes_max -= file.stat().st_size
            if bytes_max < 0 or len(artifacts) >= files_max:
                raise _refused(f"they are more than this site sends: {files_max} files, or too many bytes at {name!r}")
            artifacts[name] = _artifact(file, name)
        if not found:
            missing.append(path)
    return Collected(tuple(artifacts.values()), tuple(missing))


def _files(work: Path, declared: str) -> Iterator[Path]:
    path = PurePosixPath(declared)
    if path.is_absolute() or ".." in path.parts:
        raise _refused(f"the path {declared!r} leads out of the working folder")
    place = work / path
    if place.is_dir() and not place.is_symlink():
        for folder, folders, names in os.walk(place, onerror=_raise):
            folders.sort()
            for name in (*sorted(names), *(name for name in folders if (Path(folder) / name).is_symlink())):
                yield _inside(work, Path(folder) / name)
    elif place.exists() or place.is_symlink():
        yield _inside(work, place)


def _raise(trouble: OSError) -> None:
    raise trouble


def _inside(work: Path, place: Path) -> Path:
    """Return a plain file. Its parents may be links too, so the whole path is resolved."""
    name = place.relative_to(work).as_posix()
    if not place.resolve().is_relative_to(work.resolve()):
        raise _refused(f"{name!r} is a link that leads out of the working folder")
    if not place.is_file():
        raise _refused(f"{name!r} is not a plain file")
    if not name.isprintable():
        raise _refused(f"the file name {name!r} cannot be written down")
    return place


def _artifact(file: Path, name: str) -> Artifact:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return Artifact(path=name, sha256=digest, bytes=content.tell())


def _refused(words: str) -> AttemptFailed:
    return AttemptFailed(EndReason.OUTPUTS_REFUSED, f"The outputs are not accepted: {words}.")


def clear_record(record: Path, *, bytes_max: int) -> str:
    """Make a record folder safe to seal: links, devices, what is over the limit and what we may not read go.

    Return words on what went.
    """
    if record.is_symlink() or not record.is_dir():
        record.unlink(missing_ok=True)
        record.mkdir()
    gone = _closed_folders_set_aside(record)
    left = bytes_max
    for folder, folders, names in os.walk(record):
        for name in sorted((*folders, *names)):
            place = Path(folder) / name
            plain = place.is_file() and name.isprintable() and not place.is_symlink() and os.access(place, os.R_OK)
            if plain:
                left -= place.stat().st_size
            if (place.is_symlink() or not place.is_dir()) and (not plain or left < 0):
                place.unlink()
                gone.append(place.relative_to(record).as_posix())
    if not gone:
        return ""
    return (
        f"Left out of the record, since they are no plain files that the agent may read, or over "
        f"{show_bytes(bytes_max)}: {', '.join(repr(name) for name in gone[:10])}."
    )


def _closed_folders_set_aside(record: Path) -> list[str]:
    """Rid a record of folders that their account keeps to itself, and return their names.

    We may neither remove nor move these. But the record they are in is ours: it is put beside, and the rest comes back.
    """
    aside = record.with_name("record-closed")
    if not aside.exists():
        if all(map(_is_open, record.iterdir())):
            return []
        record.rename(aside)
        record.mkdir()
    for one in filter(_is_open, list(aside.iterdir())):
        one.rename(record / one.name)
    return sorted(one.name for one in aside.iterdir())


def _is_open(place: Path) -> bool:
    """Say whether all folders of a place let us in."""
    if place.is_symlink() or not place.is_dir():
        return True
    below = (Path(parent) / name for parent, names, _ in os.walk(place) for name in names)
    return all(one.is_symlink() or os.access(one, os.R_OK | os.W_OK | os.X_OK) for one in (place, *below))
