"""What is announced of evaluations and independent evaluators."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import EvaluationId, EvaluatorId, ReportId, VersionId


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationImported(FactBody):
    kind: ClassVar[str] = "aiact.evaluation_imported"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    evaluation: EvaluationId
    tool: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationTakenBack(FactBody):
    kind: ClassVar[str] = "aiact.evaluation_taken_back"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    evaluation: EvaluationId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorMoved(FactBody):
    """An evaluator was invited, accepted with a key, or was withdrawn."""

    kind: ClassVar[str] = "aiact.evaluator_moved"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    evaluator: EvaluatorId
    name: str
    state: str
    key: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReceived(FactBody):
    kind: ClassVar[str] = "aiact.report_received"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    evaluator: EvaluatorId
    report: ReportId
    sha256: str
