"""What people announces."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import ProjectId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOpened(FactBody):
    kind: ClassVar[str] = "people.project_opened"
    subject_field: ClassVar[str] = "project"
    project: ProjectId
    name: str
    organisation_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGiven(FactBody):
    kind: ClassVar[str] = "people.role_given"
    subject_field: ClassVar[str] = "project"
    project: ProjectId
    user: UserId
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(FactBody):
    kind: ClassVar[str] = "people.added"
    subject_field: ClassVar[str] = "user"
    user: UserId
    network_role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDeactivated(FactBody):
    kind: ClassVar[str] = "people.deactivated"
    subject_field: ClassVar[str] = "user"
    user: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReactivated(FactBody):
    kind: ClassVar[str] = "people.reactivated"
    subject_field: ClassVar[str] = "user"
    user: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserAppointed(FactBody):
    """Somebody became an adviser of the service desk, or is none any more."""

    kind: ClassVar[str] = "people.adviser_appointed"
    subject_field: ClassVar[str] = "user"
    user: UserId
    appointed: bool
