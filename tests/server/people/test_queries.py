"""Who has no role in a project sees nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest

from fabrica.server.core.actors import NOBODY, SYSTEM, Actor, NetworkRole
from fabrica.server.people import queries, service
from fabrica.values.ids import ProjectId
from fabrica.wire.problems import NotAllowed, NotFound
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


def test_many_projects_do_not_cost_an_operator_many_questions(
    project: ProjectId, django_assert_num_queries: Callable[[int], Any]
) -> None:
    operator = make_operator()
    led = make_project(operator)
    with django_assert_num_queries(2):
        assert [(one.id, one.role) for one in queries.projects(operator)] == [(project, None), (led, "lead")]


def test_me_says_who_one_is(project: ProjectId) -> None:
    member = make_member(project)
    me = queries.me(member)
    assert me.user == member.user
    assert me.email
    assert me.email.endswith("@factory.example")
    assert [one.id for one in me.projects] == [project]


def test_the_office_finds_people_page_by_page_and_nobody_else_does() -> None:
    operator = make_operator()
    named = [make_user(f"Zoe {number}") for number in range(3)]
    first = queries.people(operator, search="zoe", limit=2)
    assert first.next_cursor == first.people[-1].id
    rest = queries.people(operator, search="ZOE", after=first.people[-1].id, limit=2)
    assert [one.id for one in (*first.people, *rest.people)] == sorted(str(one.user) for one in named)
    assert rest.next_cursor is None
    for by in (named[0], NOBODY):
        with pytest.raises(NotAllowed):
            queries.people(by)


def test_a_deactivated_person_is_named_so(project: ProjectId) -> None:
    member = make_member(project)
    assert member.user is not None
    service.deactivate(SYSTEM, user=member.user)
    assert queries.user_names({member.user})[member.user].endswith("(deactivated)")
    assert any(one.name.endswith("(deactivated)") for one in queries.project(SYSTEM, project).members)
    assert not queries.is_active(member)
    assert queries.is_active(SYSTEM)


def test_where_anybody_may_sign_up_no_address_is_told_to_a_site(settings: Any) -> None:
    person = make_user(email="ada@example.eu")
    assert person.user is not None
    assert queries.user_emails({person.user}) == {person.user: "ada@example.eu"}
    settings.SIGN_UP_OPEN = True
    assert queries.user_emails({person.user}) == {}


def test_people_and_organisations_are_told_to_the_office_alone(project: ProjectId) -> None:
    make_user("Ada Example", email="ada@factory.example")
    for reader in (make_operator(), make_user(network_role=NetworkRole.AUDITOR)):
        assert queries.person_with(reader, "ADA@factory.example").name == "Ada Example"
        assert [(one.name, one.country) for one in queries.organisations(reader)] == [("Example Factory", "NL")]
        with pytest.raises(NotFound, match="fabrica people add"):
            queries.person_with(reader, "nobody@factory.example")
    for stranger in (make_member(project, "lead"), NOBODY, make_agent()):
        for ask in (lambda by: queries.person_with(by, "ada@factory.example"), queries.organisations):
            with pytest.raises(NotAllowed):
                ask(stranger)
