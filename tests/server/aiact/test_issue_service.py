"""Only a complete document is issued; what is issued is signed, chained, never changed, and shown to whom it is for."""

import base64
import hashlib
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from fabrica.aiact.documents.issue import verify
from fabrica.server.aiact import issue_queries, issue_service, queries, reconcilers
from fabrica.server.aiact.models import IssuedDocument, IssueOrder
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.models import Fact
from fabrica.values.ids import DocumentId, UserId
from fabrica.wire.documents import DocumentOpen, NotForRecipient, TemplateUnknown, WriterMissing
from fabrica.wire.issues import IssueWaits, NewIssue, OwnFileKept
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.systems import OrderState
from tests.builders import make_member, make_operator, make_user
from tests.server.aiact.builders import make_issue, make_lead_with_version

pytestmark = pytest.mark.django_db


def written_to(folder: Path, by: Actor, document: DocumentId) -> Path:
    """Download every file of an issue, as a person does."""
    place = folder / f"version-{issue_queries.issue(by, document).number:04d}"
    place.mkdir()
    listed = [one.name for one in issue_queries.issue(by, document).files]
    for name in (*listed, "manifest.json", "manifest.sig"):
        sha256, content = issue_queries.file(by, document, name)
        assert hashlib.sha256(content).hexdigest() == sha256
        (place / name).write_bytes(content)
    return place


def test_issues_verify_offline_follow_one_another_and_say_what_changed(tmp_path: Path) -> None:
    lead, version = make_lead_with_version()
    first = make_issue(lead, version)
    second = make_issue(lead, version, items={"fria-a": "Other words."} | {})
    assert first != second
    for document in (first, second):
        manifest = verify(written_to(tmp_path, lead, document), public_key=issue_service.public_key())
    assert manifest.version == 2
    assert manifest.keep_until is not None
    assert manifest.keep_until.year - manifest.issued_at.year == 10
    found = issue_queries.issue(lead, second)
    assert found.earlier_sha256 == issue_queries.issue(lead, first).manifest_sha256
    said = issue_queries.changes(lead, first, second)
    assert said == issue_queries.content(lead, second).changes
    assert Fact.objects.filter(kind="aiact.document_issued", subject=version).count() == 2


def test_the_person_who_issues_signs_with_their_function() -> None:
    lead, version = make_lead_with_version()
    content = issue_queries.content(lead, make_issue(lead, version))
    assert (content.status, content.signatory) == ("final", "Ada Example, Head of Models")


def test_a_document_with_open_items_is_refused_and_nothing_is_ordered() -> None:
    lead, version = make_lead_with_version()
    for template, recipient, problem in (
        ("mdf", "provider", DocumentOpen),
        ("nothing", "provider", TemplateUnknown),
        ("fria", "public", NotForRecipient),
    ):
        told = NewIssue.model_validate({"template": template, "recipient": recipient, "function": "Head"})
        with pytest.raises(problem):
            issue_service.order_issue(lead, version=version, told=told)
    assert not IssueOrder.objects.exists()


def test_members_readers_operators_and_strangers_issue_and_show_nothing() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    told = NewIssue(template="fria", function="Head")
    for by in (make_member(project), make_member(project, "reader"), make_operator(), make_user()):
        with pytest.raises(NotAllowed):
            issue_service.order_issue(by, version=version, told=told)
        with pytest.raises(NotAllowed):
            issue_service.show_view(by, version=version, email="a@b.example", recipient="downstream")
        with pytest.raises(NotAllowed):
            issue_service.hide_view(by, version=version, user=UserId.new(), recipient="downstream")
    for by in (lead, make_operator()):
        with pytest.raises(NotAllowed):
            issue_service.keep_issue(by, document=DocumentId.new(), files={})
        with pytest.raises(NotAllowed):
            issue_service.give_up_issue(by, document=DocumentId.new(), words="")


def test_one_document_is_issued_once_at_a_time_and_can_be_ordered_again_after_it_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead, version = make_lead_with_version()
    make_issue(lead, version)
    told = NewIssue(template="fria", recipient="authority", formats=("json",), function="Head")
    order = issue_service.order_issue(lead, version=version, told=told)
    with pytest.raises(IssueWaits):
        issue_service.order_issue(lead, version=version, told=told)

    def no_writer(*_: object) -> dict[str, bytes]:
        raise WriterMissing("PDF needs WeasyPrint.")

    monkeypatch.setattr(reconcilers, "written", no_writer)
    assert reconcilers.write_ordered_issues() == 1
    found = issue_queries.issue(lead, order)
    assert (found.state, found.words) == (OrderState.FAILED, "PDF needs WeasyPrint.")
    monkeypatch.undo()
    again = issue_service.order_issue(lead, version=version, told=told)
    assert reconcilers.write_ordered_issues() == 1
    assert (issue_queries.issue(lead, again).number, issue_queries.issue(lead, again).state) == (2, OrderState.ISSUED)
    assert [one.state for one in issue_queries.issues(lead, version)] == ["failed", "issued", "issued"]


def test_writing_twice_keeps_one_issue() -> None:
    lead, version = make_lead_with_version()
    document = make_issue(lead, version)
    issue_service.keep_issue(SYSTEM, document=document, files={"document.json": b"{}"})
    assert IssuedDocument.objects.count() == 1
    assert reconcilers.write_ordered_issues() == 0


def test_an_issue_never_changes_in_the_database_and_no_number_is_left_out() -> None:
    lead, version = make_lead_with_version()
    row = IssuedDocument.objects.get(pk=make_issue(lead, version))
    with pytest.raises(DatabaseError), transaction.atomic():
        IssuedDocument.objects.update(number=2)
    with pytest.raises(DatabaseError), transaction.atomic():
        IssuedDocument.objects.all()._raw_delete("default")
    row.pk, row.manifest_sha256, row.number = DocumentId.new(), "b" * 64, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_person_outside_reads_the_view_they_were_shown_and_no_other() -> None:
    lead, version = make_lead_with_version()
    shown, other = make_issue(lead, version, "authority"), make_issue(lead, version, "provider")
    outsider = make_user("Dana Downstream", email="dana@downstream.example")
    with pytest.raises(NotFound):
        issue_queries.issue(outsider, shown)
    user = issue_service.show_view(lead, version=version, email="dana@downstream.example", recipient="authority")
    assert user == outsider.user
    assert [one.id for one in issue_queries.issues(outsider, version)] == [shown]
    assert issue_queries.file(outsider, shown, "document.json")
    for ask in (
        lambda: issue_queries.issue(outsider, other),
        lambda: issue_queries.file(outsider, other, "document.json"),
        lambda: issue_queries.changes(outsider, other, shown),
        lambda: queries.version(outsider, version),
        lambda: issue_queries.view_grants(outsider, version),
    ):
        with pytest.raises(NotFound):
            ask()
    issue_service.hide_view(lead, version=version, user=user, recipient="authority")
    with pytest.raises(NotFound):
        issue_queries.issue(outsider, shown)
    with pytest.raises(OwnFileKept):
        issue_service.show_view(lead, version=version, email="dana@downstream.example", recipient="provider")
    with pytest.raises(NotFound):
        issue_service.show_view(lead, version=version, email="nobody@downstream.example", recipient="authority")


def test_a_file_that_the_manifest_does_not_name_is_not_there() -> None:
    lead, version = make_lead_with_version()
    document = make_issue(lead, version)
    for name in ("document.pdf", "../manifest.json", ""):
        with pytest.raises(NotFound):
            issue_queries.file(lead, document, name)
    assert base64.b64decode(issue_queries.issue(lead, document).public_key or "")
