"""Runs on the wire: what a user asks, what a run is, what it used."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId
from fabrica.values.quantities import check_resource_class
from fabrica.values.states import AttemptState, EndReason, RunState
from fabrica.wire.attachments import Interactive
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.environments import IMAGE_OF_DATA, Environment, RelativePath
from fabrica.wire.placement import Placement
from fabrica.wire.problems import FabricaError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]

RunPurpose = Literal[
    "pretraining",
    "continued_training",
    "finetuning",
    "reinforcement_learning",
    "synthetic_nonpublic",
    "synthetic_public",
    "teacher_training",
    "reward_model",
    "evaluation",
    "red_team",
    "exploratory",
    "failed_restart",
]
"""The run purposes that decide whether compute counts.

Source: `fabrica/reference/purposes.yaml`, from the Commission's guidelines for providers of general-purpose AI models.
"""


TASKS_MAX = 10_000

TaskStates = Annotated[str, Field(pattern=r"^[wrsfc]*$", max_length=TASKS_MAX)]
"""Where each task of a run stands, one letter a task: w waits, r runs, s succeeded, f failed, c cancelled."""


def tell_tasks(states: str) -> str:
    """Return what became of the tasks of a run in one sentence; of failed ones the first ten by number."""
    failed = [str(index) for index, letter in enumerate(states) if letter == "f"]
    told = [f"{states.count('s'):,} of {len(states):,} tasks succeeded"]
    if failed:
        more = ", …" if len(failed) > 10 else ""
        told.append(f"{len(failed):,} failed ({', '.join(failed[:10])}{more})")
    told += [
        f"{states.count(letter):,} {words}"
        for letter, words in (("r", "run"), ("w", "wait"), ("c", "were cancelled"))
        if letter in states
    ]
    return ", ".join(told) + "."


class Resources(Request):
    """What one run asks of a site. Devices are per node; for `cpu.core` a device is one core.

    A run of several tasks is a job array: the same command once for each, told its number by `FABRICA_TASK`, and all
    other figures are those of one task.
    """

    resource_class: str = "cpu.core"
    nodes: int = Field(default=1, ge=1, le=100_000)
    devices: int = Field(default=1, ge=1, le=1_024)
    memory_bytes: int = Field(default=2 * 2**30, ge=2**20)
    disk_bytes: int = Field(default=5 * 2**30, ge=2**20)
    time_limit_seconds: int = Field(default=600, ge=1, le=31 * 86_400)
    tasks: int = Field(default=1, ge=1, le=TASKS_MAX)
    tasks_at_once: int | None = Field(default=None, ge=1, le=TASKS_MAX, description="null: as many as the site gives")

    @field_validator("resource_class")
    @classmethod
    def _known_form(cls, text: str) -> str:
        return check_resource_class(text)

    @property
    def devices_total(self) -> int:
        return self.nodes * self.devices

    @property
    def reserved_milliseconds(self) -> int:
        """Device-milliseconds that the whole time limit of every task costs."""
        return self.devices_total * self.time_limit_seconds * self.tasks * 1000


class Dataset(Request):
    """One file a run reads, fetched by the site from a named source and checked by its SHA-256."""

    name: ShortText
    source: ShortText = Field(description="`pypi:NAME==VERSION`, `deb:NAME=VERSION`, `https://…` or `file:PATH`")
    file: RelativePath = Field(description="path inside the package; for a plain file its name")
    sha256: Sha256
    licence: ShortText | None = None
    origin: str | None = Field(default=None, max_length=1000)
    countries: tuple[str, ...] | None = Field(default=None, description="ISO codes it may be in; null: no limit stated")


class MetricRule(Request):
    """How one final metric is read: which way is better, beside which baseline, and what is accepted."""

    name: ShortText
    unit: str = ""
    better: Literal["lower", "higher"] = "lower"
    baseline: ShortText | None = Field(default=None, description="name of the metric that is the baseline")
    accept_max: float | None = None
    accept_min: float | None = None


class RunSpec(Request):
    """What a user asks: a command over a source bundle, with an environment, data, resources and a purpose."""

    name: ShortText
    project: ProjectId | None = Field(default=None, description="null: the caller's only project")
    purpose: RunPurpose = "exploratory"
    command: tuple[Annotated[str, Field(max_length=4000)], ...] = Field(min_length=1, max_length=200)
    bundle_sha256: Sha256
    environment: Environment = Environment()
    resources: Resources = Resources()
    datasets: tuple[Dataset, ...] = Field(default=(), max_length=100)
    outputs: tuple[RelativePath, ...] = Field(default=(), max_length=100)
    checkpoint: RelativePath | None = Field(
        default=None, description="folder where the run saves what it can go on from; the next attempt finds it there"
    )
    metrics: tuple[MetricRule, ...] = Field(default=(), max_length=50)
    countries: tuple[str, ...] | None = Field(default=None, description="ISO codes the run may be in; null: any")
    sites: tuple[SiteId, ...] | None = Field(
        default=None, min_length=1, max_length=100, description="the only sites the run may be at; null: any"
    )
    expected_seconds: int | None = Field(default=None, ge=1, description="run time the user expects; null: unknown")
    accept_simulated: bool = Field(default=False, description="a simulated site may take it: nothing real is computed")
    attempts_max: int = Field(default=3, ge=1, le=10)
    interactive: Interactive | None = Field(default=None, description="a person works in it; null: it runs alone")
    after: tuple[RunId, ...] = Field(default=(), max_length=100, description="runs that must have succeeded before")

    @model_validator(mode="after")
    def _image_is_there(self) -> "RunSpec":
        image = self.environment.image or ""
        if image.startswith(IMAGE_OF_DATA) and image[len(IMAGE_OF_DATA) :] not in {one.name for one in self.datasets}:
            raise ValueError(f"the image {image!r} names no dataset of the run")
        return self

    @model_validator(mode="after")
    def _interactive_is_one(self) -> "RunSpec":
        if self.interactive and (self.resources.nodes, self.resources.tasks) != (1, 1):
            raise ValueError("an interactive run has one node and one task")
        return self


class Energy(Body):
    """Energy of one attempt in one boundary. Measured and estimated are never mixed in one figure."""

    boundary: Literal["accelerator", "node", "facility"]
    basis: Literal["measured", "allocated", "estimated"]
    joules: float | None
    method: str = Field(description="tool or formula with every input, as a sentence")
    interval_seconds: float | None = None
    carbon_grams: float | None = None
    carbon_source: str | None = Field(default=None, description="grid intensity, country and year used")


class Flop(Body):
    """Hardware-based compute of one attempt: devices x peak x utilisation x time, each input shown."""

    flop: float | None
    devices: int
    peak_flops: float | None = Field(description="FLOP per second of one device; null: unknown")
    peak_source: str
    utilisation: float | None
    utilisation_source: str
    seconds: float


class Usage(Body):
    """What one attempt has used up to `elapsed_seconds`. Cumulative: a later report replaces an earlier one."""

    elapsed_seconds: float = 0.0
    devices: int = 0
    device_milliseconds: int | None = Field(
        default=None, ge=0, description="exact sum, where an engine started it more than once; null: the product"
    )
    cpu_seconds: float | None = None
    memory_peak_bytes: int | None = None
    disk_bytes: int | None = None
    energy: tuple[Energy, ...] = ()
    flop: Flop | None = None

    @property
    def charged_milliseconds(self) -> int:
        """Device-milliseconds held: the exact sum, else devices times elapsed time, rounded down once, here."""
        if self.device_milliseconds is not None:
            return self.device_milliseconds
        return int(self.devices * self.elapsed_seconds * 1000)


class Artifact(Body):
    """One file a run left behind, content-addressed."""

    path: str
    sha256: Sha256
    bytes: int = Field(ge=0)
    kind: Literal["output", "record", "checkpoint"] = "output"


class Metric(Body):
    """The last value of one metric, with its step."""

    name: str
    value: float | None
    step: int | None = None


class Attempt(Body):
    """One try at a run on one site."""

    id: AttemptId
    number: int
    site: SiteId
    state: AttemptState
    fence: int
    reason: EndReason | None = None
    words: str = ""
    exit_code: int | None = None
    handle: str | None = None
    observed_at: Instant | None = None
    offered_at: Instant
    queued_at: Instant | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    wait_q50_seconds: float | None = Field(default=None, description="told before: half of such runs wait at most this")
    wait_q90_seconds: float | None = Field(default=None, description="told before: nine of ten wait at most this")
    wait_samples: int = Field(default=0, description="waits of the site's history behind both; 0: nothing was told")
    expected_start_at: Instant | None = Field(default=None, description="the engine's own first estimate")
    tasks: TaskStates = Field(default="", description="one letter a task of a job array; empty: a run of one task")
    usage: Usage = Usage()
    charged_milliseconds: int = 0


class Silence(Body):
    """A site's scheduler gives its agent no answer, so what is known of its runs is of an earlier time."""

    site: SiteId
    engine: str
    since: Instant = Field(description="by the server's clock")

    @property
    def words(self) -> str:
        """What a person is told of it."""
        since = f"{self.since:%H:%M} UTC on {self.since:%-d %B}"
        return (
            f"{self.engine.title()} at {self.site} has not answered since {since}; "
            "what is known is of that time, and nothing is lost."
        )


class Run(Body):
    """A user's run as anybody who may see it sees it."""

    id: RunId
    name: str
    project: ProjectId
    project_name: str
    submitted_by: str
    state: RunState
    reason: str | None = None
    words: str = ""
    spec: RunSpec
    site: SiteId | None = None
    simulated: bool = False
    placement: Placement | None = None
    attempts: tuple[Attempt, ...] = ()
    usage: Usage = Usage()
    metrics: tuple[Metric, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    charged_milliseconds: int = 0
    reserved_milliseconds: int = 0
    cancel_requested: bool = False
    submitted_at: Instant
    started_at: Instant | None = None
    ended_at: Instant | None = None
    observed_at: Instant | None = None
    silence: Silence | None = Field(default=None, description="of the scheduler where it lives; null: that answers")
    page: str = Field(description="address of the portal page of the run")


class RunList(Body):
    runs: tuple[Run, ...]
    next_cursor: str | None = None


class LogSlice(Body):
    """A piece of a run's log: text from byte `offset` on; `next_offset` is where to ask again."""

    attempt: AttemptId | None
    offset: int
    next_offset: int
    text: str
    ended: bool
    dropped_bytes: int = Field(default=0, description="of the output, what the site's log had no room for")


class MetricSeries(Body):
    name: str
    points: tuple[tuple[int, float | None], ...] = Field(description="(step, value) in order of arrival")


class DryRun(Body):
    """What would happen to a run if it were submitted now. Nothing is stored, reserved or spent."""

    placement: Placement
    reserve_milliseconds: int
    resource_class: str
    free_milliseconds: int | None
    enough: bool
    wait_q50_seconds: float | None = Field(default=None, description="half of such runs wait at most this there")
    wait_q90_seconds: float | None = Field(default=None, description="nine of ten wait at most this")
    wait_samples: int = Field(default=0, description="waits of the site's history behind both; 0: not known")
    words: str


class Loss(Body):
    """What declaring a run's living attempt lost would do now. It cannot be taken back."""

    run: RunId
    attempt: AttemptId
    site: SiteId
    state: AttemptState
    observed_at: Instant | None = Field(description="when the site last told of the attempt; null: never")
    returned_milliseconds: int = Field(description="what comes back to the allocation, charges so far included")
    resource_class: str
    run_state: RunState = Field(description="where the run goes: `submitted` when it is tried again")
    consequences: tuple[str, ...]


class DeclareLost(Request):
    """The attempt that an operator gives up on, by its id: a later attempt of the same run is not meant."""

    attempt: AttemptId


class Purpose(Body):
    """What a run can be for, and whether its compute counts toward a model's training compute."""

    tag: str
    counts: str = Field(description="`counts`, `in_part`, `cumulative_only`, `does_not_count` or `open`")
    words: str
    counts_words: str | None = Field(default=None, description="the guidelines' own words where yes or no does not do")


class ManifestMissing(FabricaError):
    code = "runs.manifest_missing"
    status = 422
    title = "There is no fabrica.toml"


class ManifestRefused(FabricaError):
    code = "runs.manifest_refused"
    status = 422
    title = "fabrica.toml has a mistake"


class BundleRefused(FabricaError):
    code = "runs.bundle_refused"
    status = 422
    title = "The source bundle is not accepted"


class BundleMissing(FabricaError):
    code = "runs.bundle_missing"
    status = 409
    title = "The source bundle has not been uploaded"


class DependencyUnknown(FabricaError):
    code = "runs.dependency_unknown"
    status = 409
    title = "A run to wait for is not there"


class NoAllocation(FabricaError):
    code = "runs.no_allocation"
    status = 409
    title = "The project has no allocation for this resource class"


class RunEnded(FabricaError):
    code = "runs.ended"
    status = 409
    title = "The run has ended already"


class RecordNotReady(FabricaError):
    code = "runs.record_not_ready"
    status = 409
    title = "The run record is not complete yet"
