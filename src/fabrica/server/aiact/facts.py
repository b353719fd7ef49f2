"""What the AI Act desk announces."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import DocumentId, ProjectId, RunId, SystemId, UserId, VersionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRegistered(FactBody):
    kind: ClassVar[str] = "aiact.system_registered"
    subject_field: ClassVar[str] = "system"
    system: SystemId
    project: ProjectId
    of: str
    name: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemAmended(FactBody):
    """What the register says of a system was put right; each field with what it says now."""

    kind: ClassVar[str] = "aiact.system_amended"
    subject_field: ClassVar[str] = "system"
    system: SystemId
    fields: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAdded(FactBody):
    kind: ClassVar[str] = "aiact.version_added"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    system: SystemId
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionMoved(FactBody):
    """A version was released, replaced or withdrawn."""

    kind: ClassVar[str] = "aiact.version_moved"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    state: str
    replaces: VersionId | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageStated(FactBody):
    kind: ClassVar[str] = "aiact.lineage_stated"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    relation: str
    parent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLinked(FactBody):
    kind: ClassVar[str] = "aiact.run_linked"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    run: RunId
    linked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(FactBody):
    """Somebody said something of a version; what they said stays in the register."""

    kind: ClassVar[str] = "aiact.stated"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    of: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultChanged(FactBody):
    """The law's data changed, and with it what a version's facts make of it."""

    kind: ClassVar[str] = "aiact.result_changed"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    law: str
    law_sha256: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIssued(FactBody):
    kind: ClassVar[str] = "aiact.document_issued"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    document: DocumentId
    template: str
    recipient: str
    number: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewGranted(FactBody):
    kind: ClassVar[str] = "aiact.view_granted"
    subject_field: ClassVar[str] = "version"
    version: VersionId
    user: UserId
    recipient: str
    granted: bool
