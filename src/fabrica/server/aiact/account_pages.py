"""Pages of the compute and energy account: each line with its method and evidence, and what a person enters for it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fabrica.aiact.energy import BOUNDARIES
from fabrica.server.aiact import account_queries, permissions, queries, statement_service
from fabrica.server.aiact.forms import FactorForm, SourceForm
from fabrica.server.core import clock
from fabrica.server.core.requests import Viewed
from fabrica.values.ids import VersionId
from fabrica.wire.accounts import EnergyAccount, Sources
from fabrica.wire.problems import FabricaError, Malformed, NotAllowed

_INSIDE: dict[str, Promise] = {
    "accelerator": gettext_lazy("the devices alone"),
    "node": gettext_lazy("the whole machines that hold them"),
    "facility": gettext_lazy("the machines with cooling and power supply"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: Viewed, version: VersionId) -> HttpResponse:
    """Show both accounts of a version, line by line; on POST keep or remove what a person entered for them."""
    by, posted = request.actor, request.method == "POST"
    found = queries.version(by, version)
    own = account_queries.own_of(by, queries.version_row(by, version))
    sites = sorted({run.site for run in own.records.runs if not run.simulated})
    of_factor = posted and "factor" in request.POST
    forms: tuple[Any, Any] = (
        SourceForm(request.POST if posted and not of_factor else None, person=by.name, today=clock.now().date()),
        FactorForm(request.POST if of_factor else None, sites=sites),
    )
    problem: FabricaError | None = None
    if posted:
        try:
            told = _told(request, own.sources, *forms)
            if told is not None:
                statement_service.tell_sources(by, version=version, told=told)
                messages.success(request, _("It is kept, and the account counts with it."))
                return redirect("aiact:account", version)
        except NotAllowed:
            raise
        except FabricaError as wrong:
            problem = wrong
    shown = account_queries.version_account(by, version)
    context = {
        "version": found,
        "account": shown,
        "boundaries": _boundaries(shown.energy),
        "entered": own.sources,
        "form": forms[0],
        "factor": forms[1] if sites else None,
        "problem": problem,
        "may_write": permissions.edits(by, version=version),
    }
    status = problem.status if problem else 422 if any(form.errors for form in forms) else 200
    return render(request, "aiact/account.html", context, status=status)


def _told(request: Viewed, before: Sources, source: SourceForm, factor: FactorForm) -> Sources | None:
    """Return what is entered from now on; None where a form is not filled rightly.

    Raises:
        Malformed: what is to be removed is not there.
    """
    if "remove" in request.POST:
        return _without(before, request.POST["remove"])
    if "factor" in request.POST:
        if not factor.is_valid():
            return None
        return before.model_copy(update={"sites": before.sites | {factor.cleaned_data["site"]: factor.told}})
    return before.model_copy(update={"sources": (*before.sources, source.told)}) if source.is_valid() else None


def _without(before: Sources, name: str) -> Sources:
    kind, _colon, entered = name.partition(":")
    kept = tuple(one for one in before.sources if kind != "source" or one.id != entered)
    sites = {site: one for site, one in before.sites.items() if kind != "site" or site != entered}
    if len(kept) == len(before.sources) and len(sites) == len(before.sites):
        raise Malformed(_("This is not entered, or no longer."), remedy=_("Look at what is entered now."))
    return before.model_copy(update={"sources": kept, "sites": sites})


def _boundaries(energy: EnergyAccount) -> list[dict[str, Any]]:
    """Return each boundary with its figures, one a basis, and the runs of which nothing is known there."""
    return [
        {
            "name": name,
            "inside": _INSIDE[name],
            "totals": [one for one in energy.counted if one.boundary == name],
            "unknown": energy.unknown.get(name, ()),
        }
        for name in BOUNDARIES
    ]
