"""Operators grant; everybody else sees what their project has."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fabrica.server.access import queries, service
from fabrica.server.core.models import Fact
from fabrica.server.ledger import queries as ledger
from fabrica.values.ids import ProjectId, SiteId
from fabrica.values.quantities import CPU_CORE, DeviceTime
from fabrica.wire.access import AllocationDatesWrong
from fabrica.wire.problems import NotAllowed, NotFound
from tests.builders import make_allocation, make_member, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db
HOUR = DeviceTime(3_600_000, CPU_CORE)
SOON = datetime.now(UTC) + timedelta(days=30)


def test_an_operator_grants_and_the_ledger_opens_its_book() -> None:
    project = make_project()
    allocation = service.grant_allocation(
        make_operator(), project=project, amount=HOUR, ends_at=SOON, site=SiteId("lumi-aif"), note="first steps"
    )
    seen = queries.allocations(make_operator(), project)[0]
    assert (seen.id, seen.site, seen.note) == (allocation, "lumi-aif", "first steps")
    assert (seen.granted_milliseconds, seen.free_milliseconds) == (HOUR.milliseconds, HOUR.milliseconds)
    assert ledger.check_books() == []
    assert Fact.objects.filter(kind="access.allocation_granted", subject=allocation).exists()


def test_nobody_else_grants_not_even_the_lead() -> None:
    lead = make_user()
    project = make_project(lead)
    for by in (lead, make_user(), make_member(project)):
        with pytest.raises(NotAllowed):
            service.grant_allocation(by, project=project, amount=HOUR, ends_at=SOON)
    assert queries.allocations(lead, project) == ()


def test_a_grant_that_cannot_be_used_leaves_nothing() -> None:
    project = make_project()
    with pytest.raises(AllocationDatesWrong):
        make_allocation(project, ends_at=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(NotFound):
        make_allocation(ProjectId.new())
    assert queries.allocations(make_operator(), project) == ()


def test_a_stranger_does_not_learn_of_a_project_s_allocations() -> None:
    project = make_project()
    make_allocation(project)
    with pytest.raises(NotFound):
        queries.allocations(make_user(), project)


def test_many_allocations_do_not_cost_many_questions(django_assert_max_num_queries: Callable[[int], Any]) -> None:
    project, operator = make_project(), make_operator()
    for _ in range(5):
        make_allocation(project)
    with django_assert_max_num_queries(3):
        assert len(queries.allocations(operator, project)) == 5


def test_allocations_of_another_resource_class_are_left_out() -> None:
    project, operator = make_project(), make_operator()
    make_allocation(project)
    make_allocation(project, resource_class="gpu.h100")
    assert len(queries.allocations(operator, project, CPU_CORE)) == 1
