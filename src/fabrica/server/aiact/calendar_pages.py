"""Pages of the calendar: what falls due for the reader's systems, or for what this browser tries."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fabrica.aiact.calendar.entries import System, make_calendar
from fabrica.server.aiact import intakes
from fabrica.server.aiact.calendars import drawn
from fabrica.server.aiact.forms import DayForm
from fabrica.server.core.requests import Viewed


@require_GET
def calendar(request: Viewed) -> HttpResponse:
    """Show the days of the intakes that this browser keeps."""
    form = DayForm.asked(request.GET)
    tried = [System(one.name, one.sitting.answers) for one in intakes.kept(request.session)]
    found = make_calendar(tried, form.day)
    return render(request, "aiact/calendar.html", {"form": form, "drawn": drawn(found), "several": len(tried) > 1})
