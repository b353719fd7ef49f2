"""REST endpoints of evaluations: logs are uploaded as they are, and read here again without trust."""

from ninja import Router

from fabrica.aiact.evaluations.reading import read_evaluation
from fabrica.server.aiact import evaluation_queries, evaluation_service, permissions, queries
from fabrica.server.core.requests import Asked, body_of
from fabrica.server.core.storage import spooled, store_file
from fabrica.values.ids import EvaluationId, VersionId
from fabrica.wire.evaluations import LOG_BYTES_MAX, ImportedEvaluation, TakeBack
from fabrica.wire.problems import Malformed, NotAllowed

router = Router(tags=["evaluations"])
_NAME_LENGTH_MAX = 200


@router.get("/versions/{version}/evaluations", response=list[ImportedEvaluation])
def evaluations(request: Asked, version: VersionId) -> list[ImportedEvaluation]:
    """The evaluations that were imported as evidence of a version, newest first."""
    return list(evaluation_queries.evaluations(request.auth, version))


@router.put("/versions/{version}/evaluations/{sha256}", response={201: ImportedEvaluation})
def import_evaluation(request: Asked, version: VersionId, sha256: str, name: str) -> ImportedEvaluation:
    """Upload the log of an evaluation under its SHA-256: of Inspect AI or MLflow. The same log twice is one."""
    by = request.auth
    queries.version_row(by, version)
    if not permissions.edits(by, version=version):  # asked before the bytes are taken, and again by the verb
        raise NotAllowed("Only who works in the project imports evaluations.", remedy="Ask for a role in it.")
    if not 0 < len(name) <= _NAME_LENGTH_MAX:
        raise Malformed(f"A file's name has 1 to {_NAME_LENGTH_MAX} characters.")
    with spooled(body_of(request, LOG_BYTES_MAX), sha256, LOG_BYTES_MAX) as file:
        found = read_evaluation(file, name)
        store_file(file, sha256)
    evaluation = evaluation_service.import_evaluation(by, version=version, evaluation=found)
    return _one(request, version, evaluation)


@router.post("/versions/{version}/evaluations/{evaluation}/withdrawal", response={201: ImportedEvaluation})
def take_back(request: Asked, version: VersionId, evaluation: EvaluationId, body: TakeBack) -> ImportedEvaluation:
    """Let an evaluation be evidence no more; it stays listed with the reason."""
    queries.version_row(request.auth, version)
    evaluation_service.take_back(request.auth, version=version, evaluation=evaluation, reason=body.reason)
    return _one(request, version, evaluation)


def _one(request: Asked, version: VersionId, evaluation: EvaluationId) -> ImportedEvaluation:
    return next(one for one in evaluation_queries.evaluations(request.auth, version) if one.id == evaluation)
