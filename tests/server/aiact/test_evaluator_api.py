"""An evaluator over HTTP: let in by a signature, reports in full length, and nothing else of the server."""

import hashlib
from typing import Any

import pytest
from django.test import Client

from fabrica.server.aiact import evaluator_queries as queries
from fabrica.server.core.actors import Actor
from fabrica.server.core.storage import open_storage
from fabrica.values.ids import VersionId
from fabrica.wire.evaluators import REPORT_BYTES_MAX
from tests.server.aiact.builders import make_lead_with_version
from tests.server.aiact.evaluator_builders import REPORT, Signer, make_evaluator

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
