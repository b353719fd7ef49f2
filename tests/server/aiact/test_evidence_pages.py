"""Typed evidence on the web: entered by kind with its source and day, and seen in the documents at once."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fabrica.server.aiact import queries
from tests.server.aiact.desk_reader import HOSTILE, Desk, make_desk

pytestmark = pytest.mark.django_db
SAID = {"function": "Head of Models", "source": "Company register, entry 12", "on": "2026-11-20"}


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def rows(*given: dict[str, Any]) -> dict[str, Any]:
    """Return rows as a browser sends them."""
    named = {f"row-{number}-{name}": value for number, row in enumerate(given) for name, value in row.items()}
    return named | {"row-TOTAL_FORMS": str(len(given)), "row-INITIAL_FORMS": "0"}


def item_of(desk: Desk, template: str, item: str) -> Any:
    document = desk.reader.get(f"{desk.address}/documents/{template}").context["document"]
    return next(one for section in document.sections for one in section.items if one.id == item)


def test_an_item_that_lacks_evidence_leads_to_the_form_of_its_kind_and_is_filled_by_it(desk: Desk) -> None:
    assert item_of(desk, "annex_v", "v-2").state == "missing"
    page = desk.member.get(f"{desk.address}/documents/annex_v").content.decode()
    address = f"{desk.address}/evidence/org.identity?for=annex_v.v-2"
    assert address in page
    form = desk.member.get(address)
    assert "Legal name *" in form.content.decode()
    told = {"legal_name": "Example GmbH", "address": "1 Street, Linz", "contact": "a@example.eu"}
    saved = desk.member.post(address, SAID | rows(told))
    assert saved.headers["Location"] == f"{desk.address}/documents/annex_v#v-2"
    item = item_of(desk, "annex_v", "v-2")
    assert "1 Street, Linz" in str(item.blocks)
    (entry,) = [
        one
        for one in desk.reader.get(f"{desk.address}/documents/annex_v").context["document"].evidence_register
        if one.kind == "org.identity" and one.held_by == "person"
    ]
    assert (entry.source, str(entry.at)) == ("Company register, entry 12", "2026-11-20")
    assert "Head of Models" in entry.method


def test_what_was_entered_is_shown_again_replaced_and_taken_back(desk: Desk) -> None:
    address = f"{desk.address}/evidence/typed.policy"
    desk.member.post(address, SAID | rows({"acceptable_use": HOSTILE}))
    page = desk.member.get(address).content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "Company register, entry 12" in page
    desk.member.post(address, SAID | rows({"acceptable_use": ""}))
    (stands,) = [one for one in queries.standing(desk.version, "evidence") if one.key == "typed.policy"]
    assert stands.body["rows"] == []


def test_only_members_enter_evidence(desk: Desk) -> None:
    address = f"{desk.address}/evidence/org.identity"
    told = SAID | rows({"legal_name": "Other"})
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.get(address).status_code == status
        assert reader.post(address, told).status_code == status
    assert not queries.standing(desk.version, "evidence")


def test_an_unknown_kind_is_not_there_and_a_wrong_way_back_is_passed_over(desk: Desk) -> None:
    assert desk.member.get(f"{desk.address}/evidence/org.nothing").status_code == 404
    for back in ("mdf.nothing", "nothing.v-2", "https://evil.example", "mdf"):
        form = desk.member.get(f"{desk.address}/evidence/org.identity?for={back}")
        assert form.context["back"] == f"{desk.address}/evidence/org.identity"


def test_rows_of_datasets_begin_with_those_of_which_nothing_is_told_and_one_more_can_be_added(desk: Desk) -> None:
    address = f"{desk.address}/evidence/data.splits"
    page = desk.member.get(address)
    assert [form.initial for form in page.context["rows"].forms] == [{"dataset": "names"}]
    more = desk.member.post(address, rows({"dataset": "names"}) | {"more": "1"})
    assert more.status_code == 200
    assert len(more.context["rows"].forms) == 2
    assert not queries.standing(desk.version, "evidence")


@pytest.mark.parametrize(
    ("kind", "row", "words"),
    [
        ("data.id", {"dataset": "names", "size_tokens": "many"}, "is a number from 0"),
        ("model.release", {"released_on": "soon"}, "Enter a valid date"),
        ("data.prov", {"dataset": "names", "source_class": "stolen"}, "Select a valid choice"),
        ("data.licence", {"dataset": "names", "licence": "MIT"}, "CC0"),
    ],
)
def test_a_wrong_value_is_told_and_nothing_is_kept(desk: Desk, kind: str, row: dict[str, str], words: str) -> None:
    answer = desk.member.post(f"{desk.address}/evidence/{kind}", SAID | rows(row))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not queries.standing(desk.version, "evidence")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"on": "2999-01-01"}, "still to come"),
        ({"on": ""}, "This field is required"),
        ({"source": ""}, "Say where it stands written"),
        ({"function": ""}, "This field is required"),
    ],
)
def test_source_day_and_function_are_asked_for(desk: Desk, told: dict[str, str], words: str) -> None:
    answer = desk.member.post(f"{desk.address}/evidence/org.identity", SAID | told | rows({"legal_name": "Other"}))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not queries.standing(desk.version, "evidence")


def test_rows_are_loaded_from_a_file_whose_name_is_the_source(desk: Desk) -> None:
    table = "dataset;training;testing\n" + "".join(f"set {number};90 %;10 %\n" for number in range(60))
    told = SAID | {"source": "", "file": SimpleUploadedFile("splits.csv", table.encode())} | rows({})
    assert desk.member.post(f"{desk.address}/evidence/data.splits", told).status_code == 302
    (stands,) = queries.standing(desk.version, "evidence")
    assert len(stands.body["rows"]) == 60
    assert stands.body["origin"]["source"] == "splits.csv"


def test_a_broken_file_is_refused_by_name(desk: Desk) -> None:
    for name, content, words in (
        ("a.json", b'{"legal_name": "A", "legal_name": "B"}', "&#x27;legal_name&#x27; is written twice"),
        ("a.csv", b"legal_nam\nA\n", "did you mean"),
        ("a.yaml", b"[" * 50_000, "cannot be read"),
    ):
        told = SAID | {"file": SimpleUploadedFile(name, content)} | rows({})
        answer = desk.member.post(f"{desk.address}/evidence/org.identity", told)
        assert answer.status_code == 422
        assert words in answer.content.decode()
