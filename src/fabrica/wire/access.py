"""Access on the wire: allocations."""

from pydantic import Field, field_validator

from fabrica.values.ids import AllocationId, ProjectId, SiteId
from fabrica.values.quantities import check_resource_class
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError


class Allocation(Body):
    """What a project may use: device time of one resource class, on one site or the network, between two dates."""

    id: AllocationId
    project: ProjectId
    resource_class: str
    granted_milliseconds: int
    free_milliseconds: int
    reserved_milliseconds: int
    consumed_milliseconds: int
    expired_milliseconds: int
    site: SiteId | None = Field(description="null: any site of the network")
    starts_at: Instant
    ends_at: Instant
    note: str = ""


class NewAllocation(Request):
    project: ProjectId
    resource_class: str
    device_seconds: int = Field(gt=0, le=10**12)
    site: SiteId | None = None
    starts_at: Instant | None = Field(default=None, description="null: now")
    ends_at: Instant
    note: str = Field(default="", max_length=300)

    @field_validator("resource_class")
    @classmethod
    def _known_form(cls, text: str) -> str:
        return check_resource_class(text)


class AllocationDatesWrong(FabricaError):
    code = "access.allocation_dates_wrong"
    status = 422
    title = "The dates of the allocation do not fit"
