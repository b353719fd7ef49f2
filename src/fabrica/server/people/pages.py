"""Pages of people: the sign-in link, e-mail on or off, and how an operator deactivates somebody or lets them in."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fabrica.server.core.requests import Viewed
from fabrica.server.people import permissions, queries, service
from fabrica.values.ids import UserId
from fabrica.wire.problems import NotAllowed


def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in whom the link is for."""
    user = service.user_of_link(token)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("portal:home")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def mail(request: Viewed) -> HttpResponse:
    """Tell what the server writes to the reader of its own accord; on POST switch it off or on."""
    assert request.actor.user is not None, "only people sign in"
    if request.method != "POST":
        me = queries.me(request.actor)
        context = {"wanted": me.mail_wanted, "address": me.email, "sends": bool(settings.EMAIL_FROM)}
        return render(request, "people/mail.html", context)
    wanted = request.POST.get("wanted") == "yes"
    service.choose_mail(request.actor, user=request.actor.user, wanted=wanted)
    messages.info(request, _("E-mail is switched on.") if wanted else _("E-mail is switched off."))
    return redirect("people:mail")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def deactivate(request: Viewed, user: UserId) -> HttpResponse:
    """Ask whether a person shall be deactivated; on POST deactivate them.

    Raises:
        NotAllowed: the reader is no operator.
    """
    if request.method != "POST":
        if not permissions.operator(request.actor):
            raise NotAllowed("Only operators deactivate people.", remedy="Ask the network's office.")
        return render(request, "people/deactivate.html", {"person": queries.person(request.actor, user)})
    service.deactivate(request.actor, user=user)
    messages.info(request, _("The person was deactivated. Tokens and sessions ended; their runs go on."))
    return redirect("portal:people" if user != request.actor.user else "portal:home")


@require_POST
@login_required
def reactivate(request: Viewed, user: UserId) -> HttpResponse:
    """Let a person in again."""
    service.reactivate(request.actor, user=user)
    messages.info(request, _("The person may sign in again. Old access tokens stay withdrawn."))
    return redirect("portal:people")
