"""The register of AI systems and general-purpose AI models on the wire: versions, lineage, runs, and problems."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire.aiact import Classification
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import RunPurpose, Sha256, ShortText

SystemKind = Literal["system", "model"]
Relation = Literal["finetuned_from", "continued_from", "distilled_from", "merged_from"]
StatementKind = Literal["facts", "sources", "item", "evidence"]
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
    modification: dict[str, Any] | None = Field(description="the check that was made at release; null: none was due")
    market_on: date | None = Field(description="placed on the market of the Union")
    service_on: date | None = Field(description="put into service in the Union")
    withdrawn_on: date | None
    withdrawn_because: str
    created_at: Instant
    lineage: tuple[LineageLine, ...] = ()
    runs: tuple[LinkedRun, ...] = ()
    datasets: tuple[UsedDataset, ...] = ()
    tiers: tuple[str, ...] | None = Field(default=None, description="of the newest result; null: no facts are told")
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
