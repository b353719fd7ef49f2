"""What access announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import AllocationId, ProjectId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationGranted(FactBody):
    kind: ClassVar[str] = "access.allocation_granted"
    subject_field: ClassVar[str] = "allocation"
    allocation: AllocationId
    project: ProjectId
    resource_class: str
    milliseconds: int
    site: SiteId | None
    starts_at: datetime
    ends_at: datetime
