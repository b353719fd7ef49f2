"""Pages of the calendar: what falls due for the reader's systems or tries, and the addresses for their own calendar."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from fabrica.aiact.calendar.entries import System, make_calendar
from fabrica.aiact.calendar.icalendar import icalendar
from fabrica.server.aiact import calendar_queries, calendar_service, intakes
from fabrica.server.aiact.calendars import drawn
from fabrica.server.aiact.forms import DayForm
from fabrica.server.core import clock
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId
from fabrica.wire.people import Project
from fabrica.wire.problems import NotFound


@require_GET
def calendar(request: Viewed) -> HttpResponse:
    """Show the days of the systems of all the reader's projects or of one; without any, those of what they tried."""
    by = request.actor
    form = DayForm.asked(request.GET)
    projects = people.projects(by)
    chosen = next((one for one in projects if one.id == request.GET.get("project")), None)
    found = calendar_queries.systems(by, form.day, chosen.id if chosen else None)
    kept = intakes.kept(request.session)
    tried = not found and bool(kept) and chosen is None
    shown = tuple(System(one.name, one.sitting.answers) for one in kept) if tried else found
    context = {
        "form": form,
        "drawn": drawn(make_calendar(shown, form.day)),
        "systems": len(shown),
        "several": len(shown) > 1,
        "tried": tried,
        "projects": projects,
        "chosen": chosen,
        "feeds": [_feed(request, one) for one in projects if people.role_in(by, one.id)],
    }
    return render(request, "aiact/calendar.html", context)


def _feed(request: Viewed, project: Project) -> dict[str, Any]:
    """Return a project with the address for the reader's calendar, where one is open."""
    token = calendar_queries.open_feed(request.actor, project.id)
    address = settings.PUBLIC_URL + reverse("aiact:feed", args=[token]) if token else ""
    return {"project": project, "address": address, "webcal": address.replace("https:", "webcal:", 1)}


@require_POST
@login_required
def open_feed(request: Viewed, project: ProjectId) -> HttpResponse:
    """Open an address for the reader's own calendar."""
    people.project(request.actor, project)
    calendar_service.open_feed(request.actor, project=project)
    return redirect(f"{reverse('aiact:calendar')}#subscribe")


@require_POST
@login_required
def close_feed(request: Viewed, project: ProjectId) -> HttpResponse:
    """Close the address of the reader's own calendar."""
    people.project(request.actor, project)
    calendar_service.close_feed(request.actor, project=project)
    messages.info(request, _("The address is closed; calendars that read it get nothing any more."))
    return redirect(f"{reverse('aiact:calendar')}#subscribe")


@require_safe
def feed(request: Viewed, token: str) -> HttpResponse:
    """Return the days behind an address as iCalendar: no session is asked, for calendars cannot sign in."""
    now = clock.now()
    try:
        content = icalendar(calendar_queries.fed(token, now.date()), now)
    except NotFound:
        return HttpResponse(status=404)  # without the page that would name the address
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Content-Disposition": 'inline; filename="ai-act.ics"',
            "Cache-Control": "private, max-age=3600",
            "X-Robots-Tag": "noindex",
        },
    )
