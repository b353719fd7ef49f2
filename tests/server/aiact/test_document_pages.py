"""Documents on the web: items with their state and evidence, what people say of them, drafts, issues."""

import json
from html import unescape

import pytest

from fabrica.server.aiact import document_pages, issue_service
from tests.builders import make_user
from tests.server.aiact.builders import make_issue
from tests.server.aiact.desk_reader import HOSTILE, Desk, make_desk
from tests.server.readers import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def item_of(desk: Desk, template: str, state: str) -> str:
    """Return an item of a document that is in a state."""
    document = desk.reader.get(f"{desk.address}/documents/{template}").context["document"]
    items = [item for section in document.sections for item in section.items if item.state == state]
    return str(items[0].id)


def test_a_document_shows_what_is_filled_from_which_evidence_and_what_is_missing(desk: Desk) -> None:
    page = desk.reader.get(f"{desk.address}/documents/annex_iv").content.decode()
    assert "Still needed:" in page
    assert "SHA-256" in page
    assert "keep it from being issued" in page
    assert "no legal advice" in page


def test_compute_and_energy_reach_no_downstream_provider(desk: Desk) -> None:
    own = desk.reader.get(f"{desk.address}/documents/mdf").context["document"]
    sent = desk.reader.get(f"{desk.address}/documents/mdf?recipient=downstream").context["document"]
    assert sent.withheld
    assert sum(len(section.items) for section in sent.sections) < sum(len(section.items) for section in own.sections)


def test_what_there_is_not_is_told(desk: Desk) -> None:
    parts = {"nothing": 404, "annex_iv?recipient=x": 404, "annex_iv?recipient=public": 403, "annex_iv/draft.exe": 404}
    for part, status in parts.items():
        assert desk.reader.get(f"{desk.address}/documents/{part}").status_code == status, part


def test_an_item_is_typed_and_taken_back_by_members_alone(desk: Desk) -> None:
    item = item_of(desk, "annex_iv", "missing")
    form = {"item": item, "function": "Head", "text": HOSTILE}
    say = f"{desk.address}/documents/annex_iv/say"
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(say, form).status_code == status
    assert desk.member.post(say, form).headers["Location"] == f"{desk.address}/documents/annex_iv#{item}"
    page = desk.member.get(f"{desk.address}/documents/annex_iv").content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert 'value="Head"' in page
    desk.member.post(say, {"item": item, "function": "Head", "take_back": "1"})
    assert item_of(desk, "annex_iv", "missing") == item


def test_an_item_is_confirmed_on_the_evidence_that_was_shown(desk: Desk) -> None:
    item = item_of(desk, "annex_iv", "to_confirm")
    document = desk.member.get(f"{desk.address}/documents/annex_iv").context["document"]
    (shown,) = [one.evidence for section in document.sections for one in section.items if one.id == item]
    say = f"{desk.address}/documents/annex_iv/say"
    moved = desk.member.post(say, {"item": item, "function": "Head", "confirm": "1", "evidence": ["ev-other"]})
    assert moved.status_code == 409
    confirmed = {"item": item, "function": "Head", "confirm": "1", "evidence": list(shown)}
    assert desk.member.post(say, confirmed).status_code == 302
    assert item_of(desk, "annex_iv", "confirmed") == item


def test_an_item_that_does_not_apply_needs_a_reason(desk: Desk) -> None:
    item = item_of(desk, "annex_iv", "missing")
    form = {"item": item, "function": "Head", "spare": "1", "reason": ""}
    say = f"{desk.address}/documents/annex_iv/say"
    assert desk.member.post(say, form).status_code == 422
    assert desk.member.post(say, form | {"reason": "There is none."}).status_code == 302


def test_a_wrong_word_on_an_item_says_what_is_wrong_and_keeps_nothing(desk: Desk) -> None:
    item = item_of(desk, "annex_iv", "missing")
    for wrong in ({"function": ""}, {"text": ""}, {"item": "nothing"}, {"item": ""}, {"text": "x" * 30_000}):
        form = {"item": item, "function": "Head", "text": "Typed."} | wrong
        answer = desk.member.post(f"{desk.address}/documents/annex_iv/say", form)
        assert answer.status_code == 422, wrong
        assert answer.context["problem"].remedy, wrong
    assert item_of(desk, "annex_iv", "missing") == item


def test_a_draft_is_downloaded_for_its_recipient_and_never_shown_in_this_window(desk: Desk) -> None:
    for written_as in ("json", "html"):
        answer = desk.reader.get(f"{desk.address}/documents/mdf/draft.{written_as}?recipient=downstream")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert HOSTILE not in answer.content.decode()
    told = json.loads(desk.reader.get(f"{desk.address}/documents/mdf/draft.json?recipient=downstream").content)
    assert told["recipient"] == "downstream"
    assert told["status"] == "draft"
    assert desk.stranger.get(f"{desk.address}/documents/mdf/draft.json").status_code == 404


def test_drafts_are_written_so_often_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_pages, "DRAFTS_MAX", 1)
    assert desk.reader.get(f"{desk.address}/documents/mdf/draft.json").status_code == 200
    assert desk.reader.get(f"{desk.address}/documents/mdf/draft.json").status_code == 429


def test_an_open_document_is_not_issued_and_every_open_item_is_named(desk: Desk) -> None:
    form = {"recipient": "authority", "function": "Head of Models"}
    answer = desk.leads.post(f"{desk.address}/documents/annex_iv/issue", form)
    assert answer.status_code == 409
    page = unescape(answer.content.decode())
    assert "cannot be issued" in page
    opened = answer.context["problem"].facts["open"]
    assert len(opened) > 5
    for one in opened:
        assert f'{desk.address}/documents/annex_iv#{one["item"]}">{one["asks"]}' in page
        assert one["closed_by"] in page or f"{one['closed_by'][:1].upper()}{one['closed_by'][1:]}" in page
    assert f"{desk.address}/documents/annex_iv" in answer.context["problem"].remedy


def test_only_the_lead_issues_and_says_as_what(desk: Desk) -> None:
    make_issue(desk.lead, desk.version)
    issue = f"{desk.address}/documents/fria/issue"
    form = {"recipient": "authority", "function": "Head of Models"}
    for reader, status in ((desk.member, 403), (desk.reader, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(issue, form).status_code == status
    assert desk.leads.post(issue, form | {"function": " "}).status_code == 422
    assert desk.leads.post(issue, form).status_code == 302
    assert desk.leads.post(issue, form).status_code == 409


def test_an_issued_document_is_downloaded_with_its_signature_by_who_may_read_it(desk: Desk) -> None:
    document = make_issue(desk.lead, desk.version)
    outside = make_user("An authority", email="authority@example.org")
    issue_service.show_view(desk.lead, version=desk.version, email="authority@example.org", recipient="authority")
    for reader in (desk.reader, browser(outside)):
        page = reader.get(f"/ai-act/documents/{document}")
        assert page.status_code == 200
        assert page.context["issue"].manifest_sha256 in page.content.decode()
        for name in ("document.json", "manifest.json", "manifest.sig"):
            file = reader.get(f"/ai-act/documents/{document}/{name}")
            assert file.status_code == 200
            assert file.headers["Content-Disposition"].startswith("attachment")
        assert reader.get(f"/ai-act/documents/{document}/nothing").status_code == 404
    assert f"/ai-act/documents/{document}" in browser(outside).get("/ai-act/").content.decode()
    assert f"/ai-act/documents/{document}" not in desk.stranger.get("/ai-act/").content.decode()
    assert desk.address not in browser(outside).get(f"/ai-act/documents/{document}").content.decode()
    for part in ("", "/document.json"):
        assert desk.stranger.get(f"/ai-act/documents/{document}{part}").status_code == 404
        assert desk.nobody.get(f"/ai-act/documents/{document}{part}").status_code == 302


def test_any_two_issues_of_a_document_are_compared(desk: Desk) -> None:
    first = make_issue(desk.lead, desk.version)
    make_issue(desk.lead, desk.version, items={"fria-a": "Said anew."})
    third = make_issue(desk.lead, desk.version, items={"fria-a": "Said a third time."})
    page = desk.reader.get(f"/ai-act/documents/{third}").content.decode()
    assert "Said anew." in page
    page = desk.reader.get(f"/ai-act/documents/{third}?against={first}").content.decode()
    assert "Said a third time." in page
    assert "Said anew." not in page
    assert "Typed." in page
    assert "Against no. 1 for" in page


def test_only_what_the_reader_may_see_is_compared_with(desk: Desk) -> None:
    document, own = make_issue(desk.lead, desk.version), make_issue(desk.lead, desk.version, "provider")
    outside = make_user("An authority", email="authority@example.org")
    issue_service.show_view(desk.lead, version=desk.version, email="authority@example.org", recipient="authority")
    page = browser(outside).get(f"/ai-act/documents/{document}")
    assert str(own) not in page.content.decode()
    for other in (own, document, "doc_x", "<script>"):
        answer = browser(outside).get(f"/ai-act/documents/{document}", {"against": str(other)})
        assert answer.status_code == 404, other
    assert str(own) in desk.reader.get(f"/ai-act/documents/{document}").content.decode()
