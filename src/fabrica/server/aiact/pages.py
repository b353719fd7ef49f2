"""Pages of the AI Act desk: its home with the reader's systems."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fabrica.aiact import library
from fabrica.server.aiact import intakes
from fabrica.server.core.requests import Viewed


@require_GET
def home(request: Viewed) -> HttpResponse:
    """Show what the desk offers to anybody."""
    context = {"kept": intakes.kept(request.session), "law": library.about()}
    return render(request, "aiact/home.html", context)
