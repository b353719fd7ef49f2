"""What planning announces. Names and texts of scenarios are their author's: facts hold only a fingerprint."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import ProjectId, ScenarioId


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSaved(FactBody):
    kind: ClassVar[str] = "planning.scenario_saved"
    subject_field: ClassVar[str] = "scenario"
    scenario: ScenarioId
    scenario_kind: str
    text_sha256: str
    seed: int
    data_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioEnded(FactBody):
    kind: ClassVar[str] = "planning.scenario_ended"
    subject_field: ClassVar[str] = "scenario"
    scenario: ScenarioId
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioShared(FactBody):
    """Who reads it from now on; `link_days`: a link for so long was drawn, 0: all links were withdrawn."""

    kind: ClassVar[str] = "planning.scenario_shared"
    subject_field: ClassVar[str] = "scenario"
    scenario: ScenarioId
    project: ProjectId | None = None
    with_office: bool = False
    link_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRenamed(FactBody):
    kind: ClassVar[str] = "planning.scenario_renamed"
    subject_field: ClassVar[str] = "scenario"
    scenario: ScenarioId


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioDeleted(FactBody):
    kind: ClassVar[str] = "planning.scenario_deleted"
    subject_field: ClassVar[str] = "scenario"
    scenario: ScenarioId
