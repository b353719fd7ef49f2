"""Seals a record: lists every file with its SHA-256 and puts one hash over the list."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from fabrica.record.folder import FETCH_AGAIN, NOT_SEALED, SEAL
from fabrica.values.files import sync, write_whole
from fabrica.wire.record import RecordRefused, RecordSealed, Seal, SealedFile


def seal(folder: Path, *, now: datetime) -> Seal:
    """Seal the record in `folder` and return the seal; a second call returns the first seal.

    Raises:
        RecordRefused: the folder is missing or holds something that is neither a plain file nor a folder.
        RecordSealed: the record was sealed before and has changed since.
    """
    if not folder.is_dir():
        raise RecordRefused(f"There is no record in {folder}.", remedy="Give the folder of a run record.")
    files = tuple(_sealed_files(folder))
    root = root_sha256(files)
    earlier = read_seal(folder)
    if earlier and earlier.root_sha256 != root:
        raise RecordSealed(
            "The record was sealed before and has changed since.",
            remedy="`fabrica record verify` names the files.",
            sealed=earlier.root_sha256,
            now=root,
        )
    if earlier:
        return earlier
    fresh = Seal(files=files, root_sha256=root, sealed_at=now)
    content = json.dumps(fresh.model_dump(mode="json"), indent=1).encode() + b"\n"
    write_whole(folder / SEAL, content)
    return Seal.model_validate_json(content)  # what a later reader gets, to the same millisecond


def read_seal(folder: Path) -> Seal | None:
    """Return the seal of a record, None when it has none.

    Raises:
        RecordRefused: `seal.json` is not a seal.
    """
    try:
        return Seal.model_validate_json((folder / SEAL).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as trouble:
        raise RecordRefused(
            f"{SEAL} is not a seal: {trouble.errors()[0]['msg']}.",
            remedy=FETCH_AGAIN,
            file=SEAL,
        ) from None


def root_sha256(files: Iterable[SealedFile]) -> str:
    """Return the hash over the list: SHA-256 of one line `sha256 bytes path` for each file, by path."""
    ordered = sorted(files, key=lambda file: file.path.encode())
    return hashlib.sha256("".join(f"{f.sha256} {f.bytes} {f.path}\n" for f in ordered).encode()).hexdigest()


def paths(folder: Path) -> list[str]:
    """Return every path under a record that is not a folder, links too, from the record's folder, sorted.

    Raises:
        OSError: a folder cannot be read.
    """
    found = []
    for place, folders, files in os.walk(folder, onerror=_raise):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [(Path(place) / name).relative_to(folder).as_posix() for name in (*files, *links)]
    return sorted(set(found) - NOT_SEALED, key=os.fsencode)


def sealed_file(folder: Path, path: str) -> SealedFile:
    """Return a file's size and SHA-256 as they are now.

    Raises:
        RecordRefused: it is a link or no plain file, or its name is not UTF-8.
    """
    place = folder / path
    if place.is_symlink() or not place.is_file():
        raise RecordRefused(f"{path!r} in the record is not a plain file.", remedy="Remove it, then seal.", file=path)
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in path):
        raise RecordRefused(f"The file name {path!r} in the record cannot be written down.", remedy="Rename it.")
    with place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SealedFile(path=path, bytes=file.tell(), sha256=digest)


def _sealed_files(folder: Path) -> Iterator[SealedFile]:
    for path in paths(folder):
        file = sealed_file(folder, path)
        sync(folder / path)  # the seal must not outlive what it seals when the power fails
        yield file


def _raise(trouble: OSError) -> None:
    raise trouble
