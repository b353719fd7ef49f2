"""The in-run API: what a training script says about itself, kept in its run record. Standard library only.

    from fabrica.run import data, log

    log.metric("mae", 31.9, unit="rentals")
    table = data("bikeshare").read_text()

Inside a run Fabrica sets `FABRICA_RECORD` and `FABRICA_DATA`; outside, the record goes to `./record`. Each file of
the record is append-only JSON lines. A line ends with its own SHA-256 and carries that of the line before, so a
changed, moved or lost line in the middle shows. A wrong argument raises; a full or broken disk never ends the run.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["Log", "checkpoint", "data", "log"]

CHAIN_START = "0" * 64
"""What the first line of a file names as the hash of the line before."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:[/ ][A-Za-z0-9_][A-Za-z0-9_.-]*)*", re.ASCII)
_HASH_ENDING = re.compile(rb',"hash":"([0-9a-f]{64})"\}$')
_NO_LOCKS_HERE = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK})
_TAIL_BYTES = 4096
_started_in = Path.cwd()  # a script that changes folder later still writes one record
_one_writer = threading.RLock()  # file locks hold between processes, not between threads
os.register_at_fork(before=_one_writer.acquire, after_in_parent=_one_writer.release, after_in_child=_one_writer.release)
_warned: set[str] = set()


class Log:
    """Writes the record of this run. Use the one named `log`."""

    def metric(self, name: str, value: float, *, step: int | None = None, unit: str = "") -> None:
        """Record one value of a metric. Without `step`, values count from 0 in the order they came.

        A value that is not finite is recorded as such: no number, and `nan`, `inf` or `-inf` beside it.

        Raises:
            TypeError: the value is not a number, or the step not an integer.
            ValueError: the name is empty, too long, or holds other than letters, digits and `_ . - /` or inner spaces.
        """
        number, not_finite = _number(f"metric {name!r}", value)
        if step is not None and (isinstance(step, bool) or not hasattr(step, "__index__")):
            raise TypeError(f"the step of metric {name!r} must be a whole number, not {step!r}")
        line = {"name": _name(name), "value": number, "step": None if step is None else int(step), "unit": str(unit)}
        _write("metrics.jsonl", line | ({"not_finite": not_finite} if not_finite else {}))

    def metrics(self, values: Mapping[str, float], *, step: int | None = None) -> None:
        """Record several metrics of one step."""
        for name, value in values.items():
            self.metric(name, value, step=step)

    def parameter(self, name: str, value: object) -> None:
        """Record one setting of the run, such as a learning rate."""
        _write("parameters.jsonl", {"name": _name(name), "value": _plain(value)})

    def parameters(self, values: Mapping[str, object]) -> None:
        """Record several settings."""
        for name, value in values.items():
            self.parameter(name, value)

    def event(self, name: str, /, **facts: object) -> None:
        """Record that something happened, with its facts: `log.event("trained", trees=395)`.

        An event named as a kind of evidence, such as `model.arch`, fills documents of the AI Act.
        """
        _write("events.jsonl", {"name": _name(name), "facts": _plain(facts)})

    def progress(self, done: int, total: int, words: str = "") -> None:
        """Print how far the run is, as one plain line, and record it.

        Raises:
            ValueError: `total` is not positive, or `done` is not between 0 and `total`.
        """
        if total <= 0 or not 0 <= done <= total:
            raise ValueError(f"progress needs 0 <= done <= total and total above 0, not {done} of {total}")
        with contextlib.suppress(OSError):  # nobody reads the output any more; the run goes on
            print(f"{100 * done // total:3d} %  {done} of {total}  {words}".rstrip(), flush=True)
        _write("progress.jsonl", {"done": int(done), "total": int(total), "words": str(words)})

    def evaluation(self, name: str, *, claimed: float, measured: float, data: str, unit: str = "") -> None:
        """Record what the model claims beside what was measured, and on which data."""
        line: dict[str, Any] = {"name": _name(name), "unit": str(unit), "data": str(data)}
        for field, value in (("claimed", claimed), ("measured", measured)):
            line[field], not_finite = _number(f"{field} of {name!r}", value)
            if not_finite:
                line[f"{field}_not_finite"] = not_finite
        _write("evaluations.jsonl", line)

    def artifact(self, path: str | Path, words: str = "") -> None:
        """Record a file the run has made: its path in the working folder, size and SHA-256.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not a plain file, or lies outside the working folder.
        """
        place = Path(path)
        inside = _inside_working_folder(place)
        if not place.exists():
            raise FileNotFoundError(f"there is no file {inside} to record as an artifact; write it first")
        if not place.is_file():
            raise ValueError(f"{inside} is not a plain file; record the files of a folder one by one")
        with place.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        _write("artifacts.jsonl", {"path": inside, "bytes": size, "sha256": digest, "words": str(words), "by": "run"})


log = Log()


def checkpoint() -> Path:
    """Return the folder to save in what the run can go on from, made when missing; outside a run `./checkpoint`.

    It is the one that `checkpoint = "…"` of `fabrica.toml` names. After a preemption or the failure of a node the next
    attempt finds there what the last one saved. Write a new file and rename it, for the end may come in between.
    """
    folder = Path(os.environ.get("FABRICA_CHECKPOINT") or _started_in / "checkpoint")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data(name: str) -> Path:
    """Return the file of a dataset that `fabrica.toml` names; a folder, when it has several files.

    Raises:
        FileNotFoundError: `FABRICA_DATA` is not set, or holds no such dataset.
        ValueError: the name is not a plain name.
    """
    if "/" in _name(name):
        raise ValueError(f"{name!r} is not the name of a dataset; give the name that fabrica.toml states")
    folder = os.environ.get("FABRICA_DATA")
    if not folder:
        raise FileNotFoundError(
            f"FABRICA_DATA is not set, so dataset {name!r} has no place. Fabrica sets it in a run; "
            f"outside one, set it to a folder that holds {name!r}."
        )
    place = Path(folder) / name
    if not place.exists():
        here = ", ".join(sorted(entry.name for entry in Path(folder).iterdir())) if Path(folder).is_dir() else "nothing"
        raise FileNotFoundError(f"no dataset {name!r} in {folder}; there is: {here or 'nothing'}")
    files = list(place.iterdir()) if place.is_dir() else []
    return files[0] if len(files) == 1 else place


def append_line(path: Path, content: Mapping[str, Any]) -> str:
    """Append one chained line to a file of the record and return its hash; safe with many processes.

    A line that a killed process left half-written is closed and left in place; the chain goes on from the last
    whole one.

    Raises:
        OSError: the line could not be written; nothing of it is left.
    """
    with _one_writer, _locked(path) as descriptor:
        tail, size = _tail(descriptor)
        last = _last_whole_line(tail)
        sequence, previous = (int(json.loads(last)["sequence"]), line_hash(last) or "") if last else (0, CHAIN_START)
        line = chained_line(sequence + 1, previous, content)
        needed = (b"" if not tail or tail.endswith(b"\n") else b"\n") + line + b"\n"
        try:
            written = 0
            while written < len(needed):
                written += os.write(descriptor, needed[written:])
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        return line_hash(line) or ""


def chained_line(sequence: int, previous: str, content: Mapping[str, Any], at: datetime | None = None) -> bytes:
    """Return one line without its end of line.

    The hash covers the bytes of the line as they stand before the hash is added, so a checker needs no agreement
    on how numbers or letters are written.
    """
    instant = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    whole = {"sequence": sequence, "at": instant, **content, "previous": previous}
    body = json.dumps(whole, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    return body[:-1] + b',"hash":"' + hashlib.sha256(body).hexdigest().encode() + b'"}'


def line_hash(line: bytes) -> str | None:
    """Return the hash of a whole and unchanged line; None for any other."""
    match = _HASH_ENDING.search(line)
    if not match:
        return None
    stated = match[1].decode()
    return stated if hashlib.sha256(line[: match.start()] + b"}").hexdigest() == stated else None


def _tail(descriptor: int) -> tuple[bytes, int]:
    """Return the end of the file, long enough to hold its last whole line, and the file's size."""
    size = os.fstat(descriptor).st_size
    length = _TAIL_BYTES
    while True:
        start = max(0, size - length)
        tail = os.pread(descriptor, size - start, start)
        if start == 0:
            return tail, size
        tail = tail[tail.find(b"\n") + 1 :] if b"\n" in tail else b""
        if _last_whole_line(tail):
            return tail, size
        length *= 8


def _last_whole_line(tail: bytes) -> bytes:
    return next((line for line in reversed(tail.split(b"\n")) if line_hash(line)), b"")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Yield a descriptor of the file, locked against other processes where the file system can."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX)
        except OSError as trouble:
            if trouble.errno not in _NO_LOCKS_HERE:
                raise
            _warn_once(f"this file system has no file locks, so write the record from one process only ({trouble})")
        yield descriptor
    finally:
        os.close(descriptor)


def _write(file: str, content: Mapping[str, Any]) -> None:
    """Append to a file of this run's record. Trouble with the disk is said once and never ends the run."""
    folder = Path(os.environ.get("FABRICA_RECORD") or _started_in / "record")
    try:
        append_line(folder / file, content)
    except OSError as trouble:
        _warn_once(f"the record in {folder} cannot be written and will lack lines: {trouble}")


def _warn_once(words: str) -> None:
    if words not in _warned:
        _warned.add(words)
        with contextlib.suppress(OSError):
            print(f"fabrica: {words}", file=sys.stderr, flush=True)


def _name(name: str) -> str:
    if not isinstance(name, str) or len(name) > 200 or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name: 1 to 200 letters, digits, `_ . -`, parts joined by `/` or a space")
    return name


def _number(what: str, value: object) -> tuple[float | None, str]:
    """Return the value as a number, or None and how it is not finite."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{what} needs a number, not the text {value!r}")
    try:
        number = float(value)  # type: ignore[arg-type]  # anything that knows float(): NumPy, Torch, Fraction
    except (TypeError, ValueError, OverflowError) as trouble:
        raise TypeError(f"{what} needs a number, not {value!r} ({trouble})") from None
    return (number, "") if math.isfinite(number) else (None, str(number))


def _plain(value: object) -> Any:
    """Return a value as JSON can hold it: a number that is not finite becomes its name."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):  # NumPy and Torch, scalars and arrays alike
        return _plain(value.tolist())
    raise TypeError(f"{value!r} cannot be recorded; give text, numbers, or lists and tables of them")


def _inside_working_folder(place: Path) -> str:
    try:
        return place.resolve().relative_to(_started_in.resolve()).as_posix()
    except ValueError:
        raise ValueError(f"{place} lies outside the working folder {_started_in}; artifacts lie inside it") from None
