"""The second wall on the wire: what projects may still use at a site, how its Slurm limits stand, who went round."""

from pydantic import Field

from fabrica.values.ids import AttemptId, ProjectId, SiteId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.ledger import OutsideStart
from fabrica.wire.problems import FabricaError

STARTS_MAX = 500
"""How many starts outside Fabrica one report holds."""


class LimitsQuestion(Request):
    """Which projects the site's operators have given an account of its Slurm."""

    projects: tuple[ProjectId, ...] = Field(max_length=2_000)


class Remaining(Body):
    """What a project may still use of one resource class at the site that asks, in device-milliseconds.

    `available`: of allocations that run now and reach the site; `of_network` of it could be used at another site as
    well. `held`: reserved for attempts at this site and not charged yet.
    """

    resource_class: str
    available_milliseconds: int
    of_network_milliseconds: int
    held_milliseconds: int


class ProjectRemaining(Body):
    """`known`: the project has, or had, an allocation that reaches the site; of others nothing is told."""

    project: ProjectId
    known: bool
    classes: tuple[Remaining, ...] = ()


class LimitsAnswer(Body):
    """What each project that was asked for may still use."""

    site: SiteId
    projects: tuple[ProjectRemaining, ...]
    at: Instant


class OutsideReported(Request):
    """One start of a job in a project's account. `attempt`: its name claims to be that attempt of ours."""

    project: ProjectId
    start: OutsideStart
    attempt: AttemptId | None = None


class OutsideReport(Request):
    """Starts of jobs that did not come from this agent; told again until they are taken, and counted once."""

    starts: tuple[OutsideReported, ...] = Field(max_length=STARTS_MAX)


class OutsideAnswer(Body):
    """What came of a report. `own`: attempts of the network's own; `refused`: in words, and not to be told again."""

    counted: int
    own: int
    refused: tuple[str, ...] = ()


class LimitDrift(Request):
    """One limit that does not stand as the allocation says, in minutes; `stands_minutes` null: there is none."""

    project: ProjectId
    slurm_account: str = Field(max_length=100)
    resource: str = Field(max_length=100, description="Slurm's name of it, such as `gres/gpu`")
    stands_minutes: int | None
    wanted_minutes: int
    words: str = Field(max_length=500)


class LimitsReport(Request):
    """How a site's Slurm limits stand. `notes`: what makes them less than a wall, or cannot be told."""

    checked_at: Instant
    cluster: str = Field(max_length=100)
    drifts: tuple[LimitDrift, ...] = Field(default=(), max_length=5_000)
    notes: tuple[str, ...] = Field(default=(), max_length=100)
    accounts: int = Field(ge=0, description="how many Slurm accounts are mirrored")


class LimitsUnsupported(FabricaError):
    code = "limits.unsupported"
    status = 409
    title = "This site mirrors no allocations as limits"


class LimitsUnread(FabricaError):
    code = "limits.unread"
    status = 503
    title = "The site's Slurm does not tell its limits"


class LimitsNotSet(FabricaError):
    code = "limits.not_set"
    status = 409
    title = "Slurm did not take a limit"
