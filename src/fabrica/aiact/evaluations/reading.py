"""Reads a log of an evaluation, whichever tool wrote it; what is no whole log is refused by name."""

import hashlib
import io
from pathlib import Path
from typing import IO

from fabrica.aiact.documents.text import clean
from fabrica.aiact.evaluations import inspect_log, mlflow_run
from fabrica.aiact.evaluations.archive import Archive
from fabrica.aiact.evaluations.logs import LogFile, read_json
from fabrica.wire.evaluations import LOG_BYTES_MAX, Evaluation, EvaluationRefused, LogForm

JSON_BYTES_MAX = 32 * 2**20
"""A log in JSON is read whole, so it may be no larger than memory allows; the `.eval` form is read in parts."""

_READ_BYTES = 2**20
_KNOWN = "Logs of Inspect AI (.eval or .json) and runs of MLflow are read."


def open_log(place: Path) -> IO[bytes]:
    """Return a log as a file, which the caller closes; a folder is a run in a file store of MLflow, and is packed.

    Raises:
        EvaluationRefused: the folder is no such run.
    """
    return io.BytesIO(mlflow_run.pack_run(place)) if place.is_dir() else place.open("rb")


def read_evaluation(file: IO[bytes], name: str) -> Evaluation:
    """Return what a log says; `name` is what the file was called.

    Raises:
        EvaluationRefused: no log of a known tool, cut off, damaged, too large, or made to harm its reader.
        EvaluationUnfinished: the evaluation did not succeed.
        LogReaderMissing: a package that unpacks it is not installed.
    """
    name = clean(name)[:200]
    length, sha256 = _measure(file, name)
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"PK"):
        return _from_archive(Archive(file), name, length, sha256)
    if not start.startswith(b"{"):
        raise EvaluationRefused(f"{name} is no log of an evaluation.", remedy=_KNOWN)
    if length > JSON_BYTES_MAX:
        raise EvaluationRefused(
            f"{name} has {length:,} bytes of JSON; at most {JSON_BYTES_MAX:,} are read.",
            remedy="Write it anew in the other form: 'inspect log convert --to eval --output-dir DIR LOG'.",
        )
    file.seek(0)
    content = read_json(file.read(), name)

    def given(form: LogForm) -> LogFile:
        return LogFile(name, form, length, sha256)

    if inspect_log.is_inspect(content):
        return inspect_log.from_json(content, given("inspect_json"))
    if mlflow_run.is_described(content):
        return mlflow_run.from_json(content, given("mlflow_json"))
    raise EvaluationRefused(f"{name} is JSON, but no log of an evaluation.", remedy=_KNOWN)


def _from_archive(archive: Archive, name: str, length: int, sha256: str) -> Evaluation:
    archive.enter(mlflow_run.META)
    if mlflow_run.META in archive.names:
        return mlflow_run.from_archive(archive, LogFile(name, "mlflow_run", length, sha256))
    if inspect_log.HEADER in archive.names or inspect_log.STARTED in archive.names:
        return inspect_log.from_archive(archive, LogFile(name, "inspect_eval", length, sha256))
    raise EvaluationRefused(f"{name} is an archive, but no log of an evaluation.", remedy=_KNOWN)


def _measure(file: IO[bytes], name: str) -> tuple[int, str]:
    """Return the length and the SHA-256 of a file, and stand at its start again."""
    digest, length = hashlib.sha256(), 0
    file.seek(0)
    while block := file.read(_READ_BYTES):
        length += len(block)
        if length > LOG_BYTES_MAX:
            raise EvaluationRefused(f"{name} has more than {LOG_BYTES_MAX:,} bytes.", remedy="Log fewer samples.")
        digest.update(block)
    file.seek(0)
    return length, digest.hexdigest()
