"""Who has no role in a project sees nothing of it."""

import pytest

from fabrica.server.core.actors import NOBODY, Actor, NetworkRole
from fabrica.server.people import queries
from fabrica.values.ids import ProjectId
from fabrica.wire.problems import NotFound
from tests.builders import make_agent, make_member, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> ProjectId:
    return make_project(make_user("Lea Lead"))


def test_a_member_sees_the_project_with_its_members(project: ProjectId) -> None:
    member = make_member(project, "reader")
    seen = queries.project(member, project)
    assert (seen.role, seen.organisation_name) == ("reader", "Example Factory")
    assert {one.role for one in seen.members} == {"lead", "reader"}


def test_a_project_that_is_not_seen_answers_as_one_that_is_not_there(project: ProjectId) -> None:
    strangers: list[Actor] = [make_user(), NOBODY, make_agent()]
    for stranger in strangers:
        told = []
        for asked in (project, ProjectId.new()):
            with pytest.raises(NotFound) as refused:
                queries.project(stranger, asked)
            told.append(str(refused.value).replace(asked, ""))
        assert told[0] == told[1]
        assert queries.projects(stranger) == ()


def test_operators_and_auditors_see_every_project_without_a_role(project: ProjectId) -> None:
    for reader in (make_operator(), make_user(network_role=NetworkRole.AUDITOR)):
        assert queries.project(reader, project).role is None
        assert [one.id for one in queries.projects(reader)] == [project]


def test_me_says_who_one_is(project: ProjectId) -> None:
    member = make_member(project)
    me = queries.me(member)
    assert me.user == member.user
    assert me.email
    assert me.email.endswith("@factory.example")
    assert [one.id for one in me.projects] == [project]
