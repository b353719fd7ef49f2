"""REST endpoints of independent evaluators: for the project that invites, and for those who were invited."""

from django.http import StreamingHttpResponse
from ninja import Router

from fabrica.server.aiact import evaluator_queries, evaluator_service, queries
from fabrica.server.aiact.downloads import download
from fabrica.server.core.actors import NOBODY
from fabrica.server.core.requests import Asked, body_of
from fabrica.server.core.storage import spooled, store_file
from fabrica.values.ids import DocumentId, EvaluatorId, ReportId, VersionId
from fabrica.wire.evaluators import (
    REPORT_BYTES_MAX,
    AcceptedEvaluator,
    Evaluator,
    EvaluatorAcceptance,
    EvaluatorInvitation,
    EvaluatorView,
    EvaluatorWithdrawal,
    NewEvaluator,
    Report,
    ReportCheck,
)
from fabrica.wire.signatures import SIGNATURE_HEADER

router = Router(tags=["evaluators"])
open_router = Router(tags=["evaluators"])
evaluator_router = Router(tags=["evaluators"])


@router.get("/versions/{version}/evaluators", response=list[Evaluator])
def evaluators(request: Asked, version: VersionId) -> list[Evaluator]:
    """The evaluators of a version with their reports, newest first."""
    return list(evaluator_queries.evaluators(request.auth, version))


@router.post("/versions/{version}/evaluators", response={201: EvaluatorInvitation})
def invite(request: Asked, version: VersionId, body: NewEvaluator) -> EvaluatorInvitation:
    """Draw a code for an independent evaluator; it is shown once. The project's lead does."""
    queries.version_row(request.auth, version)
    return evaluator_service.invite(request.auth, version=version, told=body)


@router.post("/versions/{version}/evaluators/{evaluator}/withdrawal", response={204: None})
def withdraw(request: Asked, version: VersionId, evaluator: EvaluatorId, body: EvaluatorWithdrawal) -> None:
    """Let an evaluator see nothing any more; their reports stay. The project's lead does."""
    queries.version_row(request.auth, version)
    evaluator_service.withdraw(request.auth, version=version, evaluator=evaluator, reason=body.reason)


@router.get("/reports/{report}", response=Report)
def report(request: Asked, report: ReportId) -> Report:
    """One signed report."""
    return evaluator_queries.report(request.auth, report)


@router.get("/reports/{report}/content")
def report_content(request: Asked, report: ReportId) -> StreamingHttpResponse:
    """The report's file, as it was received."""
    found, parts = evaluator_queries.report_content(request.auth, report)
    return download(found.sha256, parts)


@router.get("/reports/{report}/check", response=ReportCheck)
def check(request: Asked, report: ReportId) -> ReportCheck:
    """Hash the report's file again and check its signature again."""
    return evaluator_queries.check(request.auth, report)


@open_router.post("/acceptance", response={201: AcceptedEvaluator})
def accept(request: Asked, body: EvaluatorAcceptance) -> AcceptedEvaluator:
    """Become the evaluator that a code invites, with a key of one's own. The code works once."""
    return evaluator_service.accept(NOBODY, told=body)


@evaluator_router.get("", response=EvaluatorView)
def view(request: Asked) -> EvaluatorView:
    """What the evaluator sees of the one version they were invited to."""
    return evaluator_queries.view(request.auth)


@evaluator_router.get("/documents/{document}/{name}")
def document_file(request: Asked, document: DocumentId, name: str) -> StreamingHttpResponse:
    """A file of a document that the evaluator may read."""
    sha256, parts = evaluator_queries.document_file(request.auth, document, name)
    return download(sha256, parts)


@evaluator_router.put("/reports/{sha256}", response={201: Report})
def receive_report(request: Asked, sha256: str) -> Report:
    """Upload a report under its SHA-256, with what was signed of it in the header `Fabrica-Signature`."""
    by, signature = request.auth, request.headers.get(SIGNATURE_HEADER, "")
    claims = evaluator_service.check_report(by, signature, sha256)  # before the bytes are taken
    with spooled(body_of(request, REPORT_BYTES_MAX), sha256, claims.bytes) as file:
        count = store_file(file, sha256)
    kept = evaluator_service.receive_report(by, signature=signature, sha256=sha256, bytes_count=count)
    return next(one for one in evaluator_queries.view(by).reports if one.id == kept)
