"""The desk's home and the register on the web."""

import pytest
from django.test import Client

from fabrica.server.core import clock
from tests.server.aiact.desk_reader import CV_SCREENER, HOSTILE, Desk, make_desk
from tests.server.aiact.test_intake_pages import begun

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def test_home_shows_each_reader_the_systems_of_their_projects(desk: Desk) -> None:
    for reader in (desk.leads, desk.member, desk.reader, desk.operator):
        page = reader.get("/ai-act/").content.decode()
        assert desk.address in page
        assert "High-risk, use under Annex III" in page
        assert "2 Dec 2027" in page
    for reader in (desk.stranger, desk.nobody):
        page = reader.get("/ai-act/").content.decode()
        assert desk.address not in page
        assert "/ai-act/intake/" in page


def test_home_tells_apart_what_nobody_described_from_what_shows_no_class_yet(desk: Desk) -> None:
    form = {"project": desk.project, "kind": "system", "name": "Second", "label": "0.1"}
    desk.member.post("/ai-act/systems/new", form)
    begun({"artefact": "system"}, browser=desk.member)
    desk.member.post("/ai-act/systems/new?intake=1", form | {"name": "Third"})
    page = desk.member.get("/ai-act/").content.decode()
    assert "nobody told the facts yet" in page
    assert "No class is shown yet." in page
    assert "No tier, AI literacy only" not in page


def test_home_asks_the_same_number_of_times_for_many_systems_as_for_few(
    desk: Desk, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_max_num_queries(16):  # type: ignore[operator]  # pytest-django's, without types
        desk.leads.get("/ai-act/")


def test_how_far_documents_are_filled_is_told_to_those_who_see_the_version(desk: Desk) -> None:
    page = desk.reader.get(f"{desk.address}/filled").content.decode()
    assert "items filled" in page
    assert 'class="bar"' in page
    assert desk.stranger.get(f"{desk.address}/filled").status_code == 404


def test_a_system_is_registered_with_its_first_version(desk: Desk) -> None:
    form = {"project": desk.project, "kind": "model", "name": "Second", "label": "0.1"}
    answer = desk.member.post("/ai-act/systems/new", form)
    assert answer.status_code == 302
    page = desk.member.get(answer.headers["Location"]).content.decode()
    assert "Second" in page
    assert "nobody told the facts yet" in page


def test_a_system_is_registered_with_the_answers_of_an_intake(desk: Desk) -> None:
    begun(CV_SCREENER, browser=desk.member)
    shown = desk.member.get("/ai-act/systems/new?intake=1")
    assert shown.context["form"]["kind"].value() == "system"
    form = {"project": desk.project, "kind": "system", "name": "Tried", "label": "0.1"}
    answer = desk.member.post("/ai-act/systems/new?intake=1", form)
    assert "High-risk, use under Annex III" in desk.member.get(answer.headers["Location"]).content.decode()


def test_a_wrong_form_says_what_is_wrong_and_registers_nothing(desk: Desk) -> None:
    for wrong in (
        {"name": ""},
        {"label": "<b>"},
        {"label": ""},
        {"project": "x"},
        {"kind": "thing"},
        {"name": "x" * 200},
    ):
        form = {"project": desk.project, "kind": "model", "name": "Wrong", "label": "0.1"} | wrong
        answer = desk.member.post("/ai-act/systems/new", form)
        assert answer.status_code == 422, wrong
        assert answer.context["form"].errors, wrong
    assert len(desk.member.get("/ai-act/").context["lines"]) == 1


def test_answers_of_another_kind_register_nothing(desk: Desk) -> None:
    begun(CV_SCREENER, browser=desk.member)
    form = {"project": desk.project, "kind": "model", "name": "Wrong kind", "label": "0.1"}
    assert desk.member.post("/ai-act/systems/new?intake=1", form).status_code == 422
    assert len(desk.member.get("/ai-act/").context["lines"]) == 1


def test_a_name_that_is_taken_is_told_in_the_form(desk: Desk) -> None:
    form = {"project": desk.project, "kind": "system", "name": f"CV {HOSTILE}", "label": "0.1"}
    answer = desk.member.post("/ai-act/systems/new", form)
    assert answer.status_code == 422
    assert HOSTILE not in answer.content.decode()


def test_only_who_works_in_a_project_registers_and_adds_versions(desk: Desk) -> None:
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 403), (desk.nobody, 302)):
        assert reader.get("/ai-act/systems/new").status_code == status
    address = f"/ai-act/systems/{desk.system}/versions/new"
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(address, {"label": "2.0"}).status_code == status
    assert desk.member.post(address, {"label": "2.0"}).status_code == 302


def test_a_system_leads_to_its_newest_version(desk: Desk) -> None:
    assert desk.reader.get(f"/ai-act/systems/{desk.system}").headers["Location"] == desk.address
    assert desk.stranger.get(f"/ai-act/systems/{desk.system}").status_code == 404


def test_a_taken_or_wrong_label_is_told_in_the_form(desk: Desk) -> None:
    address = f"/ai-act/systems/{desk.system}/versions/new"
    for label in ("1.0", "<b>", ""):
        assert desk.member.post(address, {"label": label}).status_code == 422


def test_anybody_reads_what_the_act_brings_next_with_its_basis() -> None:
    page = Client().get("/ai-act/")
    milestones = page.context["milestones"]
    assert milestones
    assert all(one.date > clock.now().date() for one in milestones)
    assert "Art. 113, third para, (c)(i)" in page.content.decode()
