"""Evaluations on the wire: what a log of an evaluation tool says was measured, and problems."""

from typing import Literal

from pydantic import Field

from fabrica.values.ids import EvaluationId, VersionId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Sha256

LogForm = Literal["inspect_json", "inspect_eval", "mlflow_run", "mlflow_json"]

LOG_BYTES_MAX = 256 * 2**20
"""The largest log that is read, in any form."""


class Measured(Body):
    """One metric of an evaluation. `value` null: the tool wrote a value that is not finite."""

    name: str
    scorer: str | None = Field(default=None, description="what scored the samples")
    value: float | None
    standard_error: float | None = Field(default=None, description="of the mean, where the tool computed it")
    samples: int | None = Field(default=None, description="samples that were scored")
    dataset: str | None = Field(default=None, description="where the metric names a dataset of its own")


class Evaluation(Body):
    """What one log says: the task, the data, the model, what was measured, and when. Null: the log does not tell."""

    form: LogForm
    tool: str
    tool_version: str | None
    log_id: str | None = Field(description="the tool's own id of the evaluation")
    task: str | None
    task_version: str | None
    dataset: str | None
    dataset_digest: str | None
    dataset_source: str | None
    model: str | None = Field(description="as the tool names it")
    metrics: tuple[Measured, ...]
    samples_total: int | None = Field(description="repeats counted")
    samples_completed: int | None
    samples_logged: int | None = Field(description="samples whose own record is in the log")
    commit: str | None = Field(description="of the code of the task")
    started_at: Instant | None
    completed_at: Instant | None
    file: str
    bytes: int
    sha256: Sha256


class ImportedEvaluation(Body):
    """An evaluation that somebody imported as evidence of a version."""

    id: EvaluationId
    version: VersionId
    evaluation: Evaluation
    imported_by: str
    imported_at: Instant
    taken_back_because: str = Field(description="empty: it stands")


class TakeBack(Request):
    """Why an evaluation is evidence no more."""

    reason: str = Field(min_length=1, max_length=500)


class EvaluationRefused(FabricaError):
    """A file that is no readable log: of another kind, cut off, damaged, or made to harm its reader."""

    code = "aiact.evaluation_refused"
    status = 422
    title = "This log of an evaluation cannot be read"


class EvaluationUnfinished(FabricaError):
    """An evaluation that failed, was cancelled, was declared invalid or still runs is evidence of nothing."""

    code = "aiact.evaluation_unfinished"
    status = 409
    title = "The evaluation did not finish"


class LogReaderMissing(FabricaError):
    """The package that unpacks this form is not installed."""

    code = "aiact.log_reader_missing"
    status = 501
    title = "This form of log cannot be read here"
