"""The register of AI systems and general-purpose AI models on the wire: versions, lineage, runs, and problems."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire.accounts import ComputeAccount, EnergyAccount, Margin
from fabrica.wire.aiact import Classification
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.documents import Origin
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import RunPurpose, Sha256, ShortText

SystemKind = Literal["system", "model"]
Relation = Literal["finetuned_from", "continued_from", "distilled_from", "merged_from"]
StatementKind = Literal["facts", "sources", "item", "evidence"]
Verdict = Literal["substantial", "not_substantial", "open"]
Label = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\w[\w.+-]*$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
LongText = Annotated[str, Field(max_length=5000)]


class VersionState(StrEnum):
    """Where a version is: only a released one is on the market or in service."""

    DRAFT = "draft"
    RELEASED = "released"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class OrderState(StrEnum):
    """Where the issue of a document is."""

    ORDERED = "ordered"
    ISSUED = "issued"
    FAILED = "failed"


class NewSystem(Request):
    """What a person registers. Without a provider it is the project's organisation."""

    project: ProjectId | None = Field(default=None, description="null: the caller's only project")
    kind: SystemKind
    name: Name
    purpose: LongText = Field(default="", description="the intended purpose, in the provider's words")
    provider: ShortText | None = Field(default=None, description="null: the project's organisation")
    deployer: ShortText | None = Field(default=None, description="null: none is known")


class SystemChange(Request):
    """What of a system is put right; null: it stays. An empty deployer says that none is known."""

    name: Name | None = None
    purpose: LongText | None = None
    provider: ShortText | None = None
    deployer: Annotated[str, Field(max_length=200)] | None = None


class NewVersion(Request):
    label: Label
    changes: LongText = Field(default="", description="what differs from the version before")


class OutsideModel(Request):
    """A model from outside that a version was made from, with where it came from."""

    name: Name
    provider: ShortText | None = None
    source: ShortText = Field(description="where it was taken from: an address, or a registry and a name")
    sha256: Sha256 | None = Field(default=None, description="of the weights, where it was checked")
    licence: ShortText | None = None
    systemic: bool | None = Field(default=None, description="a model with systemic risk; null: unknown")
    flop: float | None = Field(default=None, ge=0, description="its training compute; null: unknown")
    evidence: ShortText | None = Field(default=None, description="where the compute stands written")

    @model_validator(mode="after")
    def _shown(self) -> "OutsideModel":
        if self.flop is not None and self.evidence is None:
            raise ValueError("say under evidence where the compute stands written")
        return self


class NewLineage(Request):
    """What a version was made from: a version here, or a model from outside."""

    relation: Relation
    parent: VersionId | None = None
    outside: OutsideModel | None = None

    @model_validator(mode="after")
    def _one(self) -> "NewLineage":
        if (self.parent is None) == (self.outside is None):
            raise ValueError("give either a parent or a model from outside")
        return self


class LinkRun(Request):
    run: RunId


class ChangeAnswers(Request):
    """What only a person can say of a change; null: not said."""

    planned: bool | None = Field(default=None, description="fixed in advance, and documented with the assessment")
    changes_purpose: bool | None = Field(default=None, description="the assessed intended purpose changes")
    affects_compliance: bool | None = Field(default=None, description="compliance with Chapter III, Section 2")


class NewRelease(Request):
    """The release of a version: its days, the version it replaces, and what is said of the change."""

    replaces: VersionId | None = None
    market_on: date | None = Field(default=None, description="placed on the market of the Union")
    service_on: date | None = Field(default=None, description="put into service in the Union")
    told: ChangeAnswers = ChangeAnswers()
    reason: str = Field(default="", max_length=2000, description="why it is released although the check is open")

    @model_validator(mode="after")
    def _dated(self) -> "NewRelease":
        if self.market_on is None and self.service_on is None:
            raise ValueError("give the day it is placed on the market, or put into service")
        return self


class ModificationReason(Body):
    verdict: Verdict
    words: str
    citation: str


class Modification(Body):
    """Whether a version modifies another substantially. For a model: whether its modifier becomes a provider."""

    verdict: Verdict
    words: str
    reasons: tuple[ModificationReason, ...]
    consequences: tuple[str, ...]
    told: ChangeAnswers
    law: str


class NewFacts(Request):
    """The facts of a version as an intake keeps them; an intake that has not begun holds plain facts."""

    answers: dict[str, Any] = Field(max_length=200)
    unknown: tuple[str, ...] = ()
    steps: tuple[dict[str, Any], ...] = Field(default=(), max_length=1000)


class NewAnswers(Request):
    """What a person says for documents: evidence by kind, texts by item, consents, and what they take back."""

    function: ShortText = Field(description="what the person is, such as Head of Models")
    evidence: dict[str, Annotated[tuple[dict[str, Any], ...], Field(max_length=500)]] = Field(
        default_factory=dict, max_length=100, description="rows by kind, in the place of what stood; none: taken back"
    )
    origins: dict[str, Origin] = Field(default_factory=dict, description="by kind of what is told under evidence")
    items: dict[str, Annotated[str, Field(min_length=1, max_length=20_000)]] = Field(default_factory=dict)
    confirm: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="item and the ids of the evidence that was shown; other evidence voids it"
    )
    not_applicable: dict[str, Annotated[str, Field(min_length=1, max_length=2000)]] = Field(default_factory=dict)
    take_back: tuple[str, ...] = Field(default=(), description="items of which nothing stands any more")


class Withdrawal(Request):
    """From which day a version is off the market, and why."""

    on: date
    reason: str = Field(min_length=1, max_length=2000)


class Party(Body):
    """An organisation in its role. `ours`: the project's own organisation."""

    name: str
    ours: bool


class LineageLine(Body):
    """What a version was made from."""

    id: int
    relation: Relation
    parent: VersionId | None
    parent_name: str | None = Field(description="null: you may not see it, or it is from outside")
    outside: OutsideModel | None


class LinkedRun(Body):
    """A run of a version. `record_sha256` null: it has no sealed record yet."""

    run: RunId
    name: str
    purpose: RunPurpose
    state: str
    simulated: bool
    ended_at: Instant | None
    record_sha256: Sha256 | None
    linked_at: Instant


class UsedDataset(Body):
    """A dataset that a run of the version read, with its fingerprint and terms as the run states them."""

    name: str
    source: str
    sha256: Sha256
    licence: str | None
    origin: str | None
    countries: tuple[str, ...] | None
    runs: tuple[RunId, ...]


class MeasuredMetric(Body):
    """What the program of a linked run measured, from its sealed record. Imported evaluations stand apart."""

    run: RunId
    metric: str
    value: float | None
    unit: str | None
    data: str | None
    claimed: float | None


class Version(Body):
    """One version of a system. Lists, lineage and result are left out where versions are listed."""

    id: VersionId
    system: SystemId
    system_name: str
    kind: SystemKind
    project: ProjectId
    label: str
    state: VersionState
    changes: str
    replaces: VersionId | None
    modification: Modification | None = Field(description="the check that was made at release; null: none was due")
    market_on: date | None = Field(description="placed on the market of the Union")
    service_on: date | None = Field(description="put into service in the Union")
    withdrawn_on: date | None
    withdrawn_because: str
    created_at: Instant
    lineage: tuple[LineageLine, ...] = ()
    runs: tuple[LinkedRun, ...] = ()
    datasets: tuple[UsedDataset, ...] = ()
    evaluations: tuple[MeasuredMetric, ...] = ()
    tiers: tuple[str, ...] | None = Field(
        default=None, description="that the newest result leads with; null: no facts are told"
    )
    differences: tuple[str, ...] = Field(default=(), description="what the newest change of the law's data changed")


class System(Body):
    """An AI system or a general-purpose AI model of a project, newest version first."""

    id: SystemId
    project: ProjectId
    project_name: str
    kind: SystemKind
    name: str
    purpose: str
    provider: Party
    deployer: Party | None
    registered_at: Instant
    amended_at: Instant | None = None
    versions: tuple[Version, ...]


class Told(Body):
    """One thing that a person said of a version: the newest of its kind and key stands."""

    id: int
    kind: StatementKind
    key: str
    body: Any
    said_by: str
    function: str
    said_at: Instant


class Found(Body):
    """A saved result: what the desk found, from which facts, and what changed against the result before."""

    law_sha256: Sha256
    found_at: Instant
    differences: tuple[str, ...]
    result: Classification


class VersionAccount(Body):
    """The compute and energy accounts of a version over everything it was made from."""

    version: VersionId
    compute: ComputeAccount
    energy: EnergyAccount


class Ahead(Body):
    """What a run or a grant to come could do to one model version; `version` null: to a model made by it alone."""

    version: VersionId | None
    name: str
    margins: tuple[Margin, ...]
    warnings: tuple[str, ...]


class ComputeOutlook(Body):
    """What a run or a grant to come could cross at most, counted at the full peak of its devices."""

    resource_class: str
    device_seconds: int
    most_flop: float | None = Field(description="null: no peak of the class is known; 0: the purpose does not count")
    words: str
    ahead: tuple[Ahead, ...]


class SystemNameTaken(FabricaError):
    code = "aiact.system_name_taken"
    status = 409
    title = "The project has a system of this name already"


class VersionLabelTaken(FabricaError):
    code = "aiact.version_label_taken"
    status = 409
    title = "The system has a version of this label already"


class VersionStateWrong(FabricaError):
    """What was asked does not fit the state of the version."""

    code = "aiact.version_state_wrong"
    status = 409
    title = "The version is in a state that does not allow this"


class LineageCircular(FabricaError):
    code = "aiact.lineage_circular"
    status = 409
    title = "A version cannot descend from itself"


class RunLinkedAlready(FabricaError):
    code = "aiact.run_linked_already"
    status = 409
    title = "The run belongs to this version already"


class ReleaseDayWrong(FabricaError):
    code = "aiact.release_day_wrong"
    status = 422
    title = "The day of the release does not fit"


class ModificationUndecided(FabricaError):
    """A release over another version whose check is open needs a reason."""

    code = "aiact.modification_undecided"
    status = 409
    title = "It is not decided whether the change is substantial"


class KindContradicts(FabricaError):
    code = "aiact.kind_contradicts"
    status = 409
    title = "The facts tell of another kind than the register"


class EvidenceMoved(FabricaError):
    """What was confirmed is not what is shown now."""

    code = "aiact.evidence_moved"
    status = 409
    title = "The evidence is no longer what was shown"
