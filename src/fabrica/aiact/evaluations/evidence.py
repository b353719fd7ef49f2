"""What an evaluation is evidence of."""

from fabrica.aiact.documents.evidence import evidence
from fabrica.wire.documents import Evidence
from fabrica.wire.evaluations import Evaluation, Measured


def evaluation_evidence(one: Evaluation) -> Evidence:
    """Return the results of an evaluation as evidence; where no dataset is named, nothing says what it measured on."""
    rows = [_row(one, measured) for measured in one.metrics if measured.value is not None]
    tool = " ".join(filter(None, (one.tool, one.tool_version)))
    model = f" on the model {one.model!r}, as the log names it" if one.model else ""
    return evidence(
        "eval.results",
        [{name: value for name, value in row.items() if value is not None} for row in rows],
        held_by="register",
        source=f"{one.file}, a log of {tool}",
        method=f"Measured by {tool}{model}; read from the log.",
        at=one.completed_at,
        sha256=one.sha256,
    )


def _row(one: Evaluation, measured: Measured) -> dict[str, object]:
    return {
        "metric": f"{measured.name} ({measured.scorer})" if measured.scorer else measured.name,
        "value": measured.value,
        "standard_error": measured.standard_error,
        "data": _data(one, measured),
        "measured_on": one.completed_at.date() if one.completed_at else None,
    }


def _data(one: Evaluation, measured: Measured) -> str | None:
    """Return what was measured on: the dataset, the task, and how many samples were scored."""
    dataset = measured.dataset or one.dataset
    if dataset is None:
        return None
    task = " ".join(filter(None, (one.task, one.task_version and f"version {one.task_version}")))
    told = [dataset, f"task {task}" if task else "", f"{measured.samples:,} samples" if measured.samples else ""]
    return ", ".join(filter(None, told))
