"""Pages of documents: each item with its state and evidence, what people say of it, drafts and issued versions."""

from typing import Any, cast, get_args

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from fabrica.aiact.documents.layout import item_layout, kinds, layouts
from fabrica.aiact.documents.shape import closed_by, open_items
from fabrica.aiact.documents.writers import written
from fabrica.server.aiact import (
    document_queries,
    issue_queries,
    issue_service,
    page_queries,
    permissions,
    queries,
    statement_service,
)
from fabrica.server.aiact.results import documents_due, together
from fabrica.server.core.limits import count_try
from fabrica.server.core.requests import Viewed
from fabrica.values.ids import DocumentId, VersionId
from fabrica.wire.documents import Document, DocumentItem, Format, Recipient
from fabrica.wire.issues import NewIssue
from fabrica.wire.problems import FabricaError, Malformed, NotFound
from fabrica.wire.systems import NewAnswers

DRAFTS_MAX, DRAFTS_SECONDS = 30, 600
FUNCTION = "aiact_function"
"""Where the session keeps what a person said they are, so that they say it once."""

_TYPES: dict[str, str] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@require_GET
@login_required
def document(request: Viewed, version: VersionId, template: str) -> HttpResponse:
    """Show a document for one recipient as far as it is filled, with the forms for what is open."""
    return _page(request, version, template, recipient_of(request.GET.get("recipient", "provider")))


def recipient_of(text: str) -> Recipient:
    """Return a recipient that an address names.

    Raises:
        NotFound: there is none of this name.
    """
    if text not in get_args(Recipient):
        raise NotFound(f"There is no recipient {text!r:.40}.", remedy=f"There are: {', '.join(get_args(Recipient))}.")
    return cast(Recipient, text)


def _page(
    request: Viewed, version: VersionId, template: str, recipient: Recipient, problem: FabricaError | None = None
) -> HttpResponse:
    by = request.actor
    found = document_queries.document(by, version, template, recipient)
    issued = [one for one in issue_queries.issues(by, version) if one.template == template]
    context = {
        "version": queries.version(by, version),
        "document": found,
        "recipients": ("provider", *layouts()[template].recipients),
        "sections": [
            (section, [(item, _kinds(template, item)) for item in section.items]) for section in found.sections
        ],
        "left": [(item, closed_by(item)) for item in open_items(found)],
        "issued": issued,
        "function": request.session.get(FUNCTION, ""),
        "may_write": recipient == "provider" and permissions.edits(by, version=version),
        "may_issue": permissions.answers_for(by, version=version),
        "formats": tuple(_TYPES),
        "problem": problem,
    }
    return render(request, "aiact/document.html", context, status=problem.status if problem else 200)


def _kinds(template: str, item: DocumentItem) -> list[tuple[str, str]]:
    """Return the kinds of evidence that answer an item, with their titles; issued documents are no such kind."""
    needed = [need.kind for group in item_layout(template, item.id).needs for need in group if need.kind in kinds()]
    return [(kind, kinds()[kind].title) for kind in dict.fromkeys(needed)]


@require_POST
@login_required
def say(request: Viewed, version: VersionId, template: str) -> HttpResponse:
    """Keep what a person says of one item: a text, that it is right, that it does not apply, or none of it any more."""
    queries.version_row(request.actor, version)
    form, item = request.POST, request.POST.get("item", "")
    function = " ".join(form.get("function", "").split())
    said: dict[str, Any] = {"function": function}
    if "confirm" in form:
        said["confirm"] = {item: form.getlist("evidence")}
    elif "spare" in form:
        said["not_applicable"] = {item: form.get("reason", "").strip()}
    elif "take_back" in form:
        said["take_back"] = [item]
    else:
        said["items"] = {item: form.get("text", "").strip()}
    try:
        statement_service.say(request.actor, version=version, told=_answers(said))
    except FabricaError as problem:
        return _page(request, version, template, "provider", problem)
    request.session[FUNCTION] = function
    return redirect(f"{reverse('aiact:document', args=[version, template])}#{item}")


def _answers(said: dict[str, Any]) -> NewAnswers:
    try:
        return NewAnswers.model_validate(said)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise Malformed(
            _("%(field)s: %(message)s.") % {"field": str(first["loc"][0]).replace("_", " "), "message": first["msg"]},
            remedy=_("Fill in the text, and what you are, such as Head of Models."),
        ) from None


@require_GET
@login_required
def draft(request: Viewed, version: VersionId, template: str, written_as: str) -> HttpResponse:
    """Return a draft as a file, marked as one.

    Raises:
        NotFound: there is no such version, document, recipient or format, or the reader may not see it.
        TooManyTries: one person asked for very many within some minutes.
    """
    if written_as not in _TYPES:
        raise NotFound(f"There is no format {written_as!r:.20}.", remedy=f"There are: {', '.join(_TYPES)}.")
    recipient = recipient_of(request.GET.get("recipient", "provider"))
    found = document_queries.document(request.actor, version, template, recipient)
    count_try(f"draft:{request.actor.key}", tries_max=DRAFTS_MAX, seconds=DRAFTS_SECONDS)
    content = written(found, (cast(Format, written_as),))[f"document.{written_as}"]
    return _file(content, written_as, f"{template}-{recipient}-draft.{written_as}")


def _file(content: bytes, written_as: str, name: str) -> HttpResponse:
    """Return a file to keep; it is never shown in this site's own window, so nothing in it runs here."""
    return HttpResponse(
        content,
        content_type=_TYPES.get(written_as, "application/octet-stream"),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
@login_required
def issue(request: Viewed, version: VersionId, template: str) -> HttpResponse:
    """Order the issue of a complete document for one recipient."""
    queries.version_row(request.actor, version)
    recipient = recipient_of(request.POST.get("recipient", ""))
    function = " ".join(request.POST.get("function", "").split())
    try:
        told = NewIssue(template=template, recipient=recipient, function=function)
        issue_service.order_issue(request.actor, version=version, told=told)
    except ValidationError:
        missing = Malformed(_("Say what you are."), remedy=_("Such as Head of Models; it stands with your name."))
        return _page(request, version, template, recipient, missing)
    except FabricaError as problem:
        return _page(request, version, template, recipient, problem)
    request.session[FUNCTION] = function
    messages.success(request, _("It is being written and signed; its files are here in a moment."))
    return redirect(f"{reverse('aiact:document', args=[version, template])}?recipient={recipient}#issued")


@require_GET
@login_required
def issued_file(request: Viewed, document: DocumentId, name: str) -> HttpResponse:
    """Return a file of an issued document."""
    _sha256, content = issue_queries.file(request.actor, document, name)
    return _file(content, name.rpartition(".")[2], name)


@require_GET
@login_required
def issued_changes(request: Viewed, document: DocumentId) -> HttpResponse:
    """Show an issued document's hashes and signature, and what it changed against the one before or a chosen one.

    Raises:
        NotFound: there is no such document, or none such to compare with, or the reader may not see it.
    """
    found = issue_queries.issue(request.actor, document)
    content: Document = issue_queries.content(request.actor, document)
    others = issue_queries.comparable(request.actor, document)
    chosen = request.GET.get("against", "")
    against = next((one for one in others if one[0].id == chosen), None)
    if chosen and against is None:
        raise NotFound(
            f"There is no issue {chosen!r:.40} of this document to compare with.",
            remedy="Choose one of the list on the document's page.",
        )
    context = {
        "issue": found,
        "document": content,
        "seen": page_queries.sees(request.actor, found.version),
        "others": others,
        "against": against,
        "changes": issue_queries.changes(request.actor, against[0].id, document) if against else content.changes,
    }
    return render(request, "aiact/issued.html", context)


@require_GET
@login_required
def filled(request: Viewed, version: VersionId) -> HttpResponse:
    """Return how far the documents that a version's duties ask for are filled together, for a line of the list."""
    try:
        lines = document_queries.documents(request.actor, version)
    except FabricaError as problem:
        if problem.status == 404:
            raise
        return render(request, "aiact/filled.html", {"problem": problem})
    due = documents_due(queries.newest_result(version))
    rate = together([line.rate for line in lines if not due or line.template in due])
    done = rate.automatic + rate.confirmed + rate.typed
    return render(request, "aiact/filled.html", {"rate": rate, "done": done, "all": rate.items, "asked": bool(due)})
