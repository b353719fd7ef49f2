"""Logs of Inspect AI, version 2 of its format: the header of either form as an evaluation."""

from collections.abc import Iterator, Mapping
from typing import Any

from fabrica.aiact.evaluations.archive import Archive
from fabrica.aiact.evaluations.logs import (
    LogFile,
    check_metrics,
    count,
    figure,
    instant,
    part,
    parts,
    read_json,
    text,
)
from fabrica.wire.evaluations import Evaluation, EvaluationRefused, EvaluationUnfinished, Measured

HEADER = "header.json"
STARTED = "_journal/start.json"
_FORMAT = 2
_SAMPLES = "samples/"
_MEANS = ("accuracy", "mean")  # what Inspect's `stderr` is the standard error of


def is_inspect(content: Mapping[str, Any]) -> bool:
    """Say whether a JSON object is a log of Inspect AI."""
    return isinstance(content.get("eval"), Mapping) and "status" in content


def from_archive(archive: Archive, file: LogFile) -> Evaluation:
    """Return the evaluation of a log in the `.eval` form.

    Raises:
        EvaluationRefused: damaged, of an unknown version, or without metrics.
        EvaluationUnfinished: it has no header yet, or the evaluation did not succeed.
    """
    if HEADER not in archive.names:
        raise EvaluationUnfinished(f"{file.name} was still being written.", remedy="Give the log when the task ended.")
    header = read_json(archive.read(HEADER), HEADER)
    return evaluation(header, file, logged=sum(name.startswith(_SAMPLES) for name in archive.names))


def from_json(content: Mapping[str, Any], file: LogFile) -> Evaluation:
    """Return the evaluation of a log in the JSON form; raises as `from_archive`."""
    return evaluation(content, file, logged=len(parts(content.get("samples"))))


def evaluation(header: Mapping[str, Any], file: LogFile, *, logged: int) -> Evaluation:
    """Return what the header of a log says; `logged`: samples whose own record is there. Raises as `from_archive`."""
    _check_whole(header, file)
    about, results = part(header, "eval"), part(header, "results")
    metrics = tuple(_measured(results))
    check_metrics(len(metrics), file.name)
    return Evaluation(
        form=file.form,
        tool="Inspect AI",
        tool_version=text(part(about, "packages").get("inspect_ai")),
        log_id=text(about.get("eval_id")) or text(about.get("run_id")),
        task=text(about.get("task")),
        task_version=text(about.get("task_version")),
        dataset=text(part(about, "dataset").get("name")),
        dataset_digest=None,
        dataset_source=text(part(about, "dataset").get("location")),
        model=text(about.get("model")),
        metrics=metrics,
        samples_total=count(results.get("total_samples")),
        samples_completed=count(results.get("completed_samples")),
        samples_logged=logged,
        commit=text(part(about, "revision").get("commit")),
        started_at=instant(part(header, "stats").get("started_at")),
        completed_at=instant(part(header, "stats").get("completed_at")),
        file=file.name,
        bytes=file.bytes,
        sha256=file.sha256,
    )


def _check_whole(header: Mapping[str, Any], file: LogFile) -> None:
    if header.get("version") != _FORMAT:
        version = text(header.get("version")) or "no version"
        raise EvaluationRefused(
            f"{file.name} is in version {version:.20} of Inspect's format, not in version {_FORMAT}.",
            remedy="Write it anew with a present release: 'inspect log convert --to eval --output-dir DIR LOG'.",
        )
    status = text(header.get("status")) or "nothing"
    if status != "success":
        raise EvaluationUnfinished(
            f"{file.name} tells of an evaluation with the status {status[:40]!r}.", remedy="Give one that succeeded."
        )
    if header.get("invalidated") is True:
        raise EvaluationUnfinished(f"{file.name} was declared invalid.", remedy="Give an evaluation that is valid.")


def _measured(results: Mapping[str, Any]) -> Iterator[Measured]:
    """Yield the metrics of each score; the standard error of its samples stands with their mean."""
    for score in parts(results.get("scores")):
        metrics = {name: figure(part(one).get("value")) for name, one in part(score, "metrics").items()
                   if isinstance(one, Mapping)}  # fmt: skip
        has_mean = any(name in metrics for name in _MEANS)
        error = metrics.pop("stderr", None) if has_mean else None
        for name, value in metrics.items():
            yield Measured(
                name=text(name) or "unnamed",
                scorer=text(score.get("name")) or text(score.get("scorer")),
                value=value,
                standard_error=error if name in _MEANS else None,
                samples=count(score.get("scored_samples")),
            )
