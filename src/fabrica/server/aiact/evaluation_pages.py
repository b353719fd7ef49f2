"""Pages of a version's evaluations: logs imported as evidence, read here without trust, and taken back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fabrica.aiact.evaluations.reading import read_evaluation
from fabrica.server.aiact import evaluation_queries, evaluation_service, permissions, queries
from fabrica.server.aiact.evaluator_forms import LogForm, TakeBackForm
from fabrica.server.core.requests import Viewed
from fabrica.server.core.storage import store_file
from fabrica.server.core.uploads import takes_file
from fabrica.values.ids import EvaluationId, VersionId
from fabrica.wire.evaluations import LOG_BYTES_MAX
from fabrica.wire.problems import FabricaError, NotAllowed


def _may(request: Viewed, version: VersionId) -> None:
    queries.version_row(request.actor, version)
    if not permissions.edits(request.actor, version=version):
        raise NotAllowed("Only who works in the project imports evaluations.", remedy="Ask for a role in it.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@takes_file(LOG_BYTES_MAX, may=_may)
def evaluations(request: Viewed, version: VersionId) -> HttpResponse:
    """Show every evaluation of a version with its figures; on POST import a log."""
    by = request.actor
    queries.version_row(by, version)
    posted = request.method == "POST"
    form = LogForm(request.POST if posted else None, request.FILES if posted else None)
    problem: FabricaError | None = None
    if posted and form.is_valid():
        try:
            found = _import(request, version, form.cleaned_data["log"])
        except FabricaError as wrong:
            problem = wrong
        else:
            told = found.task or found.file
            messages.success(request, _("%(task)s is imported as evidence.") % {"task": told})
            if found.model:
                words = _("The log names the model %(model)s. Take it back if that is another one.")
                messages.info(request, words % {"model": found.model})
            return redirect("aiact:evaluations", version)
    context = {
        "version": queries.version(by, version),
        "evaluations": evaluation_queries.evaluations(by, version),
        "form": form,
        "problem": problem,
        "may_write": permissions.edits(by, version=version),
    }
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "aiact/evaluations.html", context, status=status)


def _import(request: Viewed, version: VersionId, log: "UploadedFile[Any]") -> Any:
    found = read_evaluation(log, log.name or "")
    store_file(log, found.sha256)
    evaluation_service.import_evaluation(request.actor, version=version, evaluation=found)
    return found


@require_POST
@login_required
def take_back(request: Viewed, version: VersionId, evaluation: EvaluationId) -> HttpResponse:
    """Let an evaluation be evidence no more; it stays listed with the reason."""
    queries.version_row(request.actor, version)
    form: Any = TakeBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is no evidence any more; it is kept."))
    else:
        evaluation_service.take_back(request.actor, version=version, evaluation=evaluation, reason=form.told.reason)
        messages.success(request, _("It is no evidence any more, and stays listed with the reason."))
    return redirect("aiact:evaluations", version)
