"""REST endpoints of the register: systems, versions, lineage, runs."""

from ninja import Router

from fabrica.server.aiact import queries, service
from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire.systems import (
    LinkRun,
    NewLineage,
    NewSystem,
    NewVersion,
    System,
    SystemChange,
    Version,
    Withdrawal,
)

router = Router(tags=["systems"])


@router.get("/systems", response=list[System])
def systems(request: Asked, project: ProjectId | None = None) -> list[System]:
    """The AI systems and general-purpose AI models that you may see."""
    return list(queries.systems(request.auth, project))


@router.post("/systems", response={201: System})
def register(request: Asked, body: NewSystem) -> System:
    """Register an AI system or general-purpose AI model of a project. Send an Idempotency-Key."""
    by = request.auth
    project = people.chosen_project(by, body.project)
    system = idempotency.once(request, lambda: service.register(by, project=project, told=body))
    return queries.system(by, SystemId(system))


@router.get("/systems/{system}", response=System)
def system(request: Asked, system: SystemId) -> System:
    """One system with its versions, newest first."""
    return queries.system(request.auth, system)


@router.put("/systems/{system}", response=System)
def amend(request: Asked, system: SystemId, body: SystemChange) -> System:
    """Put right what the register says of a system; what is left out stays."""
    by = request.auth
    service.amend(by, project=queries.system(by, system).project, system=system, told=body)
    return queries.system(by, system)


@router.post("/systems/{system}/versions", response={201: Version})
def add_version(request: Asked, system: SystemId, body: NewVersion) -> Version:
    """Add a draft version. Send an Idempotency-Key."""
    by = request.auth
    project = queries.system(by, system).project
    version = idempotency.once(request, lambda: service.add_version(by, project=project, system=system, told=body))
    return queries.version(by, VersionId(version))


@router.get("/versions/{version}", response=Version)
def version(request: Asked, version: VersionId) -> Version:
    """One version with its lineage, runs and datasets."""
    return queries.version(request.auth, version)


@router.post("/versions/{version}/lineage", response={201: Version})
def state_lineage(request: Asked, version: VersionId, body: NewLineage) -> Version:
    """Say what a draft was made from. The same parent again replaces what was said of it."""
    queries.version_row(request.auth, version)
    service.state_lineage(request.auth, version=version, told=body)
    return queries.version(request.auth, version)


@router.delete("/versions/{version}/lineage/{line}", response={204: None})
def remove_lineage(request: Asked, version: VersionId, line: int) -> None:
    """Take a line of a draft's lineage away again."""
    queries.version_row(request.auth, version)
    service.remove_lineage(request.auth, version=version, line=line)


@router.post("/versions/{version}/runs", response={201: Version})
def link_run(request: Asked, version: VersionId, body: LinkRun) -> Version:
    """Say that a run of the same project belongs to a version."""
    queries.version_row(request.auth, version)
    service.link_run(request.auth, version=version, run=body.run)
    return queries.version(request.auth, version)


@router.delete("/versions/{version}/runs/{run}", response={204: None})
def unlink_run(request: Asked, version: VersionId, run: RunId) -> None:
    """Take a run away from a draft again."""
    queries.version_row(request.auth, version)
    service.unlink_run(request.auth, version=version, run=run)


@router.post("/versions/{version}/withdrawal", response={201: Version})
def withdraw(request: Asked, version: VersionId, body: Withdrawal) -> Version:
    """Take a version off the market, or drop a draft; the project's lead does."""
    queries.version_row(request.auth, version)
    service.withdraw(request.auth, version=version, on=body.on, reason=body.reason)
    return queries.version(request.auth, version)
