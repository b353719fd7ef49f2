"""Download a large file in parts: each part is hashed as it is written, and a cut-off download goes on where it was."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from fabrica.agent.failures import Interrupted, unavailable
from fabrica.agent.transport import Backoff

PART_BYTES = 64 * 2**20
_TRIES_MAX = 5  # in a row that bring no part


class Partial:
    """A file that is being downloaded. Beside it stand the SHA-256 of each whole part and what the source called it.

    After a crash only parts whose hash still holds are kept, so a block that the disk lost is fetched again.
    """

    def __init__(self, file: Path, url: str, part_bytes: int = PART_BYTES) -> None:
        self.file = file
        self._notes = file.with_name(f"{file.name}.parts")
        self._part_bytes = part_bytes
        kept = self._read_notes()
        self._url = url
        self.tag: str | None = kept.get("tag") if kept.get("url") == url else None
        self._hashes: list[str] = self._sound(kept.get("hashes", [])) if self.tag else []
        self._cut()

    @property
    def bytes_here(self) -> int:
        """How many bytes are here for certain: whole parts only."""
        return len(self._hashes) * self._part_bytes

    def begin(self, tag: str | None) -> None:
        """Start from nothing; `tag` is the source's strong name of the content, without which nothing is resumed."""
        self.tag, self._hashes = tag, []
        self._cut()
        self._note()

    def take(self, chunks: Iterator[bytes]) -> None:
        """Append what comes, part by part; each part is on the disk before its hash is noted."""
        self._cut()
        digest, filled = hashlib.sha256(), 0
        with self.file.open("ab") as file:
            for chunk in chunks:
                rest = memoryview(chunk)
                while rest:
                    piece = rest[: self._part_bytes - filled]
                    file.write(piece)
                    digest.update(piece)
                    filled += len(piece)
                    rest = rest[len(piece) :]
                    if filled == self._part_bytes:
                        file.flush()
                        os.fsync(file.fileno())
                        self._hashes.append(digest.hexdigest())
                        self._note()
                        digest, filled = hashlib.sha256(), 0
            file.flush()
            os.fsync(file.fileno())

    def drop_notes(self) -> None:
        """Forget the parts: the file is whole, or wrong."""
        self._notes.unlink(missing_ok=True)

    def _read_notes(self) -> dict[str, Any]:
        try:
            found = json.loads(self._notes.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _sound(self, hashes: object) -> list[str]:
        """Return the hashes of the parts, from the first on, that the file still has."""
        sound: list[str] = []
        if not isinstance(hashes, list) or not self.file.exists():
            return sound
        with self.file.open("rb") as file:
            for told in hashes:
                content = file.read(self._part_bytes)
                if len(content) < self._part_bytes or hashlib.sha256(content).hexdigest() != told:
                    break
                sound.append(told)
        return sound

    def _cut(self) -> None:
        with self.file.open("ab") as file:
            file.truncate(self.bytes_here)

    def _note(self) -> None:
        whole = self._notes.with_name(f"{self._notes.name}.new")
        whole.write_text(json.dumps({"url": self._url, "tag": self.tag, "hashes": self._hashes}), encoding="utf-8")
        whole.replace(self._notes)


Opened = Callable[[Mapping[str, str]], AbstractContextManager[httpx.Response]]
"""Asks the source with these headers, and gives its answer to read."""


def download(
    url: str,
    file: Path,
    opened: Opened,
    *,
    bytes_max: int,
    interrupted: Callable[[], bool],
    wait: Callable[[float], object] = time.sleep,
    part_bytes: int = PART_BYTES,
) -> None:
    """Download to `file`, going on where an earlier try or an earlier agent was cut off.

    A source that breaks off is asked again as long as each try brings a part, and a few times when none does.

    Raises:
        AttemptFailed: DATA_UNAVAILABLE; the source refuses, is too large, or breaks off again and again.
        Interrupted: `interrupted` came true; what came so far stays for the next try.
    """
    partial, backoff, tries = Partial(file, url, part_bytes), Backoff(), 0
    while True:
        here = partial.bytes_here
        try:
            _take_rest(url, partial, opened, bytes_max, interrupted)
            partial.drop_notes()
            return
        except (httpx.TransportError, httpx.StreamError) as trouble:
            tries = 0 if partial.bytes_here > here else tries + 1
            if tries >= _TRIES_MAX:
                raise unavailable(f"{url} cannot be read ({type(trouble).__name__}: {trouble}).") from trouble
        wait(backoff.failed() if tries else 0)


def _take_rest(url: str, partial: Partial, opened: Opened, bytes_max: int, interrupted: Callable[[], bool]) -> None:
    asked = {"Range": f"bytes={partial.bytes_here}-", "If-Range": partial.tag or ""} if partial.bytes_here else {}
    with opened(asked | {"Accept-Encoding": "identity"}) as response:
        if not response.is_success:
            raise unavailable(f"{url} answered with status {response.status_code}.")
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            tag = response.headers.get("ETag", "")
            partial.begin(tag if tag.startswith('"') else None)  # a weak name does not promise the same bytes
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {partial.bytes_here}-"):
            partial.begin(None)
            raise httpx.RemoteProtocolError("it answered with another part than was asked for")
        partial.take(_limited(response.iter_raw(), bytes_max - partial.bytes_here, interrupted))


def _limited(chunks: Iterable[bytes], bytes_max: int, interrupted: Callable[[], bool]) -> Iterator[bytes]:
    for chunk in chunks:
        bytes_max -= len(chunk)
        if bytes_max < 0:
            raise unavailable("the file is larger than this site takes.")
        if interrupted():
            raise Interrupted
        yield chunk
