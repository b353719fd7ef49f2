"""Runs of MLflow: a run's folder in its file store, packed, or what `mlflow runs describe` prints, as an evaluation."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fabrica.aiact.evaluations.archive import Archive
from fabrica.aiact.evaluations.logs import LogFile, check_metrics, figure, instant, part, parts, text
from fabrica.wire.evaluations import Evaluation, EvaluationRefused, EvaluationUnfinished, Measured

META = "meta.yaml"
_FINISHED = ("FINISHED", 3)  # by name, and by number in a file store
_MODEL_NAMES = ("model", "model_name", "model_id")
_ERROR_ENDS = "_stderr"
_MEMBERS_MAX = 5_000
_FILE_BYTES_MAX = 2**20
_YAML_BYTES_MAX = 2**18
_INPUTS_MAX = 50
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_REMEDY = "Give a run's folder in a file store of MLflow, the one that holds meta.yaml."


def pack_run(folder: Path) -> bytes:
    """Return a run's folder of a file store as an archive, without its artifacts; the same run gives the same bytes.

    Raises:
        EvaluationRefused: the folder is no run of MLflow, or one of its files is too large.
    """
    if not (folder / META).is_file():
        raise EvaluationRefused(f"{folder.name} is no run of MLflow: it has no {META}.", remedy=_REMEDY)
    found = {one.relative_to(folder).as_posix(): one for one in _files(folder)}
    for dataset in (folder.parent / "datasets").glob(f"*/{META}"):  # of all runs of the experiment
        found[f"datasets/{dataset.parent.name}/{META}"] = dataset
    if len(found) > _MEMBERS_MAX:
        raise EvaluationRefused(f"{folder.name} has more than {_MEMBERS_MAX:,} files.", remedy=_REMEDY)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(found.items()):
            if file.stat().st_size > _FILE_BYTES_MAX:
                raise EvaluationRefused(f"{name} has more than {_FILE_BYTES_MAX:,} bytes.", remedy=_REMEDY)
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    yield folder / META
    for part_of in ("metrics", "params", "tags", "inputs"):
        yield from (one for one in (folder / part_of).rglob("*") if one.is_file() and not one.is_symlink())


def from_archive(archive: Archive, file: LogFile) -> Evaluation:
    """Return the evaluation of a packed run.

    Raises:
        EvaluationRefused: damaged, or without metrics.
        EvaluationUnfinished: the run did not finish.
    """
    if len(archive.names) > _MEMBERS_MAX:
        raise EvaluationRefused(f"{file.name} has more than {_MEMBERS_MAX:,} files.", remedy=_REMEDY)
    about = _yaml(archive, META)
    params = {name: _words(archive, f"params/{name}") for name in _MODEL_NAMES if f"params/{name}" in archive.names}
    tags = {name: _words(archive, f"tags/{name}") for name in _below(archive, "tags")}
    datasets = [_yaml(archive, one) for one in _inputs(archive, file.name)]
    metrics = {name: _last(_words(archive, f"metrics/{name}"), name) for name in _below(archive, "metrics")}
    return _evaluation(about, params, tags, metrics, datasets, file)


def _below(archive: Archive, folder: str) -> list[str]:
    return [one.removeprefix(f"{folder}/") for one in archive.names if one.startswith(f"{folder}/")]


def _inputs(archive: Archive, name: str) -> list[str]:
    """Return the datasets that the run read; others of its experiment may lie beside them."""
    inputs = [one for one in archive.names if one.startswith("inputs/")]
    if len(inputs) > _INPUTS_MAX:
        raise EvaluationRefused(f"{name} has more than {_INPUTS_MAX} inputs.", remedy=_REMEDY)
    read = {f"datasets/{_yaml(archive, one).get('source_id')}/{META}" for one in inputs}
    return [one for one in archive.names if one in read]


def _yaml(archive: Archive, name: str) -> dict[str, Any]:
    words = _words(archive, name)
    if len(words) > _YAML_BYTES_MAX:
        raise EvaluationRefused(f"{name[:80]} has more than {_YAML_BYTES_MAX:,} characters.", remedy=_REMEDY)
    try:
        found = yaml.safe_load(words)  # the slow loader: libyaml's has no bound on nesting, and takes the process along
    except (yaml.YAMLError, RecursionError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise EvaluationRefused(f"{name} in the run cannot be read.", remedy=_REMEDY)
    return found


def _words(archive: Archive, name: str) -> str:
    content = archive.read(name)
    if len(content) > _FILE_BYTES_MAX:
        raise EvaluationRefused(f"{name[:80]} has more than {_FILE_BYTES_MAX:,} bytes.", remedy=_REMEDY)
    return content.decode("utf-8", errors="replace")


def _last(lines: str, name: str) -> tuple[float | None, str | None]:
    """Return a metric's value at its last step, and the dataset it names.

    A line is `milliseconds value [step [dataset digest]]`.
    """
    points = []
    for line in lines.splitlines():
        words = line.split(" ")
        try:
            milliseconds, value = int(words[0]), float(words[1])
            step = int(words[2]) if len(words) > 2 else 0
        except (ValueError, IndexError):
            raise EvaluationRefused(f"The metric {name[:80]} has a line that is none.", remedy=_REMEDY) from None
        points.append((step, milliseconds, value, words[3] if len(words) > 4 else None))
    if not points:
        return None, None
    _, _, value, dataset = max(points, key=lambda point: point[:2])
    return figure(value), text(dataset)


def is_described(content: Mapping[str, Any]) -> bool:
    """Say whether a JSON object is what `mlflow runs describe` prints."""
    return "run_id" in part(content, "info") and isinstance(content.get("data"), Mapping)


def from_json(content: Mapping[str, Any], file: LogFile) -> Evaluation:
    """Return the evaluation of a described run; raises as `from_archive`."""
    data = part(content, "data")
    metrics = {str(name): (figure(value), None) for name, value in part(data, "metrics").items()}
    datasets = [part(one, "dataset") for one in parts(part(content, "inputs").get("dataset_inputs"))]
    return _evaluation(part(content, "info"), part(data, "params"), part(data, "tags"), metrics, datasets, file)


def _evaluation(
    about: Mapping[str, Any],
    params: Mapping[str, Any],
    tags: Mapping[str, Any],
    metrics: Mapping[str, tuple[float | None, str | None]],
    datasets: Iterable[Mapping[str, Any]],
    file: LogFile,
) -> Evaluation:
    if about.get("status") not in _FINISHED:
        raise EvaluationUnfinished(f"The run in {file.name} did not finish.", remedy="Give one that finished.")
    measured = tuple(_measured(metrics))
    check_metrics(len(measured), file.name)
    used = list(datasets)
    return Evaluation(
        form=file.form,
        tool="MLflow",
        tool_version=None,
        log_id=text(about.get("run_id")),
        task=text(about.get("run_name")) or text(tags.get("mlflow.runName")),
        task_version=None,
        dataset="; ".join(filter(None, (text(one.get("name")) for one in used))) or None,
        dataset_digest=text(used[0].get("digest")) if len(used) == 1 else None,
        dataset_source=text(used[0].get("source")) if len(used) == 1 else None,
        model=next((found for name in _MODEL_NAMES if (found := text(params.get(name)))), None),
        metrics=measured,
        samples_total=None,
        samples_completed=None,
        samples_logged=None,
        commit=text(tags.get("mlflow.source.git.commit")),
        started_at=instant(about.get("start_time")),
        completed_at=instant(about.get("end_time")),
        file=file.name,
        bytes=file.bytes,
        sha256=file.sha256,
    )


def _measured(metrics: Mapping[str, tuple[float | None, str | None]]) -> Iterator[Measured]:
    """Yield the metrics; one named as another with `_stderr` behind is the other's standard error."""
    for name, (value, dataset) in sorted(metrics.items()):
        if name.endswith(_ERROR_ENDS) and name.removesuffix(_ERROR_ENDS) in metrics:
            continue
        error, _ = metrics.get(f"{name}{_ERROR_ENDS}", (None, None))
        yield Measured(name=text(name) or "unnamed", value=value, standard_error=error, dataset=dataset)
