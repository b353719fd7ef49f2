"""An evaluator over HTTP: let in by a signature, reports in full length, and nothing else of the server."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from fabrica.server.aiact import evaluator_queries as queries
from fabrica.server.aiact import evaluator_rules
from fabrica.server.aiact.evaluation_models import EvaluatorReport
from fabrica.server.core.actors import Actor
from fabrica.server.core.storage import open_storage
from fabrica.values.ids import VersionId
from fabrica.wire.evaluators import REPORT_BYTES_MAX, EvaluatorCodeRefused, EvaluatorRefused, ReportRefused
from tests.builders import stored
from tests.server.aiact.builders import make_issue, make_lead_with_version
from tests.server.aiact.evaluator_builders import REPORT, Signer, make_evaluator, make_invitation
from tests.server.aiact.terminal import Terminal, say

pytestmark = pytest.mark.django_db
PAGE = b"%PDF-1.7 page with a figure\n" + bytes(range(256)) * 400


@pytest.fixture
def made() -> tuple[Actor, VersionId]:
    return make_lead_with_version()


@pytest.fixture
def signer(made: tuple[Actor, VersionId]) -> Signer:
    return make_evaluator(*made)


def _ask(signer: Signer, method: str, path: str, content: bytes = b"", **headers: str) -> Any:
    told = {"Authorization": f"Bearer {signer.let_in()}"} | headers
    return Client().generic(method, f"/api/v1{path}", content, "application/octet-stream", headers=told)


def _upload(signer: Signer, content: bytes, signature: str | None = None, name: str | None = None) -> Any:
    sha256 = hashlib.sha256(content).hexdigest()
    headers = {"Fabrica-Signature": signer.report(content) if signature is None else signature}
    return _ask(signer, "PUT", f"/evaluator/reports/{name or sha256}", content, **headers)


def test_an_evaluator_sees_their_view_and_no_other_endpoint_lets_them_in(signer: Signer) -> None:
    assert _ask(signer, "GET", "/evaluator").json()["version"] == signer.version
    for path in ("/me", "/systems", f"/versions/{signer.version}", "/runs", "/questions", "/agent/site"):
        assert _ask(signer, "GET", path).status_code in (401, 404)


def test_a_report_of_two_hundred_pages_comes_back_as_it_was_sent(made: tuple[Actor, VersionId], signer: Signer) -> None:
    content = PAGE * 200  # 20 MB
    answer = _upload(signer, content)
    assert answer.status_code == 201
    report, parts = queries.report_content(made[0], answer.json()["id"])
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    assert digest.hexdigest() == report.sha256 == hashlib.sha256(content).hexdigest()
    assert queries.check(made[0], report.id).sound


def test_a_report_larger_than_allowed_is_refused_before_its_bytes_are_taken(signer: Signer) -> None:
    signature = signer.report(bytes=REPORT_BYTES_MAX + 1)
    assert _upload(signer, REPORT, signature).json()["code"] == "aiact.report_refused"


def test_more_bytes_than_are_signed_are_refused_and_not_kept(signer: Signer) -> None:
    content = b"A report that grew after it was signed."
    answer = _upload(signer, content, signer.report(content, bytes=10))
    assert answer.json()["code"] == "request.too_large"
    assert not open_storage().has(hashlib.sha256(content).hexdigest())


def test_other_bytes_than_are_signed_are_refused_and_not_kept(signer: Signer) -> None:
    signed, sent = b"What was signed.", b"What was sent!!!"
    name = hashlib.sha256(signed).hexdigest()
    answer = _upload(signer, sent, signer.report(signed), name)
    assert answer.json()["code"] == "request.malformed"
    assert not open_storage().has(name)


def test_who_only_knows_the_hash_of_somebody_elses_file_does_not_get_it_as_a_report(signer: Signer) -> None:
    secret = stored(b"The weights of another project.")
    signature = signer.report(b"x", sha256=secret, bytes=31)
    answer = _upload(signer, b"I do not know these 31 bytes...", signature, secret)
    assert answer.json()["code"] == "request.malformed"
    assert not EvaluatorReport.objects.exists()


def test_an_evaluator_sends_so_many_reports_and_no_more(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator_rules, "REPORTS_MAX", 1)
    assert _upload(signer, b"the first").status_code == 201
    assert _upload(signer, b"the first").status_code == 201, "the same again is no second one"
    assert _upload(signer, b"the second").json()["code"] == "aiact.report_refused"


@pytest.mark.parametrize("signature", ["", "a.b.c", "x" * 3000])
def test_a_broken_signature_is_refused_by_name(signer: Signer, signature: str) -> None:
    assert _upload(signer, REPORT, signature).json()["code"] == "aiact.report_refused"


def test_a_report_is_a_download_and_never_a_page(made: tuple[Actor, VersionId], signer: Signer) -> None:
    from fabrica.server.people import service as people

    report = _upload(signer, b"<script>alert('hostile')</script>").json()["id"]
    lead = made[0]
    assert lead.user is not None
    token = people.make_token(lead, user=lead.user, name="tests")
    answer = Client().get(f"/api/v1/reports/{report}/content", headers={"Authorization": f"Bearer {token}"})
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox"


def test_an_evaluator_is_invited_and_reports_on_the_command_line(
    made: tuple[Actor, VersionId], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FABRICA_HOME", str(tmp_path))
    lead, version = made
    document = make_issue(lead, version)
    Terminal(monkeypatch).of(lead)
    told = ("--name", "Evals Institute", "--independence", "No ties.", "--document", document)
    code = say("evaluators", "invite", version, *told).stdout.strip()

    assert "hold no access" in say("evaluators", "view").output
    accepted = say("evaluators", "accept", "--server", "http://testserver", "--signatory", "Eva", typed=f"{code}\n")
    assert accepted.exit_code == 0
    assert isinstance(say("evaluators", "accept", "--code", code, "--signatory", "E").exception, EvaluatorCodeRefused)
    (kept,) = (tmp_path / "evaluators").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert "PRIVATE KEY" not in accepted.output

    shown = json.loads(say("evaluators", "view", "--out", tmp_path, "--json").stdout)
    assert [one["id"] for one in shown["documents"]] == [document]
    assert shown["saved"]
    assert all(Path(one).is_file() for one in shown["saved"])
    report = tmp_path / "report.pdf"
    report.write_bytes(PAGE)
    sent = json.loads(say("evaluators", "report", report, "--title", "Evaluation", "--json").stdout)

    assert say("evaluators", "check", sent["id"]).stdout.startswith("SOUND")
    assert Path(say("evaluators", "download", sent["id"], "--out", tmp_path / "evaluators").stdout.strip()).is_file()
    assert "Evals Institute" in say("evaluators", "list", version).stdout
    assert say("evaluators", "withdraw", version, sent["evaluator"], "--reason", "Done.").exit_code == 0
    assert isinstance(say("evaluators", "view").exception, EvaluatorRefused)


def test_a_key_that_others_can_read_is_not_used_and_an_empty_report_not_sent(
    made: tuple[Actor, VersionId], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FABRICA_HOME", str(tmp_path))
    lead, version = made
    Terminal(monkeypatch).of(lead)
    for _ in range(2):
        say("evaluators", "accept", "--signatory", "Eva", "--code", make_invitation(lead, version).code)
    first, second = sorted((tmp_path / "evaluators").iterdir())
    assert "several accesses" in say("evaluators", "view").output
    first.chmod(0o644)
    assert "chmod 600" in say("evaluators", "view", "--as", first.stem).output
    empty = tmp_path / "empty.pdf"
    empty.touch()
    sent = say("evaluators", "report", empty, "--title", "Nothing", "--as", second.stem)
    assert isinstance(sent.exception, ReportRefused)
