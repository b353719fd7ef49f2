"""The compute and energy account of one model on the wire: its runs, sources from outside, totals and margins."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Energy, Flop, RunPurpose, Sha256, ShortText

Counts = Literal["both", "cumulative_only", "separately", "no"]
Utilisation = Literal["model_flop", "hardware_flop", "tensor_activity", "time_occupancy"]
SourceTag = Literal[RunPurpose, "initial_weights"]
MarginState = Literal["below", "within_margin", "above", "unknown"]


class Hardware(Request):
    """One period of hardware-based compute: devices x seconds x peak x utilisation, each input with its meaning."""

    devices: int = Field(ge=1)
    seconds: float = Field(ge=0)
    peak_flops: float = Field(gt=0, description="FLOP per second of one device")
    precision: ShortText = Field(description="of the peak, such as bf16")
    sparsity: Literal["dense", "sparse"]
    peak_source: ShortText
    utilisation: float = Field(ge=0, le=1)
    utilisation_definition: Utilisation
    utilisation_source: ShortText


class Architecture(Request):
    """Architecture-based compute: 6 x parameters x tokens of a dense transformer, or operations x passes counted."""

    parameters_active: float | None = Field(default=None, gt=0, description="parameters used for one token")
    training_tokens: float | None = Field(default=None, gt=0, description="tokens trained on, repeats counted")
    context_length_tokens: int | None = Field(default=None, gt=0)
    operations_per_pass: float | None = Field(default=None, gt=0, description="FLOP of one full pass")
    passes: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_pair(self) -> "Architecture":
        tokens = (self.parameters_active is not None, self.training_tokens is not None)
        counted = (self.operations_per_pass is not None, self.passes is not None)
        if sorted((tokens, counted)) != [(False, False), (True, True)]:
            raise ValueError("give parameters_active with training_tokens, or operations_per_pass with passes")
        return self


class SourceEvidence(Request):
    """Where a figure from outside the platform comes from, and who entered it."""

    reference: ShortText
    sha256: Sha256 | None = None
    entered_by: ShortText
    entered_on: date


class OutsideSource(Request):
    """Compute that was spent outside the platform, entered with its evidence."""

    id: ShortText
    what: ShortText
    tag: SourceTag
    systemic: bool | None = Field(default=None, description="of initial weights: a model with systemic risk")
    flop: float | None = Field(default=None, ge=0)
    hardware: tuple[Hardware, ...] = ()
    architecture: Architecture | None = None
    method: ShortText
    evidence: SourceEvidence


class RunAddition(Request):
    """What the record of a run does not hold and a person states: with evidence, as for a source from outside."""

    hardware: tuple[Hardware, ...] = ()
    architecture: Architecture | None = None
    counted_share: float | None = Field(default=None, ge=0, le=1, description="of reinforcement learning")
    evidence: SourceEvidence


class SiteFactor(Request):
    """The facility factor of a site over a period: facility energy divided by the energy of its nodes."""

    pue: float = Field(ge=1, le=5)
    period: ShortText
    source: ShortText


class Sources(Request):
    """The file a person writes beside the records of one model."""

    sources: tuple[OutsideSource, ...] = ()
    runs: dict[str, RunAddition] = Field(default_factory=dict)
    sites: dict[str, SiteFactor] = Field(default_factory=dict)
    explanation: str | None = Field(default=None, max_length=5000, description="of a gap between the two methods")


class RecordedRun(Body):
    """One sealed run record, read: what it says of itself, and the hash of each of its files."""

    run: str
    name: str
    purpose: RunPurpose
    site: str
    simulated: bool
    started_at: Instant | None
    ended_at: Instant
    sealed_at: Instant
    root_sha256: Sha256
    about: dict[str, Any]
    elapsed_seconds: float
    devices: int
    flop: Flop | None
    energy: tuple[Energy, ...]
    environment: dict[str, Any]
    datasets: tuple[dict[str, Any], ...]
    parameters: dict[str, Any]
    events: tuple[dict[str, Any], ...]
    evaluations: tuple[dict[str, Any], ...]
    artifacts: tuple[dict[str, Any], ...]
    files: dict[str, Sha256]


class ComputeLine(Body):
    """One run or source of the account: both methods, the figure that is reported, and whether it counts."""

    id: str
    what: str
    tag: str
    origin: Literal["record", "outside"]
    counts: Counts
    why: str
    hardware_flop: float | None
    architecture_flop: float | None
    flop: float | None = Field(description="the figure that is reported; null: unknown")
    method: Literal["architecture", "hardware", "stated"] | None
    difference_share: float | None = Field(description="of the two methods, relative to the reported figure")
    differs: bool = Field(description="by more than the margin of the guidelines; explain before issuing a document")
    formulas: tuple[str, ...]
    notes: tuple[str, ...]
    evidence: str
    sha256: Sha256 | None
    at: Instant | date | None


class ComputeTotal(Body):
    """The sum of what is known. Unknown lines are named, so a total that is not complete is a lower bound."""

    flop: float
    complete: bool
    unknown: tuple[str, ...]
    low_flop: float
    high_flop: float


class Margin(Body):
    """How far a quantity is from a threshold; the state with a planned run or allocation stands beside it."""

    threshold: str
    quantity: str
    threshold_flop: float | None
    flop: float | None
    share: float | None = Field(description="quantity divided by threshold")
    state: MarginState
    with_planned: MarginState | None
    words: str
    source: str
    confidence: str


class ComputeAccount(Body):
    """Training compute and cumulative training compute of one model, with margins and warnings."""

    training_compute: ComputeTotal
    cumulative_training_compute: ComputeTotal
    modification_compute: ComputeTotal | None = Field(description="null: the model starts from no other model")
    original_compute: ComputeTotal | None
    lost_steps: ComputeTotal = Field(description="tag failed_restart: the guidelines are silent, so it stands apart")
    lines: tuple[ComputeLine, ...]
    margins: tuple[Margin, ...]
    planned_flop: float | None
    warnings: tuple[str, ...]
    needs_explanation: tuple[str, ...]
    explanation: str | None
    error_margin: float
    source: str
    confidence: str


class EnergyTotal(Body):
    """Energy of one boundary on one basis. Figures of another boundary or basis are never added to it."""

    boundary: Literal["accelerator", "node", "facility"]
    basis: Literal["measured", "allocated", "estimated"]
    joules: float
    megawatt_hours: float
    runs: tuple[str, ...]
    methods: tuple[str, ...]


class EnergyAccount(Body):
    """Energy of the runs that count for compute; what does not count is listed apart."""

    counted: tuple[EnergyTotal, ...]
    apart: tuple[EnergyTotal, ...]
    unknown: dict[str, tuple[str, ...]] = Field(description="by boundary: the counted runs without a figure")
    form: EnergyTotal | None = Field(description="the facility figure of all counted runs, for the form; null: none")
    form_words: str
    gap: str


class SourcesUnreadable(FabricaError):
    code = "aiact.sources_unreadable"
    status = 422
    title = "The sources of compute cannot be read"


class ComputeUnexplained(FabricaError):
    """The two methods differ by more than the guidelines' margin and nobody has said why."""

    code = "aiact.compute_unexplained"
    status = 409
    title = "Two figures of compute differ and nobody explains it"


class SameComputeTwice(FabricaError):
    code = "aiact.compute_twice"
    status = 422
    title = "The same compute would be counted twice"
