"""Agent messages: the one `sync` exchange. The agent dials out; the server answers with leases and cancels."""

import hashlib
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from fabrica.values.ids import AgentId, AttemptId, ProjectId, RunId, SiteId, UserId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.attachments import Interactive
from fabrica.wire.bodies import Body, Instant
from fabrica.wire.environments import Environment
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import (
    Artifact,
    Dataset,
    MetricSeries,
    Resources,
    RunPurpose,
    Sha256,
    TaskStates,
    Usage,
)

PROTOCOL = 2
"""2: a work order names the person, and runs execute as that person's account at the site. 1: neither is known."""


class WaitForecast(Body):
    """How long jobs of one class have waited at a partition, from the site's own history.

    `devices_max` and `limit_seconds_max`: upper ends of the class; null: open. The bounds hold the true quantile with
    95 % confidence; null: too few samples. `changed_at`: the queue changed its ways then, and earlier waits count less.
    """

    devices_max: int | None
    limit_seconds_max: int | None
    of_all_limits: bool
    q50_seconds: float
    q90_seconds: float
    q50_bound_seconds: float | None
    q90_bound_seconds: float | None
    samples: int
    newest_at: Instant
    changed_at: Instant | None


class QueueClass(Body):
    """What waits at a partition now, of jobs that ask for `devices_min` to `devices_max` devices; null: unknown."""

    devices_min: int
    devices_max: int
    jobs_waiting: int
    devices_waiting: int


class NodeOut(Body):
    """A node that takes no work: drained by the site's operators, down, or failing; with the engine's own words."""

    node: str
    state: str
    reason: str = ""
    since: Instant | None = None


class Maintenance(Body):
    """When a partition takes no new work: nothing of it is left to its users, by the clock of who tells it.

    `name`: as the site's operators call it.
    """

    starts_at: Instant
    ends_at: Instant
    name: str = ""


class PartitionInventory(Body):
    """One partition as the site sees it now. Per-node figures; null: unknown."""

    name: str
    resource_class: str
    accelerator: str | None = Field(default=None, description="key of reference/accelerators.yaml")
    software_stack: Literal["cpu", "cuda-x86", "cuda-arm", "rocm"] | None = None
    nodes: int | None
    devices_per_node: int | None
    devices_total: int | None
    devices_free: int | None
    memory_bytes_per_node: int | None = None
    disk_free_bytes: int | None = None
    time_limit_seconds_max: int | None = None
    nodes_per_run_max: int | None = None
    jobs_running: int | None = Field(default=None, description="of everybody at the site, not of Fabrica alone")
    queue: tuple[QueueClass, ...] | None = Field(default=None, description="by devices asked; null: unknown")
    nodes_out: tuple[NodeOut, ...] = ()
    maintenance: Maintenance | None = Field(
        default=None, description="the present one, or the next; null: none is planned, or its engine cannot tell"
    )
    waits: tuple[WaitForecast, ...] = Field(default=(), description="one per class of jobs with enough history")
    containers: bool | None = Field(default=None, description="whether it runs images with Apptainer")
    apptainer: str | None = Field(default=None, description="version of Apptainer; null: unknown, or there is none")


class Inventory(Body):
    """What a site has now."""

    engine: Literal["local", "slurm", "simulated"]
    engine_version: str
    simulated: bool = False
    country: str | None = None
    partitions: tuple[PartitionInventory, ...]
    people: tuple[str, ...] | None = Field(
        default=None,
        description="for whom the site has accounts: ids, and SHA-256 of e-mail addresses; null: it asks for none",
    )
    support: str | None = Field(default=None, description="whom to ask for an account at the site")
    personal: bool | None = Field(
        default=None, description="it takes the runs of one person only, its owner; null: an older agent, untold"
    )
    interactive: bool | None = Field(
        default=None, description="whether its agent brings people to runs; null: an older agent, which cannot"
    )
    silent_since: Instant | None = Field(
        default=None, description="the engine gives its agent no answer since then; null: it answers"
    )
    taken_at: Instant = Field(description="when the engine told it, by the site's clock")


class AttemptSeen(Body):
    """One line of the agent's digest: an attempt it knows and the state it is in."""

    attempt: AttemptId
    fence: int
    state: AttemptState


EventKind = Literal[
    "accepted", "staging", "queued", "running", "usage", "log", "metrics", "artifacts", "ended", "declined"
]


class Event(Body):
    """One thing that happened at the site. `sequence` grows by one per agent epoch; sent until acknowledged.

    `declined`: the attempt was not started, and will not be.
    """

    sequence: int = Field(ge=1)
    attempt: AttemptId
    fence: int
    kind: EventKind
    at: Instant
    handle: str | None = None
    words: str = ""
    usage: Usage | None = None
    tasks: TaskStates | None = Field(default=None, description="of a job array, on `usage` and `ended`")
    reason: EndReason | None = None
    exit_code: int | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    expected_start_at: Instant | None = Field(default=None, description="the engine's own estimate, on `queued`")
    log_offset: int | None = None
    log_text: str | None = None
    log_dropped_bytes: int | None = Field(
        default=None, ge=0, description="of the output, what the site's log had no room for; on `ended`"
    )
    metrics: tuple[MetricSeries, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


class WorkOrder(Body):
    """What the agent is to run: all it needs, and of the person only by what the site may know them.

    `person_email_sha256`: of the address in small letters, so that a site that maps addresses finds those it knows.
    """

    attempt: AttemptId
    run: RunId
    fence: int
    number: int
    name: str
    partition: str
    purpose: RunPurpose
    command: tuple[str, ...]
    bundle_sha256: Sha256
    environment: Environment
    resources: Resources
    datasets: tuple[Dataset, ...]
    outputs: tuple[str, ...]
    checkpoint: str | None = None
    continues_from: tuple[Artifact, ...] = Field(default=(), description="checkpoint files of an earlier attempt")
    interactive: Interactive | None = None
    person: UserId | None = Field(default=None, description="who submitted the run")
    project: ProjectId | None = Field(default=None, description="whose allocation it draws on")
    person_email_sha256: Sha256 | None = None
    accept_before: Instant = Field(description="after this the server may take the offer back")


class Cancel(Body):
    attempt: AttemptId
    reason: EndReason = EndReason.CANCELLED_BY_USER


class SyncRequest(Body):
    """The agent's side of one exchange. `epoch` is drawn anew when the agent's journal is new."""

    protocol: int = PROTOCOL
    agent_version: str
    epoch: str = Field(min_length=1, max_length=64)
    inventory: Inventory | None = None
    attempts: tuple[AttemptSeen, ...] = ()
    events: tuple[Event, ...] = Field(default=(), max_length=500)
    wait_seconds: float = Field(default=0, ge=0, le=25)
    capacity: int = Field(default=100, ge=0, description="how many new work orders the agent can take now")
    sent_at: Instant | None = Field(default=None, description="by the site's clock")


class SyncAnswer(Body):
    """The server's side: events up to `acknowledged` are stored; leases to take; attempts to stop or forget."""

    protocol: int = PROTOCOL
    site: SiteId
    acknowledged: int
    leases: tuple[WorkOrder, ...] = ()
    cancels: tuple[Cancel, ...] = ()
    forget: tuple[AttemptId, ...] = Field(default=(), description="ended and settled: the agent may drop them")
    server_time: Instant


class Agent(Body):
    """An agent as operators see it. `last_word_at` growing old is shown as such; it kills nothing."""

    id: AgentId
    site: SiteId
    name: str
    version: str | None
    protocol: int | None
    enrolled_at: Instant
    last_word_at: Instant | None
    withdrawn: bool
    key: str | None = Field(default=None, description="thumbprint of its public key")
    clock_difference_seconds: int | None = Field(default=None, description="the server's clock less the site's")


def email_sha256(email: str) -> str:
    """Return what stands for an e-mail address where it need not be told: the SHA-256 of it in small letters."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


class AgentRefused(FabricaError):
    code = "agents.refused"
    status = 403
    title = "The agent is not accepted"


class SiteClaimed(FabricaError):
    code = "agents.site_claimed"
    status = 409
    title = "Another agent speaks for this site"


class ProtocolUnknown(FabricaError):
    code = "agents.protocol_unknown"
    status = 409
    title = "The agent speaks a protocol this server does not"


class AgentSettingsRefused(FabricaError):
    code = "agents.settings_refused"
    status = 422
    title = "The agent's settings have a mistake"


def settings_refused(where: str, trouble: ValidationError, known: str, **facts: object) -> AgentSettingsRefused:
    """Return the refusal of a table of agent.toml that names each mistake; `known`: its keys, told where one is wrong.

    `where` is the table as a subject with its verb, `agent.toml has`.
    """
    errors = trouble.errors()
    mistakes = [_mistake(error) for error in errors]
    is_of_keys = any(error["type"] in ("extra_forbidden", "missing") for error in errors)
    return AgentSettingsRefused(
        f"{where} {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}: {'; '.join(mistakes)}.",
        remedy=f"Known keys are: {known}." if is_of_keys else "Correct what is named; its reference explains each key.",
        mistakes=mistakes,
        **facts,
    )


def _mistake(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"'{key}' is not a known key"
        case "missing":
            return f"'{key}' is missing"
        case _:
            words = error["msg"].removeprefix("Value error, ")
            return f"'{key}': {words}" if key else words  # without a key it is of several together


class JournalUnusable(FabricaError):
    code = "agents.journal_unusable"
    status = 500
    title = "The agent's journal cannot be used"


class AgentRunning(FabricaError):
    code = "agents.running"
    status = 409
    title = "Another agent uses this folder"


class ArtifactNotSent(FabricaError):
    code = "agents.artifact_not_sent"
    status = 409
    title = "The site tells of a file that it has not sent"
