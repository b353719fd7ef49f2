"""Who may do which verb of runs."""

from typing import Any

from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.runs.models import Run
from fabrica.values.ids import ProjectId, RunId


def submits(by: Actor, *, project: ProjectId, **_: Any) -> bool:
    return people.works_in(by, project)


def uploads(by: Actor, **_: Any) -> bool:
    return any(project.role in ("lead", "member") for project in people.projects(by))


def sends(by: Actor, **_: Any) -> bool:
    return by.agent is not None or uploads(by)


def cancels(by: Actor, *, run: RunId, **_: Any) -> bool:
    project = Run.objects.filter(pk=run).values_list("project_id", flat=True).first()
    return by.is_operator or (project is not None and people.works_in(by, project))


def operator(by: Actor, **_: Any) -> bool:
    return by.is_operator


def the_service(by: Actor, **_: Any) -> bool:
    return by.system


def the_agent(by: Actor, **_: Any) -> bool:
    return by.agent is not None
