"""Follows what a run writes: its log as text, its metrics as points. Plain functions from an offset to the next."""

import codecs
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from fabrica.values.quantities import show_bytes
from fabrica.wire.runs import MetricSeries

CHUNK_BYTES = 64 * 2**10
_METRICS_BYTES = 4 * CHUNK_BYTES


@dataclass(frozen=True, slots=True)
class LogPiece:
    """A piece of the log: `text` belongs at `offset` of what was told; `read` is where to go on in the file."""

    text: str
    offset: int
    read: int

    @property
    def told(self) -> int:
        return self.offset + len(self.text.encode())


def next_log_piece(log: Path, *, read: int, told: int, bytes_max: int, ended: bool) -> LogPiece | None:
    """Return the next piece of at most 64 KiB, or None when there is nothing to tell.

    While the run goes on, what lies beyond `bytes_max` waits. At the end the last 64 KiB are told, since they say
    why a run failed, with one line in place of what was left out.
    """
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return None
    room = max(0, bytes_max - CHUNK_BYTES - read)
    note = ""
    if room == 0:
        if not ended or read >= size:
            return None
        if (left_out := size - CHUNK_BYTES - read) > 0:
            note = (
                f"\n[fabrica] {show_bytes(left_out)} of the log were left out here, as it is longer than its limit.\n"
            )
            read = size - CHUNK_BYTES
        room = CHUNK_BYTES
    with log.open("rb") as file:
        file.seek(read)
        raw = file.read(min(room, CHUNK_BYTES // 3))  # a broken byte becomes three
    text, used = codecs.utf_8_decode(raw, "replace", ended and read + len(raw) >= size)
    if not used:
        return None
    return LogPiece(text=note + text.replace("\0", "\ufffd"), offset=told, read=read + used)


@dataclass(slots=True)
class MetricsTail:
    """Follows `metrics.jsonl`. A value without a step takes the count of values of its metric before it."""

    metrics: Path
    read: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def after(cls, metrics: Path, read: int) -> Self:
        """Return a tail that goes on at byte `read`, having counted what lies before."""
        tail = cls(metrics)
        before = -1
        while before < tail.read < read:
            before = tail.read
            tail.next(bytes_max=read - tail.read)
        return tail

    def next(self, bytes_max: int = _METRICS_BYTES) -> tuple[MetricSeries, ...]:
        """Return points written since the last call, in order. A line that is not whole yet waits."""
        try:
            with self.metrics.open("rb") as file:
                file.seek(self.read)
                raw = file.read(min(bytes_max, _METRICS_BYTES))
        except FileNotFoundError:
            return ()
        points: dict[str, list[tuple[int, float | None]]] = {}
        for line in raw[: raw.rfind(b"\n") + 1].splitlines(keepends=True):
            self.read += len(line)
            if point := _point(line):
                name, step, value = point
                points.setdefault(name, []).append((self.counts[name] if step is None else step, value))
                self.counts[name] += 1
        return tuple(MetricSeries(name=name, points=tuple(values)) for name, values in points.items())


def _point(line: bytes) -> tuple[str, int | None, float | None] | None:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        return None
    step, value = content.get("step"), content.get("value")
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return content["name"], step if isinstance(step, int) else None, number
