"""The part of a form that says, before a grant is made, which thresholds its time could cross."""

from decimal import Decimal

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fabrica.server.aiact import outlook_queries
from fabrica.server.core.requests import Viewed
from fabrica.values.ids import ProjectId


class AheadForm(forms.Form):
    """What of a grant decides how much it can compute; the other fields of its form are passed over."""

    project = forms.RegexField(r"^prj_[0-9a-z]{26}$")
    resource_class = forms.CharField(max_length=40)
    device_hours = forms.DecimalField(min_value=0, max_value=10**9 // 3600)


@require_safe
@login_required
def ahead(request: Viewed) -> HttpResponse:
    """Show what a grant could cross; nothing while its form is not filled in so far.

    Raises:
        NotFound: no such project, or the reader may not see it.
    """
    form = AheadForm(request.GET)
    outlook = None
    if form.is_valid():
        hours: Decimal = form.cleaned_data["device_hours"]
        outlook = outlook_queries.compute_outlook(
            request.actor,
            ProjectId.parse(form.cleaned_data["project"]),
            resource_class=form.cleaned_data["resource_class"],
            device_seconds=int(hours * 3600),
            purpose=None,
        )
    return render(request, "aiact/ahead.html", {"outlook": outlook})
