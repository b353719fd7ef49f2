"""Independent evaluators on the web: invited once, let in by their own key, and heard by what they sign."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fabrica.server.aiact import evaluator_queries, evaluator_service
from fabrica.server.aiact.evaluator_held_pages import LET_IN_SECONDS
from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY
from fabrica.wire.signatures import new_private_key
from tests.server.aiact.builders import OUTPUT, make_issue, make_lead_with_version
from tests.server.aiact.desk_reader import HOSTILE, Desk, make_desk
from tests.server.aiact.evaluator_builders import REPORT, Signer, acceptance, make_evaluator
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
WHOM = {"name": "Evals Institute", "independence": "Paid by the ministry.", "code_days": "7", "access_days": "30"}
OWN = "/ai-act/evaluator"


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def let_in(signer: Signer) -> Client:
    """Return the browser of an evaluator who was let in."""
    client = browser()
    assert client.post(f"{OWN}/enter", {"pass": signer.let_in()}).status_code == 302
    return client


def report(signer: Signer, content: bytes = REPORT, **claims: object) -> dict[str, object]:
    return {"report": SimpleUploadedFile("report.pdf", content), "signature": signer.report(content, **claims)}


def test_a_lead_invites_and_the_code_is_shown_once_and_works(desk: Desk) -> None:
    address = f"{desk.address}/evaluators"
    document = make_issue(desk.lead, desk.version)
    page = desk.leads.post(address, WHOM | {"documents": [document]}).content.decode()
    code = re.search(r'id="code">([^<]+)<', page)
    assert code
    assert "http" in page
    assert code[1] not in desk.leads.get(address).content.decode()
    private_key = new_private_key()
    accepted = evaluator_service.accept(NOBODY, told=acceptance(code[1], private_key))
    signer = Signer(accepted.evaluator, accepted.version, private_key)
    seen = let_in(signer).get(OWN).content.decode()
    assert f"/ai-act/evaluator/documents/{document}/" in seen


def test_only_the_lead_invites_and_withdraws_and_the_project_reads(desk: Desk) -> None:
    address = f"{desk.address}/evaluators"
    signer = make_evaluator(desk.lead, desk.version)
    withdraw = f"{address}/{signer.evaluator}/withdraw"
    for reader, status in (
        (desk.member, 403),
        (desk.reader, 403),
        (desk.operator, 403),
        (desk.stranger, 404),
        (desk.nobody, 302),
    ):
        assert reader.post(address, WHOM).status_code == status
        assert reader.post(withdraw, {"reason": "No."}).status_code == status
    assert desk.reader.get(address).status_code == 200
    assert desk.stranger.get(address).status_code == 404
    assert len(evaluator_queries.evaluators(desk.lead, desk.version)) == 1


def test_a_wrong_invitation_is_told_beside_its_field_and_nobody_is_invited(desk: Desk) -> None:
    for wrong in ({"name": ""}, {"code_days": "61"}, {"access_days": "0"}, {"independence": "x" * 3000}):
        assert desk.leads.post(f"{desk.address}/evaluators", WHOM | wrong).status_code == 422
    make_issue(desk.lead, desk.version)
    theirs = make_issue(*make_lead_with_version())
    assert desk.leads.post(f"{desk.address}/evaluators", WHOM | {"documents": [theirs]}).status_code == 422
    assert not evaluator_queries.evaluators(desk.lead, desk.version)


def test_what_hostile_people_call_themselves_is_shown_as_text(desk: Desk) -> None:
    desk.leads.post(f"{desk.address}/evaluators", WHOM | {"name": HOSTILE, "independence": HOSTILE})
    assert HOSTILE not in desk.leads.get(f"{desk.address}/evaluators").content.decode()


def test_an_evaluator_sees_what_is_needed_and_no_more(desk: Desk) -> None:
    client = let_in(make_evaluator(desk.lead, desk.version))
    page = client.get(OWN).content.decode()
    for sha256 in ("a" * 64, OUTPUT["sha256"]):
        assert str(sha256) in page
    assert "usage.json" not in page
    assert "FLOP" not in page
    assert "/ai-act/versions/" not in page
    for address in (desk.address, f"{desk.address}/evaluators", f"{desk.address}/documents/mdf"):
        assert client.get(address).status_code == 302
    unopened = make_issue(desk.lead, desk.version)
    assert client.get(f"{OWN}/documents/{unopened}/document.json").status_code == 404


def test_a_permitted_document_is_downloaded_and_never_shown_in_this_window(desk: Desk) -> None:
    document = make_issue(desk.lead, desk.version)
    client = let_in(make_evaluator(desk.lead, desk.version, documents=(document,)))
    answer = client.get(f"{OWN}/documents/{document}/document.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="document.json"'
    assert b"".join(answer.streaming_content).startswith(b"{")  # type: ignore[attr-defined]


def test_nobody_is_let_in_without_what_their_key_signs(desk: Desk) -> None:
    signer = make_evaluator(desk.lead, desk.version)
    stranger = Signer(signer.evaluator, signer.version, new_private_key())
    client = browser()
    for wrong in ("", "x", stranger.let_in(), signer.let_in(aud="another"), signer.report()):
        assert client.post(f"{OWN}/enter", {"pass": wrong}).status_code == 401
        assert "Send a report" not in client.get(OWN).content.decode()
        assert client.post(f"{OWN}/report", report(signer)).status_code == 401


def test_who_is_withdrawn_leaves_or_stays_too_long_sees_nothing_any_more(desk: Desk) -> None:
    signer = make_evaluator(desk.lead, desk.version)
    withdrawn, left, late = (let_in(signer) for _ in range(3))
    assert left.post(f"{OWN}/leave").status_code == 302
    assert "Send a report" not in left.get(OWN).content.decode()
    future = clock.now() + timedelta(seconds=LET_IN_SECONDS + 1)
    with pytest.MonkeyPatch.context() as later:
        later.setattr(clock, "now", lambda: future)
        assert late.get(OWN).status_code == 401
    desk.leads.post(f"{desk.address}/evaluators/{signer.evaluator}/withdraw", {"reason": "The contract ended."})
    answer = withdrawn.get(OWN)
    assert answer.status_code == 401
    assert "was withdrawn" in answer.content.decode()
    assert "The contract ended." in desk.reader.get(f"{desk.address}/evaluators").content.decode()


def test_a_signed_report_is_received_shown_to_the_project_and_checked_anew(desk: Desk) -> None:
    signer = make_evaluator(desk.lead, desk.version)
    client = let_in(signer)
    assert client.post(f"{OWN}/report", report(signer)).headers["Location"] == OWN
    assert "Evaluation of the model" in client.get(OWN).content.decode()
    (one,) = evaluator_queries.evaluators(desk.lead, desk.version)[0].reports
    page = desk.reader.get(f"/ai-act/reports/{one.id}").content.decode()
    assert "The signature holds" in page
    file = desk.reader.get(f"/ai-act/reports/{one.id}/file")
    assert file.headers["Content-Disposition"] == 'attachment; filename="report.pdf"'
    assert b"".join(file.streaming_content) == REPORT  # type: ignore[attr-defined]
    for part in ("", "/file"):
        assert desk.stranger.get(f"/ai-act/reports/{one.id}{part}").status_code == 404
        assert desk.nobody.get(f"/ai-act/reports/{one.id}{part}").status_code == 302


def test_a_report_whose_bytes_changed_is_told_to_be_unsound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = make_evaluator(desk.lead, desk.version)
    let_in(signer).post(f"{OWN}/report", report(signer))
    (one,) = evaluator_queries.evaluators(desk.lead, desk.version)[0].reports

    class Altered:
        def read(self, _sha256: str) -> list[bytes]:
            return [b"other"]

    monkeypatch.setattr(evaluator_queries, "open_storage", Altered)
    assert "Not as it was signed" in desk.reader.get(f"/ai-act/reports/{one.id}").content.decode()


def test_a_report_with_a_broken_signature_is_refused_by_name_and_not_kept(desk: Desk) -> None:
    signer = make_evaluator(desk.lead, desk.version)
    client = let_in(signer)
    other = Signer(signer.evaluator, signer.version, new_private_key())
    for wrong, words in (
        ({"report": SimpleUploadedFile("r.pdf", REPORT)}, "No signed report came"),
        ({"signature": signer.report()}, "No signed report came"),
        (report(other), "does not hold"),
        (report(signer) | {"report": SimpleUploadedFile("r.pdf", b"another")}, "of another file"),
        (report(signer, bytes=3), "not the 3 that are signed"),
    ):
        answer = client.post(f"{OWN}/report", wrong)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not evaluator_queries.evaluators(desk.lead, desk.version)[0].reports
