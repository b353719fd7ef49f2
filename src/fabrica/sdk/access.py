"""Access: a project's allocations and its ledger statement."""

from fabrica.sdk.client import Client
from fabrica.values.ids import AllocationId, ProjectId
from fabrica.wire.access import Allocation, NewAllocation
from fabrica.wire.ledger import Statement


def allocations(client: Client, project: ProjectId) -> tuple[Allocation, ...]:
    """Return a project's allocations with what is left of each."""
    return client.get_list(f"/projects/{project}/allocations", Allocation)


def statement(client: Client, project: ProjectId, *, limit: int = 20, cursor: str | None = None) -> Statement:
    """Return a page of a project's ledger statement, newest first."""
    return client.get(f"/projects/{project}/statement", Statement, limit=limit, cursor=cursor)


def grant(client: Client, allocation: NewAllocation) -> AllocationId:
    """Grant an allocation.

    Raises:
        NotAllowed: the caller is no operator.
    """
    return AllocationId.parse(client.post("/allocations", allocation)["allocation"])
