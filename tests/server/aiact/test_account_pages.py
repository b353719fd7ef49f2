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
