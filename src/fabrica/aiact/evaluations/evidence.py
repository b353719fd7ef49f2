"""What an evaluation, and the signed report of an independent evaluator, are evidence of."""

from fabrica.aiact.documents.evidence import evidence
from fabrica.wire.documents import Evidence, HeldBy
from fabrica.wire.evaluations import Evaluation, Measured
from fabrica.wire.evaluators import Evaluator, Report


def evaluation_evidence(one: Evaluation, *, held_by: HeldBy = "register") -> Evidence:
    """Return the results of an evaluation as evidence; where no dataset is named, nothing says what it measured on."""
    rows = [_row(one, measured) for measured in one.metrics if measured.value is not None]
    tool = " ".join(filter(None, (one.tool, one.tool_version)))
    model = f" on the model {one.model!r}, as the log names it" if one.model else ""
    return evidence(
        "eval.results",
        [{name: value for name, value in row.items() if value is not None} for row in rows],
        held_by=held_by,
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


def report_evidence(report: Report, evaluator: Evaluator) -> tuple[Evidence, Evidence]:
    """Return who evaluated independently, and that their report is signed: over the hash of the report itself."""
    told = {
        "evaluator": evaluator.name,
        "contract": evaluator.contract,
        "independence": evaluator.independence,
        "report_sha256": report.sha256,
    }
    signed = {
        "report": f"{report.title} ({report.file})",
        "sha256": report.sha256,
        "signed_by": f"{report.signatory}, {evaluator.name}",
        "signed_on": report.signed_at.date(),
    }
    source = f"report {report.id} in the register of evaluators"
    method = f"Signed with the evaluator's own Ed25519 key {evaluator.key}; the signature was checked when it came."
    external, signature = (
        evidence(
            kind,
            [{name: value for name, value in row.items() if value is not None}],
            held_by="register",
            source=source,
            method=method,
            at=report.received_at,
            sha256=report.sha256,
        )
        for kind, row in (("eval.external", told), ("eval.signed", signed))
    )
    return external, signature
