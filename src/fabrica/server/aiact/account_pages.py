"""Pages of the compute and energy account: each line with its method and evidence, and compute from outside entered."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fabrica.server.aiact import account_queries, permissions, queries, statement_service
from fabrica.server.aiact.forms import SourceForm
from fabrica.server.core import clock
from fabrica.server.core.requests import Viewed
from fabrica.values.ids import VersionId
from fabrica.wire.problems import FabricaError, NotAllowed


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: Viewed, version: VersionId) -> HttpResponse:
    """Show both accounts of a version, line by line; on POST enter compute that was spent outside of the network."""
    by = request.actor
    found = queries.version(by, version)
    form = SourceForm(request.POST if request.method == "POST" else None, person=by.name, today=clock.now().date())
    if request.method == "POST" and form.is_valid():
        before = account_queries.sources_of(version)
        told = before.model_copy(update={"sources": (*before.sources, form.told)})
        try:
            statement_service.tell_sources(by, version=version, told=told)
        except NotAllowed:
            raise
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("It is entered, and the account counts it."))
            return redirect("aiact:account", version)
    context = {
        "version": found,
        "account": account_queries.version_account(by, version),
        "form": form,
        "may_write": permissions.edits(by, version=version),
    }
    return render(request, "aiact/account.html", context, status=422 if form.errors else 200)
