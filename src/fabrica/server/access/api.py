"""REST endpoints of access: allocations, and what the ledger says of them."""

from ninja import Router

from fabrica.server.access import queries, service
from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.server.ledger import queries as ledger
from fabrica.values.ids import AllocationId, ProjectId
from fabrica.values.quantities import DeviceTime
from fabrica.wire.access import Allocation, NewAllocation
from fabrica.wire.ledger import Statement

router = Router(tags=["access"])


@router.get("/projects/{project}/allocations", response=list[Allocation])
def allocations(request: Asked, project: ProjectId) -> list[Allocation]:
    """The project's allocations with what is left of each."""
    return list(queries.allocations(request.auth, project))


@router.get("/projects/{project}/statement", response=Statement)
def statement(request: Asked, project: ProjectId, limit: int = 50, cursor: str | None = None) -> Statement:
    """The project's ledger statement, newest first, verifiable by its hash chain."""
    queries.allocations(request.auth, project)
    return ledger.statement(project, limit=limit, cursor=cursor)


@router.post("/allocations", response={201: dict[str, AllocationId]})
def grant(request: Asked, body: NewAllocation) -> dict[str, AllocationId]:
    """Grant an allocation; operators only. Send an Idempotency-Key: the same request sent twice grants once."""

    def act() -> str:
        return service.grant_allocation(
            request.auth,
            project=body.project,
            amount=DeviceTime(body.device_seconds * 1000, body.resource_class),
            ends_at=body.ends_at,
            starts_at=body.starts_at,
            site=body.site,
            note=body.note,
        )

    return {"allocation": idempotency.once(request, act)}
