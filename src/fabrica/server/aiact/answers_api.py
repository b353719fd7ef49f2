"""REST endpoints of what is said of a version, what the desk finds, its accounts, and its release."""

from datetime import date

from ninja import Router

from fabrica.aiact.classify import classify
from fabrica.aiact.intake.asking import outlook
from fabrica.aiact.intake.sitting import begin
from fabrica.server.aiact import (
    account_queries,
    modification_queries,
    outlook_queries,
    queries,
    service,
    statement_service,
)
from fabrica.server.core import clock
from fabrica.server.core.requests import Asked
from fabrica.values.ids import ProjectId, VersionId
from fabrica.wire.accounts import Sources
from fabrica.wire.aiact import Classification
from fabrica.wire.intake import Outlook
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import (
    ChangeAnswers,
    ComputeOutlook,
    Found,
    Modification,
    NewAnswers,
    NewFacts,
    NewRelease,
    StatementKind,
    Told,
    Version,
    VersionAccount,
)

router = Router(tags=["systems"])


@router.get("/versions/{version}/facts", response=Outlook)
def facts(request: Asked, version: VersionId) -> Outlook:
    """The facts that stand, as an intake: the result today and the next questions. Nothing told: the kind alone."""
    row = queries.version_row(request.auth, version)
    told = queries.standing(version, "facts")
    content = told[0].body if told else {"artefact": queries.kind_of(row)}
    return outlook(begin(content), clock.now().date())


@router.put("/versions/{version}/facts", response=Classification)
def tell_facts(request: Asked, version: VersionId, body: NewFacts) -> Classification | None:
    """Keep the facts of a version; the ones before stay as its history. Returns what the desk finds."""
    queries.version_row(request.auth, version)
    statement_service.tell_facts(request.auth, version=version, told=body)
    return queries.newest_result(version)


@router.get("/versions/{version}/classification", response=Classification)
def classification(request: Asked, version: VersionId, as_of: date | None = None) -> Classification:
    """What the Act makes of the facts that stand, on any day; without one, today."""
    return classify(queries.answers(request.auth, version), as_of or clock.now().date())


@router.get("/versions/{version}/results", response=list[Found])
def results(request: Asked, version: VersionId) -> list[Found]:
    """Every result that was kept, newest first, with what a change of the law's data changed."""
    return list(queries.results(request.auth, version))


@router.get("/versions/{version}/statements", response=list[Told])
def statements(request: Asked, version: VersionId, kind: StatementKind, key: str = "") -> list[Told]:
    """Everything that was said of one kind and key, newest first, with who and when."""
    return list(queries.statements(request.auth, version, kind, key))


@router.get("/versions/{version}/sources", response=Sources)
def sources(request: Asked, version: VersionId) -> Sources:
    """What was entered of compute from outside, and stands."""
    queries.version_row(request.auth, version)
    return account_queries.sources_of(version)


@router.put("/versions/{version}/sources", response=VersionAccount)
def tell_sources(request: Asked, version: VersionId, body: Sources) -> VersionAccount:
    """Enter compute from outside, with evidence; it replaces what stood. Returns the accounts."""
    queries.version_row(request.auth, version)
    statement_service.tell_sources(request.auth, version=version, told=body)
    return account_queries.version_account(request.auth, version)


@router.get("/versions/{version}/account", response=VersionAccount)
def account(request: Asked, version: VersionId) -> VersionAccount:
    """The compute and energy accounts of a version over everything it was made from, with margins and warnings."""
    return account_queries.version_account(request.auth, version)


@router.get("/projects/{project}/compute-outlook", response=ComputeOutlook)
def compute_outlook(
    request: Asked,
    project: ProjectId,
    resource_class: str,
    device_seconds: int,
    purpose: RunPurpose | None = None,
) -> ComputeOutlook:
    """Which thresholds a run or a grant to come could cross, by model of the project. Nothing is stored."""
    return outlook_queries.compute_outlook(
        request.auth, project, resource_class=resource_class, device_seconds=device_seconds, purpose=purpose
    )


@router.put("/versions/{version}/answers", response={204: None})
def say(request: Asked, version: VersionId, body: NewAnswers) -> None:
    """Say something for documents: evidence, texts, consents to what is shown. Kept with who and when."""
    queries.version_row(request.auth, version)
    statement_service.say(request.auth, version=version, told=body)


@router.put("/versions/{version}/modification", response=Modification | None)
def modification(
    request: Asked, version: VersionId, body: ChangeAnswers, replaces: VersionId | None = None
) -> Modification | None:
    """Check whether a version modifies another substantially; null: there is nothing it modifies. Nothing is stored."""
    return modification_queries.modification(request.auth, version, replaces, body)


@router.put("/versions/{version}/release", response=Version)
def release(request: Asked, version: VersionId, body: NewRelease) -> Version:
    """Release a draft, over another version or not; the project's lead does."""
    queries.version_row(request.auth, version)
    service.release(request.auth, version=version, told=body)
    return queries.version(request.auth, version)
