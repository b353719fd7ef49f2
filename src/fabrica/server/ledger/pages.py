"""Pages of the ledger: operators propose corrections, and decide on what others proposed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fabrica.server.core.requests import Viewed
from fabrica.server.ledger import corrections, permissions, queries
from fabrica.server.ledger.forms import CorrectionForm
from fabrica.values.ids import CorrectionId, TransferId
from fabrica.wire.problems import FabricaError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def list_corrections(request: Viewed) -> HttpResponse:
    """Show the corrections and the form of a new one; on POST propose it.

    Raises:
        NotAllowed: the reader is neither operator nor auditor, or an auditor proposes.
    """
    by = request.actor
    filled = request.POST if request.method == "POST" else None
    form = CorrectionForm(filled, initial={"transfer": request.GET.get("transfer", "")})
    shown = queries.corrections(by)
    if filled is not None and form.is_valid():
        try:
            corrections.propose(
                by,
                transfer=TransferId.parse(form.cleaned_data["transfer"]),
                right_milliseconds=int(form.cleaned_data["device_seconds"] * 1000),
                reason=form.cleaned_data["reason"],
            )
        except (FabricaError, ValueError) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The correction is proposed. Another operator decides on it."))
            return redirect("ledger:corrections")
    context = {"corrections": shown, "form": form, "operates": permissions.office(by), "me": by.key}
    return render(request, "ledger/corrections.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def decide(request: Viewed, correction: CorrectionId) -> HttpResponse:
    """Approve or refuse a proposed correction, as `decision` says."""
    words = request.POST.get("words", "").strip()
    if request.POST.get("decision") == "approve":
        corrections.approve(request.actor, correction=correction, words=words)
        messages.success(request, _("The correction is approved and posted."))
    else:
        corrections.refuse(request.actor, correction=correction, words=words)
        messages.info(request, _("The correction is refused. Nothing was posted."))
    return redirect("ledger:corrections")
