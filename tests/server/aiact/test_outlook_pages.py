"""The form of a grant says what its time could cross, before it is granted."""

from typing import Any

import pytest

from tests.builders import make_member, make_operator, make_project, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
ADDRESS = "/ai-act/ahead"


def asked(**fields: Any) -> dict[str, Any]:
    return {"resource_class": "gpu.h100", "device_hours": "50000", "note": "any"} | fields


def test_an_operator_is_warned_on_the_form_of_a_grant() -> None:
    project = make_project()
    reader = browser(make_operator())
    assert ADDRESS in reader.get("/office/allocations").content.decode()
    shown = reader.get(ADDRESS, asked(project=project)).content.decode()
    assert "A new model:" in shown
    assert "would cross" in shown
    assert "A new model:" not in reader.get(ADDRESS, asked(project=project, device_hours="5")).content.decode()
    assert "not known" in reader.get(ADDRESS, asked(project=project, resource_class="cpu.core")).content.decode()


@pytest.mark.parametrize("fields", [{}, {"project": "prj_"}, {"project": None, "device_hours": "many"}])
def test_a_form_that_is_not_filled_in_says_nothing_yet(fields: dict[str, Any]) -> None:
    given = {key: value for key, value in asked(**fields).items() if value is not None}
    answer = browser(make_operator()).get(ADDRESS, given)
    assert (answer.status_code, answer.content.strip()) == (200, b"")


def test_members_see_it_of_their_project_and_strangers_learn_nothing() -> None:
    project = make_project()
    assert browser(make_member(project)).get(ADDRESS, asked(project=project)).status_code == 200
    assert browser(make_user()).get(ADDRESS, asked(project=project)).status_code == 404
