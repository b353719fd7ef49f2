"""An evaluator is let in by a code once and by their key after; a report counts only as it was signed."""

import hashlib
from datetime import timedelta

import pytest

from fabrica.aiact.documents.rows import checked_row
from fabrica.server.aiact import evaluator_queries as queries
from fabrica.server.aiact import evaluator_rules as rules
from fabrica.server.aiact import evaluator_service as service
from fabrica.server.aiact import queries as register
from fabrica.server.aiact.evaluation_models import Evaluator, EvaluatorReport
from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, Actor
from fabrica.server.core.models import Fact
from fabrica.server.core.storage import FolderStorage, open_storage
from fabrica.values.ids import DocumentId, ReportId, VersionId
from fabrica.wire.evaluators import (
    DocumentNotPermitted,
    EvaluatorCodeRefused,
    EvaluatorRefused,
    EvaluatorState,
    EvaluatorStateWrong,
    ReportRefused,
)
from fabrica.wire.problems import Malformed, NotAllowed, NotFound
from fabrica.wire.signatures import new_private_key, public_key_of, sign
from tests.builders import make_member, make_operator, make_user
from tests.server.aiact.builders import make_issue, make_lead_with_version, make_version
from tests.server.aiact.evaluator_builders import (
    REPORT,
    Signer,
    acceptance,
    make_evaluator,
    make_invitation,
)

pytestmark = pytest.mark.django_db
SHA256 = hashlib.sha256(REPORT).hexdigest()


@pytest.fixture
def made() -> tuple[Actor, VersionId]:
    return make_lead_with_version()


@pytest.fixture
def signer(made: tuple[Actor, VersionId]) -> Signer:
    return make_evaluator(*made)


def _receive(signer: Signer, content: bytes = REPORT) -> ReportId:
    sha256 = hashlib.sha256(content).hexdigest()
    open_storage().store(sha256, [content], len(content))
    return service.receive_report(
        signer.actor(), signature=signer.report(content), sha256=sha256, bytes_count=len(content)
    )


def test_only_who_leads_the_project_invites_and_withdraws(made: tuple[Actor, VersionId]) -> None:
    lead, version = made
    project = register.version(lead, version).project
    invitation = make_invitation(lead, version)
    for other in (NOBODY, make_user(), make_member(project), make_member(project, "reader"), make_operator()):
        with pytest.raises(NotAllowed):
            make_invitation(other, version)
        with pytest.raises(NotAllowed):
            service.withdraw(other, version=version, evaluator=invitation.evaluator, reason="x")
    service.withdraw(lead, version=version, evaluator=invitation.evaluator, reason="Another body was chosen.")
    (found,) = queries.evaluators(lead, version)
    assert (found.state, found.withdrawn_because) == (EvaluatorState.WITHDRAWN, "Another body was chosen.")
    assert Fact.objects.filter(kind="aiact.evaluator_moved", subject=version).count() == 2


def test_the_code_is_shown_once_and_not_stored(made: tuple[Actor, VersionId]) -> None:
    invitation = make_invitation(*made)
    kept = str(list(Evaluator.objects.values())) + str(list(Fact.objects.values()))
    assert invitation.code.replace("-", "")[8:] not in kept


def test_a_code_works_once_and_the_key_is_the_one_that_was_proven(made: tuple[Actor, VersionId]) -> None:
    lead, version = made
    invitation, private_key = make_invitation(lead, version), new_private_key()
    accepted = service.accept(NOBODY, told=acceptance(invitation.code.lower(), private_key))
    assert (accepted.version, accepted.signatory) == (version, "Eva Evaluator")
    assert Evaluator.objects.get().public_key == public_key_of(private_key)
    with pytest.raises(EvaluatorCodeRefused):
        service.accept(NOBODY, told=acceptance(invitation.code))


def test_a_code_ends_with_its_time_with_its_tries_and_with_withdrawal(
    made: tuple[Actor, VersionId], monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, version = made
    late, guessed, withdrawn = (make_invitation(lead, version) for _ in range(3))
    service.withdraw(lead, version=version, evaluator=withdrawn.evaluator, reason="x")
    wrong = guessed.code[:-1] + ("0" if guessed.code[-1] != "0" else "1")
    for _ in range(rules.CODE_TRIES_MAX):
        with pytest.raises(EvaluatorCodeRefused):
            service.accept(NOBODY, told=acceptance(wrong))
    future = clock.now() + timedelta(days=15)
    for code in (guessed.code, withdrawn.code, "no code", late.code):
        if code == late.code:
            monkeypatch.setattr(clock, "now", lambda: future)
        with pytest.raises(EvaluatorCodeRefused):
            service.accept(NOBODY, told=acceptance(code))
    assert not Evaluator.objects.filter(state=EvaluatorState.ACCEPTED).exists()


def test_a_key_that_somebody_else_holds_is_not_registered(made: tuple[Actor, VersionId]) -> None:
    code = make_invitation(*made).code
    with pytest.raises(Malformed, match="proof"):
        service.accept(NOBODY, told=acceptance(code, public_key=public_key_of(new_private_key())))


def test_what_was_signed_for_another_server_too_long_or_of_another_time_lets_nobody_in(signer: Signer) -> None:
    now = int(clock.now().timestamp())
    other = Signer(signer.evaluator, signer.version, new_private_key())
    refused = (
        signer.let_in(aud="another server"),
        signer.let_in(exp=now + 3600),
        signer.let_in(iat=now - 600, exp=now - 500),
        signer.let_in(iat=now + 600, exp=now + 700),
        signer.let_in(exp=None),
        signer.report(),
        other.let_in(),
        sign("fabrica-evaluator+jwt", {"iss": "evr_nobody"}, signer.private_key),
        "no token",
    )
    for token in refused:
        with pytest.raises(EvaluatorRefused):
            service.actor_of_evaluator(token)
    assert service.actor_of_evaluator(signer.let_in()).evaluator == signer.evaluator


def test_access_ends_with_withdrawal_at_once_and_with_its_day(
    made: tuple[Actor, VersionId], signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, version = made
    other = make_evaluator(lead, version)
    service.withdraw(lead, version=version, evaluator=other.evaluator, reason="x")
    with pytest.raises(EvaluatorRefused, match="withdrawn"):
        other.actor()
    with pytest.raises(EvaluatorStateWrong):
        service.withdraw(lead, version=version, evaluator=other.evaluator, reason="again")
    future = clock.now() + timedelta(days=91)
    monkeypatch.setattr(clock, "now", lambda: future)
    with pytest.raises(EvaluatorRefused, match="ended on"):
        signer.actor()


def test_an_evaluator_sees_their_version_and_what_was_permitted_and_nothing_else(made: tuple[Actor, VersionId]) -> None:
    lead, version = made
    permitted, other = make_issue(lead, version), make_issue(lead, version, items={"fria-a": "Other words."})
    signer = make_evaluator(lead, version, documents=(permitted,))
    seen = queries.view(signer.actor())
    assert (seen.version, [one.id for one in seen.documents]) == (version, [permitted])
    name = seen.documents[0].files[0].name
    sha256, parts = queries.document_file(signer.actor(), permitted, name)
    assert hashlib.sha256(b"".join(parts)).hexdigest() == sha256
    for document, file in ((other, name), (permitted, "no-such-file"), (DocumentId.new(), name)):
        with pytest.raises(NotFound):
            queries.document_file(signer.actor(), document, file)
    with pytest.raises(NotFound):
        register.version_row(signer.actor(), version)
    with pytest.raises(NotAllowed):
        make_invitation(signer.actor(), version)


def test_a_document_of_another_version_is_not_permitted(made: tuple[Actor, VersionId]) -> None:
    lead, version = made
    project = register.version(lead, version).project
    foreign = make_issue(lead, make_version(lead, project))
    with pytest.raises(DocumentNotPermitted):
        make_invitation(lead, version, documents=(foreign,))


def test_a_signed_report_is_kept_once_and_is_evidence(made: tuple[Actor, VersionId], signer: Signer) -> None:
    lead, version = made
    report = _receive(signer)
    assert _receive(signer) == report, "sent again, it changes nothing"
    assert EvaluatorReport.objects.count() == 1
    assert queries.check(lead, report).sound
    assert Fact.objects.filter(kind="aiact.report_received", subject=version).count() == 1
    held = list(queries.evidence(version))
    assert [one.kind for one in held] == ["eval.external", "eval.signed"]
    assert all(checked_row(one.kind, row) == row for one in held for row in one.rows)
    assert {one.sha256 for one in held} == {SHA256}
    assert held[0].rows[0]["independence"] == "Paid by the ministry."


def test_a_report_is_refused_whose_signature_is_broken_of_another_key_or_of_something_else(signer: Signer) -> None:
    other_key = Signer(signer.evaluator, signer.version, new_private_key())
    signed = signer.report()
    head, body, tail = signed.split(".")
    for signature in (
        other_key.report(),
        f"{head}.{body}.{tail[::-1]}",
        f"{head}.{body[:-2]}AA.{tail}",
        signer.let_in(),
        "",
        signer.report(sha256="a" * 64),
        signer.report(sha256="not a hash"),
        signer.report(iat=int(clock.now().timestamp()) + 3600),
        signer.report(iat=0),
    ):
        with pytest.raises(ReportRefused):
            service.receive_report(signer.actor(), signature=signature, sha256=SHA256, bytes_count=len(REPORT))
    with pytest.raises(ReportRefused, match="bytes"):
        service.receive_report(signer.actor(), signature=signed, sha256=SHA256, bytes_count=1)
    assert not EvaluatorReport.objects.exists()


def test_a_report_signed_for_another_version_or_by_another_evaluator_is_not_replayed(
    made: tuple[Actor, VersionId], signer: Signer
) -> None:
    lead, version = made
    project = register.version(lead, version).project
    elsewhere = make_evaluator(lead, make_version(lead, project))
    beside = make_evaluator(lead, version)
    for other in (elsewhere, beside):
        with pytest.raises(ReportRefused):
            service.receive_report(other.actor(), signature=signer.report(), sha256=SHA256, bytes_count=len(REPORT))
    same_key = Signer(elsewhere.evaluator, version, elsewhere.private_key)
    with pytest.raises(ReportRefused, match="another version"):
        service.receive_report(elsewhere.actor(), signature=same_key.report(), sha256=SHA256, bytes_count=len(REPORT))


@pytest.mark.parametrize("file", ["../report.pdf", "a/b", "..", "a\\b", "", "x" * 201])
def test_a_name_that_leads_to_a_folder_is_refused(signer: Signer, file: str) -> None:
    with pytest.raises(ReportRefused, match="file"):
        service.check_report(signer.actor(), signer.report(file=file), SHA256)


def test_signs_that_hide_something_are_taken_out_of_what_is_shown(
    made: tuple[Actor, VersionId], signer: Signer
) -> None:
    service.receive_report(
        signer.actor(),
        signature=signer.report(title="Good\u202eBad\x1b[2J"),
        sha256=SHA256,
        bytes_count=len(REPORT),
    )
    ((report,),) = (one.reports for one in queries.evaluators(*made))
    assert not set("\u202e\x1b") & set(report.title)


def test_a_person_does_not_report_as_an_evaluator(made: tuple[Actor, VersionId], signer: Signer) -> None:
    with pytest.raises(NotAllowed):
        service.receive_report(made[0], signature=signer.report(), sha256=SHA256, bytes_count=len(REPORT))


def test_a_report_that_is_altered_in_storage_is_found_out_and_one_that_is_lost_too(
    made: tuple[Actor, VersionId], signer: Signer
) -> None:
    content = b"Only this report has these words."
    report = _receive(signer, content)
    storage = open_storage()
    assert isinstance(storage, FolderStorage)
    place = storage._path(hashlib.sha256(content).hexdigest())
    place.write_bytes(content.replace(b"Only", b"Even"))
    assert queries.check(made[0], report).words == "The bytes are not those that were signed."
    place.unlink()
    assert not queries.check(made[0], report).sound


def test_reports_stay_when_the_evaluator_is_withdrawn_and_strangers_see_none(
    made: tuple[Actor, VersionId], signer: Signer
) -> None:
    lead, version = made
    report = _receive(signer)
    service.withdraw(lead, version=version, evaluator=signer.evaluator, reason="The contract ended.")
    assert queries.report(lead, report).sha256 == SHA256
    assert len(list(queries.evidence(version))) == 2
    with pytest.raises(NotFound):
        queries.report(make_user(), report)
    with pytest.raises(NotFound):
        queries.check(make_user(), report)


def test_a_report_never_changes_even_in_the_table(signer: Signer) -> None:
    from django.db import DatabaseError, transaction

    report = _receive(signer)
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        EvaluatorReport.objects.filter(pk=report).update(title="Better")
