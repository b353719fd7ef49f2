"""What every page needs: who reads it, the way to sign in, and a known problem as a page that says what to do next."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRefresh

from fabrica.server.core.actors import NOBODY, Actor
from fabrica.server.people import service as people
from fabrica.wire.problems import FabricaError

Handler = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Tell pages who reads them: `request.actor`, found when a page first asks."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _reader(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _reader(request: HttpRequest) -> Actor:
    return people.actor_of_user(request.user) if request.user.is_authenticated else NOBODY


class FragmentMiddleware:
    """Load a page anew when a part of it is asked for and its reader is signed out: the page then leads to the sign-in.

    Else the sign-in page would be shown inside that part.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        to_sign_in = answer.headers.get("Location", "").startswith(reverse("account_login"))
        return HttpResponseClientRefresh() if to_sign_in and request.htmx else answer  # type: ignore[attr-defined]


class ProblemMiddleware:
    """Turn a `FabricaError` of a page into the problem page with its own status."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, FabricaError):
            return None
        return render(request, "portal/problem.html", {"problem": error}, status=error.status)
