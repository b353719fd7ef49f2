"""A lead, their project with an allocation, and a site with an agent."""

import pytest

from fabrica.server.core.actors import Actor
from fabrica.values.ids import ProjectId
from tests.builders import make_agent, make_allocation, make_project, make_user


@pytest.fixture
def lead() -> Actor:
    return make_user("Lea Lead")


@pytest.fixture
def project(lead: Actor) -> ProjectId:
    project = make_project(lead)
    make_allocation(project)
    return project


@pytest.fixture
def agent() -> Actor:
    return make_agent()
