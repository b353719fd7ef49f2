"""Operators grant allocations on a page; nobody else does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fabrica.server.access.models import Allocation
from fabrica.server.ledger import queries as ledger
from tests.builders import make_operator, make_project, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
ADDRESS = "/office/allocations"


def filled(**fields: Any) -> dict[str, Any]:
    next_year = datetime.now(UTC).date() + timedelta(days=365)
    return {"resource_class": "gpu.h100", "device_hours": "2.5", "ends_on": next_year.isoformat(), "site": ""} | fields


def test_an_operator_grants_what_was_filled_in() -> None:
    project = make_project()
    answer = browser(make_operator()).post(ADDRESS, filled(project=project, site="lumi-aif", note="The first call"))
    assert answer.headers["Location"] == f"/projects/{project}"
    allocation = Allocation.objects.get(project_id=project)
    assert allocation.site_id == "lumi-aif"
    assert allocation.note == "The first call"
    assert ledger.balance(allocation.pk).granted_milliseconds == 9_000_000
    assert (allocation.ends_at.hour, allocation.ends_at.minute) == (23, 59)


@pytest.mark.parametrize(
    "fields",
    [
        {"resource_class": "h100"},
        {"device_hours": "-1"},
        {"device_hours": "0"},
        {"device_hours": "NaN"},
        {"ends_on": "2001-01-01"},
        {"ends_on": "soon"},
        {"site": "nowhere"},
        {"project": "prj_0"},
    ],
)
def test_a_mistake_is_told_and_nothing_is_granted(fields: dict[str, str]) -> None:
    project = make_project()
    answer = browser(make_operator()).post(ADDRESS, filled(project=project) | fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Allocation.objects.exists()


def test_the_classes_that_are_known_are_offered_while_one_types() -> None:
    page = browser(make_operator()).get(ADDRESS).content.decode()
    assert 'list="resource-classes"' in page
    assert '<option value="gpu.h100">' in page
    assert '<option value="cpu.core">' in page


def test_only_operators_grant() -> None:
    project = make_project()
    person = browser(make_user())
    assert person.get(ADDRESS).status_code == 403
    assert person.post(ADDRESS, filled(project=project)).status_code == 403
    assert browser().post(ADDRESS, filled(project=project)).status_code == 302
    assert not Allocation.objects.exists()
