"""Pages of the reader's own access tokens: list them, make one and see it once, withdraw one."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fabrica.server.core import clock
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries, rules, service
from fabrica.server.people.forms import TokenForm
from fabrica.values.ids import UserId

SAVED_AT = "~/.fabrica-token"
SAVE_COMMAND = f"(umask 077; rm -f {SAVED_AT}; cat > {SAVED_AT})"
"""Reads the token from the terminal into a file of mode 600, so it stands in no history and in no list of processes."""


def _makes_one(request: HttpRequest) -> bool:
    return request.method == "POST"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(enabled=_makes_one)  # type: ignore[untyped-decorator]  # allauth's, without types
@never_cache
def tokens(request: Viewed) -> HttpResponse:
    """List the reader's access tokens beside the form of a new one; on POST make it and show it, once.

    Who has a password gives it again before, so that a screen left open makes nobody a token.
    """
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _made(request, form)
    now = clock.now()
    mine = [(one, rules.token_works(one.expires_at, one.withdrawn_at, now)) for one in queries.tokens(request.actor)]
    context = {
        "form": form,
        "working": [one for one, works in mine if works],
        "ended": [one for one, works in mine if not works],
    }
    return render(request, "people/tokens.html", context, status=422 if form.errors else 200)


def _made(request: Viewed, form: TokenForm) -> HttpResponse:
    """Make the token that was asked for and show it with the commands that use it."""
    token = service.make_token(request.actor, user=_reader(request), **form.cleaned_data)
    context = {
        "token": token,
        "made": queries.tokens(request.actor)[0],
        "save_command": SAVE_COMMAND,
        "use_command": f"export FABRICA_SERVER={settings.PUBLIC_URL} FABRICA_TOKEN_FILE={SAVED_AT}",
    }
    return render(request, "people/token_made.html", context)


@require_POST
@login_required
def withdraw(request: Viewed, token: int) -> HttpResponse:
    """End one of the reader's access tokens now."""
    service.withdraw_token(request.actor, user=_reader(request), token=token)
    messages.info(request, _("The access token was withdrawn. It lets nobody in any more."))
    return redirect("people:tokens")


def _reader(request: Viewed) -> UserId:
    assert request.actor.user is not None, "only people sign in"
    return request.actor.user
