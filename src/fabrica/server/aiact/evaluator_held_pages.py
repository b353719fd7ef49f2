"""The pages of an independent evaluator: let in by what their own key signs, they see one version and report on it.

The key never leaves the evaluator's browser. A session remembers for some hours who was let in; whether they still may
be is asked anew for each page.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from fabrica.aiact.documents.layout import layouts
from fabrica.server.aiact import evaluator_queries, evaluator_service
from fabrica.server.aiact.downloads import download
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.server.core.storage import store_file
from fabrica.server.core.uploads import takes_file
from fabrica.values.ids import DocumentId
from fabrica.wire.evaluators import REPORT_BYTES_MAX, EvaluatorRefused, ReportRefused
from fabrica.wire.problems import FabricaError

LET_IN_SECONDS = 8 * 3600
_KEY = "aiact_evaluator"
Page = Callable[..., Any]


def _actor(request: Viewed) -> Actor:
    """Return the evaluator that this browser let in.

    Raises:
        EvaluatorRefused: it let nobody in, not lately, or their access ended.
    """
    evaluator, until = request.session.get(_KEY, ("", 0))
    if clock.now().timestamp() >= until:
        raise EvaluatorRefused("Nobody is let in here.", remedy="Show your code, or your key.")
    return evaluator_service.actor_of_session(evaluator)


def _inside(page: Page) -> Page:
    """Show a page to the evaluator who was let in; who was not is led to the door."""

    @wraps(page)
    def guarded(request: Viewed, **parts: Any) -> Any:
        try:
            by = _actor(request)
        except EvaluatorRefused as problem:
            return _door(request, problem if _KEY in request.session else None)
        return page(request, by, **parts)

    return guarded


def _door(request: Viewed, problem: FabricaError | None) -> HttpResponse:
    context = {"problem": problem, "now": int(clock.now().timestamp())}
    return render(request, "aiact/evaluator_door.html", context, status=problem.status if problem else 200)


@require_GET
@never_cache
@_inside
def evaluator(request: Viewed, by: Actor) -> HttpResponse:
    """Show an evaluator the one version they were invited to; who is not let in is asked for a code or a key."""
    return _view(request, by, None)


def _view(request: Viewed, by: Actor, problem: FabricaError | None) -> HttpResponse:
    found = evaluator_queries.view(by)
    context = {
        "view": found,
        "documents": [(one, layouts()[one.template].short) for one in found.documents],
        "name": by.name,
        "audience": evaluator_service.audience(),
        "now": int(clock.now().timestamp()),
        "problem": problem,
    }
    return render(request, "aiact/evaluator.html", context, status=problem.status if problem else 200)


@require_POST
@never_cache
def enter(request: Viewed) -> HttpResponse:
    """Let an evaluator in by what they signed a moment ago."""
    try:
        by = evaluator_service.actor_of_evaluator(request.POST.get("pass", ""))
    except EvaluatorRefused as problem:
        return _door(request, problem)
    request.session.cycle_key()
    request.session[_KEY] = (str(by.evaluator), clock.now().timestamp() + LET_IN_SECONDS)
    return redirect("aiact:evaluator")


@require_POST
def leave(request: Viewed) -> HttpResponse:
    """Forget in this browser who was let in."""
    request.session.pop(_KEY, None)
    return redirect("aiact:evaluator")


@require_GET
@_inside
def document_file(request: Viewed, by: Actor, document: DocumentId, name: str) -> StreamingHttpResponse:
    """Return a file of a document that the evaluator may read."""
    sha256, parts = evaluator_queries.document_file(by, document, name)
    return download(sha256, parts, name)


def _let_in(request: Viewed) -> None:
    _actor(request)


@require_POST
@takes_file(REPORT_BYTES_MAX, may=_let_in)
@_inside
def send_report(request: Viewed, by: Actor) -> HttpResponse:
    """Keep a report with what the evaluator's browser signed of it."""
    file = request.FILES.get("report")
    try:
        _keep(by, file, request.POST.get("signature", ""))
    except FabricaError as problem:
        return _view(request, by, problem)
    messages.success(request, _("The report is received, and its signature holds. It is kept for good."))
    return redirect("aiact:evaluator")


def _keep(by: Actor, file: "UploadedFile[Any] | None", signature: str) -> None:
    """Store a report and receive it.

    Raises:
        ReportRefused: there is no file, or what is signed is not of this file.
    """
    if file is None or not signature:
        raise ReportRefused(
            "No signed report came.",
            remedy="Choose a file; this page signs it with your key. Without scripts: 'fabrica evaluators report'.",
        )
    digest = hashlib.sha256()
    for part in file.chunks():
        digest.update(part)
    sha256 = digest.hexdigest()
    evaluator_service.check_report(by, signature, sha256)  # before anything is stored
    count = store_file(file, sha256)
    evaluator_service.receive_report(by, signature=signature, sha256=sha256, bytes_count=count)
