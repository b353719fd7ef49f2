"""Pages of people."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from fabrica.server.people import service


def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in whom the link is for."""
    user = service.user_of_link(token)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("portal:home")
