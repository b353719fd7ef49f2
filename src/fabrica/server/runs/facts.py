"""What runs announces."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import AttemptId, PlacementId, ProjectId, RunId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSubmitted(FactBody):
    kind: ClassVar[str] = "runs.submitted"
    subject_field: ClassVar[str] = "run"
    run: RunId
    project: ProjectId
    spec: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlaced(FactBody):
    kind: ClassVar[str] = "runs.placed"
    subject_field: ClassVar[str] = "run"
    run: RunId
    attempt: AttemptId
    site: SiteId
    partition: str
    placement: PlacementId
    snapshot_sha256: str
    reserved_milliseconds: int
    resource_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMoved(FactBody):
    kind: ClassVar[str] = "runs.moved"
    subject_field: ClassVar[str] = "run"
    run: RunId
    state: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded(FactBody):
    kind: ClassVar[str] = "runs.attempt_ended"
    subject_field: ClassVar[str] = "run"
    run: RunId
    attempt: AttemptId
    site: SiteId
    reason: str
    exit_code: int | None
    charged_milliseconds: int
    usage: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSpokeLate(FactBody):
    """A site reported on an attempt that had ended here already. Kept and shown; nothing is merged or charged."""

    kind: ClassVar[str] = "runs.attempt_spoke_late"
    subject_field: ClassVar[str] = "run"
    run: RunId
    attempt: AttemptId
    event: str
    usage: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRefused(FactBody):
    """An alarm: a site sent an event that cannot be recorded. Its other events are taken in."""

    kind: ClassVar[str] = "runs.event_refused"
    subject_field: ClassVar[str] = "attempt"
    attempt: AttemptId
    site: SiteId
    event: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettled(FactBody):
    """A run reached its end: what it used, what it cost, what it left."""

    kind: ClassVar[str] = "runs.settled"
    subject_field: ClassVar[str] = "run"
    run: RunId
    project: ProjectId
    state: str
    reason: str
    purpose: str
    usage: Any
    metrics: Any
    artifacts: Any
    record_sha256: str | None
    charged_milliseconds: int
