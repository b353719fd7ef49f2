"""Placement on the wire: every candidate with every reason, the terms of the score, the choice."""

from typing import Literal

from pydantic import Field

from fabrica.values.ids import PlacementId, RunId, SiteId
from fabrica.wire.bodies import Body, Instant
from fabrica.wire.problems import FabricaError


class Reason(Body):
    """One filter's answer for one candidate, with the numbers it compared."""

    code: str = Field(description="stable code, e.g. `no_agent`, `memory`, `allocation`")
    passed: bool
    missing: bool = Field(default=False, description="the site has not stated it; it passes, and may decline later")
    words: str = Field(description="one plain sentence with the numbers")
    asked: float | str | None = None
    has: float | str | None = None


class Term(Body):
    """One term of the score: 0 is best, 1 is worst; `missing` says the worst known value stands in."""

    code: Literal["time_to_result", "carbon", "balance", "risk", "movement"]
    weight: float
    value: float
    missing: bool = False
    words: str = Field(description="the inputs, with units")


class Candidate(Body):
    """One partition of one site: able or not, with all reasons; and its score when able."""

    site: SiteId
    site_name: str
    partition: str
    country: str
    simulated: bool = False
    devices_spare: int | None = Field(default=None, description="free, and nobody waits for them; null: not known")
    able: bool
    reasons: tuple[Reason, ...]
    terms: tuple[Term, ...] = ()
    score: float | None = None
    rank: int | None = None

    @property
    def unnamed(self) -> bool:
        """True where the run names the sites it may be at, and this is none of them."""
        return self._is_refused_by("sites")

    @property
    def never_connected(self) -> bool:
        """True where no agent of the site has ever spoken."""
        return self._is_refused_by("no_agent")

    def _is_refused_by(self, code: str) -> bool:
        return any(reason.code == code and not reason.passed for reason in self.reasons)


class Flip(Body):
    """The smallest change that would have chosen another candidate."""

    site: SiteId
    partition: str
    term: str
    words: str


class Placement(Body):
    """A kept decision: who could take the run, who was chosen, why, and what would have changed it."""

    id: PlacementId | None = None
    run: RunId | None = None
    policy_version: str
    decided_at: Instant
    chosen: SiteId | None
    chosen_partition: str | None
    candidates: tuple[Candidate, ...]
    margin: float | None = Field(default=None, description="runner-up's score minus the winner's")
    flip: Flip | None = None
    nearest: str | None = Field(default=None, description="when nobody can: the nearest possible, in words")
    snapshot_sha256: str


class KeptDecision(Body):
    """A decision as it was made: the snapshot it rests on, as its one canonical text, and what was chosen."""

    placement: PlacementId
    snapshot: str
    snapshot_sha256: str
    chosen: SiteId | None
    chosen_partition: str | None


class Unsatisfiable(FabricaError):
    code = "placement.unsatisfiable"
    status = 409
    title = "No site can take this run"


class SnapshotMalformed(FabricaError):
    code = "placement.snapshot_malformed"
    status = 422
    title = "The snapshot of a placement cannot be used"
