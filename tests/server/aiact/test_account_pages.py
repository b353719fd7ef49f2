"""The compute and energy account on the web."""

import pytest

from tests.server.aiact.desk_reader import HOSTILE, Desk, make_desk

pytestmark = pytest.mark.django_db
SOURCE = {
    "what": "Data made elsewhere",
    "tag": "pretraining",
    "flop": "4e22",
    "method": "counted",
    "reference": "report.pdf",
}


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def test_the_account_tells_each_line_and_what_is_not_known(desk: Desk) -> None:
    page = desk.reader.get(f"{desk.address}/account").content.decode()
    assert "Line by line" in page
    assert "unknown" in page
    assert "margin-track" in page
    assert HOSTILE not in page


def test_compute_from_outside_is_entered_with_evidence_by_members_alone(desk: Desk) -> None:
    address = f"{desk.address}/account"
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(address, SOURCE).status_code == status
    assert desk.member.post(address, SOURCE | {"what": HOSTILE}).status_code == 302
    page = desk.reader.get(address)
    assert any(one.what == HOSTILE and one.flop == 4e22 for one in page.context["account"].compute.lines)
    assert HOSTILE not in page.content.decode()


def test_a_wrong_source_says_what_is_wrong_and_counts_nothing(desk: Desk) -> None:
    before = len(desk.reader.get(f"{desk.address}/account").context["account"].compute.lines)
    for wrong in ({"what": ""}, {"flop": "-1"}, {"flop": "much"}, {"reference": ""}, {"tag": "x"}):
        assert desk.member.post(f"{desk.address}/account", SOURCE | wrong).status_code == 422, wrong
    assert len(desk.reader.get(f"{desk.address}/account").context["account"].compute.lines) == before


def test_the_same_source_is_not_counted_twice(desk: Desk) -> None:
    assert desk.member.post(f"{desk.address}/account", SOURCE).status_code == 302
    assert desk.member.post(f"{desk.address}/account", SOURCE).status_code == 422


def test_each_boundary_is_told_and_what_is_not_known_there(desk: Desk) -> None:
    page = desk.reader.get(f"{desk.address}/account")
    assert [one["name"] for one in page.context["boundaries"]] == ["accelerator", "node", "facility"]
    for words in ("the devices alone", "For the form:", "What the law leaves open:"):
        assert words in page.content.decode()


def test_a_facility_factor_makes_the_figure_of_the_form_and_can_be_taken_away(desk: Desk) -> None:
    address = f"{desk.address}/account"
    factor = {"factor": "1", "site": "own-site", "pue": "1.5", "period": "2026", "source": HOSTILE}
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(address, factor).status_code == status
    assert desk.member.post(address, SOURCE).status_code == 302
    assert desk.member.post(address, factor).status_code == 302
    page = desk.reader.get(address)
    assert page.context["entered"].sites["own-site"].pue == 1.5
    assert [one.what for one in page.context["entered"].sources] == [SOURCE["what"]]
    assert HOSTILE not in page.content.decode()
    assert desk.member.post(address, {"remove": "site:own-site"}).status_code == 302
    assert desk.member.post(address, {"remove": f"source:{SOURCE['what']}"}).status_code == 302
    entered = desk.reader.get(address).context["entered"]
    assert not entered.sites
    assert not entered.sources


def test_a_wrong_factor_or_removal_says_what_is_wrong_and_keeps_what_is_entered(desk: Desk) -> None:
    address = f"{desk.address}/account"
    factor = {"factor": "1", "site": "own-site", "pue": "1.5", "period": "2026", "source": "meter"}
    for wrong in ({"pue": "0.5"}, {"pue": "9"}, {"pue": "x"}, {"site": "elsewhere"}, {"source": ""}, {"period": ""}):
        assert desk.member.post(address, factor | wrong).status_code == 422, wrong
    for remove in ("site:own-site", "source:nothing", "nothing", ""):
        assert desk.member.post(address, {"remove": remove}).status_code == 422
    assert not desk.reader.get(address).context["entered"].sites
