"""Systems and versions that tests of the AI Act desk start from."""

import itertools
from typing import Any

from fabrica.server.aiact import service
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, SystemId, VersionId
from fabrica.wire.systems import NewSystem, NewVersion
from tests.builders import make_project, make_user

_numbers = itertools.count(1)


def make_system(by: Actor, project: ProjectId, **told: Any) -> SystemId:
    """Register a general-purpose AI model."""
    new = NewSystem(**{"kind": "model", "name": f"Model {next(_numbers)}"} | told)
    return service.register(by, project=project, told=new)


def make_version(by: Actor, project: ProjectId, system: SystemId | None = None, **told: Any) -> VersionId:
    """Add a draft version, to a system of its own where none is named."""
    system = system or make_system(by, project)
    new = NewVersion(**{"label": f"1.{next(_numbers)}"} | told)
    return service.add_version(by, project=project, system=system, told=new)


def make_lead_with_version(**told: Any) -> tuple[Actor, VersionId]:
    """Open a project with one draft version; return who leads it and the version."""
    lead = make_user()
    project = make_project(lead)
    assert people.role_in(lead, project) == "lead"
    return lead, make_version(lead, project, make_system(lead, project, **told))
