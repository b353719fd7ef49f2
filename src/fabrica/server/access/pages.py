"""Pages of access: an operator grants an allocation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fabrica.reference.accelerators import resource_classes
from fabrica.server.access import permissions, service
from fabrica.server.access.forms import GrantForm
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries as people
from fabrica.server.sites import queries as sites
from fabrica.wire.problems import FabricaError, NotAllowed


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def grant(request: Viewed) -> HttpResponse:
    """Show the form of a new allocation; on POST grant it.

    Raises:
        NotAllowed: the reader is no operator.
    """
    if not permissions.grants(request.actor):
        raise NotAllowed("Allocations are granted by the network's office.", remedy="Ask the office for device time.")
    form = GrantForm(
        request.POST if request.method == "POST" else None,
        project=request.GET.get("project", ""),
        projects=[(str(one.id), f"{one.name} · {one.organisation_name}") for one in people.projects(request.actor)],
        sites=[(str(one.id), one.name) for one in sites.sites() if one.kind != "antenna"],
    )
    if request.method == "POST" and form.is_valid():
        terms = form.terms()
        try:
            service.grant_allocation(request.actor, **terms)  # type: ignore[arg-type]
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("%(amount)s were granted.") % {"amount": terms["amount"]})
            return redirect("portal:project", terms["project"])
    context = {"form": form, "resource_classes": resource_classes()}
    return render(request, "access/grant.html", context, status=422 if form.errors else 200)
