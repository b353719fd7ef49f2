"""Pages of a version's independent evaluators, for the project: invite, withdraw, read and check their reports."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fabrica.aiact.documents.layout import layouts
from fabrica.aiact.documents.shape import RECIPIENTS
from fabrica.server.aiact import evaluator_queries, evaluator_service, issue_queries, permissions, queries
from fabrica.server.aiact.downloads import download
from fabrica.server.aiact.evaluator_forms import EvaluatorWithdrawalForm, InviteForm
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.values.ids import EvaluatorId, ReportId, VersionId
from fabrica.wire.evaluators import EvaluatorInvitation
from fabrica.wire.problems import FabricaError, NotAllowed
from fabrica.wire.systems import OrderState


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def evaluators(request: Viewed, version: VersionId) -> HttpResponse:
    """Show who evaluates a version, with their reports; on POST invite somebody and show their code, once."""
    by = request.actor
    queries.version_row(by, version)
    documents = _documents(by, version)
    form = InviteForm(request.POST if request.method == "POST" else None, documents=documents.items())
    invited: EvaluatorInvitation | None = None
    if request.method == "POST" and form.is_valid():
        try:
            invited = evaluator_service.invite(by, version=version, told=form.told)
        except NotAllowed:
            raise
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            form = InviteForm(None, documents=documents.items())
    context = {
        "version": queries.version(by, version),
        "evaluators": [
            (one, [documents[name] for name in map(str, one.documents) if name in documents])
            for one in evaluator_queries.evaluators(by, version)
        ],
        "invited": invited,
        "address": f"{settings.PUBLIC_URL}{reverse('aiact:evaluator')}",
        "form": form,
        "may_release": permissions.answers_for(by, version=version),
    }
    return render(request, "aiact/evaluators.html", context, status=422 if form.errors else 200)


def _documents(by: Actor, version: VersionId) -> dict[str, str]:
    """Return the issued documents of a version by id, each with what it is called here."""
    return {
        str(one.id): f"{layouts()[one.template].short}, {one.number}, {_('for')} {RECIPIENTS[one.recipient]}"
        for one in issue_queries.issues(by, version)
        if one.state is OrderState.ISSUED
    }


@require_POST
@login_required
def withdraw(request: Viewed, version: VersionId, evaluator: EvaluatorId) -> HttpResponse:
    """Let an evaluator see nothing any more; their reports stay."""
    queries.version_row(request.actor, version)
    form: Any = EvaluatorWithdrawalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why they see nothing any more; it is kept."))
    else:
        evaluator_service.withdraw(request.actor, version=version, evaluator=evaluator, reason=form.told.reason)
        messages.success(request, _("They see nothing any more. Reports that came stay."))
    return redirect("aiact:evaluators", version)


@require_GET
@login_required
def report(request: Viewed, report: ReportId) -> HttpResponse:
    """Show a report that an evaluator signed; its bytes and its signature are checked at this moment."""
    by = request.actor
    found = evaluator_queries.report(by, report)
    context = {
        "version": queries.version(by, found.version),
        "report": found,
        "check": evaluator_queries.check(by, report),
    }
    return render(request, "aiact/report.html", context)


@require_GET
@login_required
def report_file(request: Viewed, report: ReportId) -> StreamingHttpResponse:
    """Return a report as it was received, as a download under its own name."""
    found, parts = evaluator_queries.report_content(request.actor, report)
    return download(found.sha256, parts, found.file)
