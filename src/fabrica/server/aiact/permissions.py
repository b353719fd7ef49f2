"""Who may do which verb of the AI Act desk."""

from typing import Any

from fabrica.server.aiact.models import Version
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, VersionId


def writes(by: Actor, *, project: ProjectId, **_: Any) -> bool:
    """Register, and say something of what is registered: who leads or works in the project."""
    return people.role_in(by, project) in ("lead", "member")


def edits(by: Actor, *, version: VersionId, **_: Any) -> bool:
    """Change a version's record: who leads or works in its project. Nobody else, not even an operator."""
    project = _project_of(version)
    return project is not None and writes(by, project=project)


def answers_for(by: Actor, *, version: VersionId, **_: Any) -> bool:
    """Release, withdraw, issue, and show to others: who leads the project, for the organisation answers for it."""
    project = _project_of(version)
    return project is not None and people.role_in(by, project) == "lead"


def the_service(by: Actor, **_: Any) -> bool:
    return by.system


def _project_of(version: VersionId) -> ProjectId | None:
    return Version.objects.filter(pk=version).values_list("system__project", flat=True).first()
