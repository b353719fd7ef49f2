"""What placement announces."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import PlacementId, RunId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementDecided(FactBody):
    kind: ClassVar[str] = "placement.decided"
    subject_field: ClassVar[str] = "run"
    run: RunId
    placement: PlacementId
    chosen: SiteId | None
    policy_version: str
    snapshot_sha256: str
