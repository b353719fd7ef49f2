"""Pages of a version: its class and what is due, what is filled and missing, compute, family, story; and its verbs."""

import contextlib
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fabrica.aiact.calendar.entries import make_calendar
from fabrica.aiact.intake.sitting import begin
from fabrica.server.aiact import (
    account_queries,
    calendar_queries,
    document_queries,
    evaluation_queries,
    evaluator_queries,
    intakes,
    issue_queries,
    issue_service,
    page_queries,
    permissions,
    queries,
    service,
    statement_service,
)
from fabrica.server.aiact.calendars import drawn, due_next
from fabrica.server.aiact.document_pages import recipient_of
from fabrica.server.aiact.forms import BodyForm, DayForm, LineageForm, ReleaseForm, RunForm, ViewForm, WithdrawForm
from fabrica.server.aiact.pages import facts_of
from fabrica.server.aiact.results import Shown, documents_due, shown
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.server.runs import queries as runs
from fabrica.values.ids import RunId, UserId, VersionId
from fabrica.wire.calendar import CalendarEntry
from fabrica.wire.intake import Sitting
from fabrica.wire.problems import FabricaError, NotAllowed
from fabrica.wire.systems import Version

RUNS_OFFERED = 100


@require_GET
@login_required
def version(request: Viewed, version: VersionId) -> HttpResponse:
    """Show a version on one page, for the screen and for paper."""
    by = request.actor
    found = queries.version(by, version)
    day = DayForm.asked(request.GET)
    classified = _or_problem(lambda: _shown(found, day))
    result: Shown | None = classified.get("read")
    context = {
        **_about(by, found),
        "form": day,
        "shown": result,
        "unfit": classified.get("problem"),
        "next": _next(found, day),
        "documents": _or_problem(lambda: _documents(by, version, result)),
        "account": _or_problem(lambda: account_queries.version_account(by, version)),
        "family": page_queries.family(by, found.lineage),
        "evaluations": evaluation_queries.evaluations(by, version),
        "evaluators": evaluator_queries.evaluators(by, version),
        "views": issue_queries.view_grants(by, version),
        "events": page_queries.events(by, version),
        "law": result.found.law if result else make_calendar([], day.day).law,
        "ends": {
            "lineage": LineageForm(None, versions=_versions(by, found)),
            "run": RunForm(None, runs=_runs(by, found)),
            "view": ViewForm(None),
        },
    }
    return render(request, "aiact/version.html", context)


def _about(by: Actor, found: Version) -> dict[str, Any]:
    """Return what every page of a version shows at its head, and what the reader may do."""
    return {
        "version": found,
        "system": queries.system(by, found.system),
        "may_write": permissions.edits(by, version=found.id),
        "may_release": permissions.answers_for(by, version=found.id),
    }


def _shown(found: Version, day: DayForm) -> Shown | None:
    """Return the class of a version on the day that is asked; None while nobody told its facts.

    Raises:
        UnknownFact, FactMalformed, FactsContradict: the law's data changed and takes these facts no more.
    """
    told = queries.standing(found.id, "facts")
    return shown(told[0].body["answers"], day.day) if told else None


def _next(found: Version, day: DayForm) -> tuple[CalendarEntry, ...]:
    """Return what falls due next for a version."""
    system = calendar_queries.system_of(found, day.day)
    return due_next(make_calendar([system], day.day).entries) if system else ()


def _documents(by: Actor, version: VersionId, result: Shown | None) -> dict[str, Any]:
    """Return the documents that the version's duties ask for, with the day of each, and the others."""
    lines = document_queries.documents(by, version)
    due = documents_due(result.found if result else None)
    asked = sorted((due[line.template], line.title, line) for line in lines if line.template in due)
    return {
        "asked": [(day, line) for day, _title, line in asked],
        "others": [(None, line) for line in lines if line.template not in due],
    }


def _or_problem(read: Any) -> dict[str, Any]:
    """Return what was read, or the problem that keeps this part of the page from being shown."""
    try:
        return {"read": read()}
    except FabricaError as problem:
        return {"problem": problem}


def _versions(by: Actor, found: Version) -> list[tuple[str, str]]:
    """Return the versions that this one may have been made from."""
    return [
        (str(one.id), f"{system.name} {one.label}")
        for system in queries.systems(by)
        for one in system.versions
        if one.id != found.id
    ]


def _runs(by: Actor, found: Version) -> list[tuple[str, str]]:
    """Return the newest runs of the project that are not linked yet."""
    linked = {one.run for one in found.runs}
    listed = runs.runs(by, project=found.project, limit=RUNS_OFFERED).runs
    return [(str(one.id), f"{one.name} · {one.submitted_at:%d %b %Y}") for one in listed if one.id not in linked]


@require_GET
@login_required
def classification(request: Viewed, version: VersionId) -> HttpResponse:
    """Show class and duties of a version in full: every reason, day and open question."""
    found = queries.version(request.actor, version)
    day = DayForm.asked(request.GET)
    classified = _or_problem(lambda: _shown(found, day))
    context = {
        **_about(request.actor, found),
        "form": day,
        "shown": classified.get("read"),
        "problem": classified.get("problem"),
    }
    system = calendar_queries.system_of(found, day.day)
    if system is not None:
        context["calendar"] = drawn(make_calendar([system], day.day))
    return render(request, "aiact/version_class.html", context)


def _name(found: Version) -> str:
    return f"{found.system_name} {found.label}"


@require_POST
@login_required
def answer(request: Viewed, version: VersionId) -> HttpResponse:
    """Begin an intake with the facts of a version, to be saved to it again."""
    found = queries.version(request.actor, version)
    new = intakes.add(request.session, _name(found), _sitting(found), version)
    return redirect("aiact:intake", new.number)


def _sitting(found: Version) -> Sitting:
    """Return the facts of a version to go on from; anew where there are none that the law's data takes."""
    told = queries.standing(found.id, "facts")
    if told:
        with contextlib.suppress(FabricaError):
            return begin(told[0].body)
    return begin({"artefact": found.kind})


@require_POST
@login_required
def save(request: Viewed, number: int) -> HttpResponse:
    """Save the answers of an intake as the facts of a version."""
    found = intakes.intake(request.session, number)
    try:
        version = found.version or VersionId.parse(request.POST.get("version", ""))
    except ValueError:
        return redirect(f"{reverse('aiact:register')}?intake={number}")
    queries.version_row(request.actor, version)
    statement_service.tell_facts(request.actor, version=version, told=facts_of(found))
    intakes.forget(request.session, number)
    messages.success(request, _("The answers are saved, and the class was found again."))
    return redirect("aiact:version", version)


@require_POST
@login_required
def state_lineage(request: Viewed, version: VersionId) -> HttpResponse:
    """Say what a version was made from."""
    found = queries.version(request.actor, version)
    form = LineageForm(request.POST, versions=_versions(request.actor, found))
    return _done(request, found, form, lambda: service.state_lineage(request.actor, version=version, told=form.told))


@require_POST
@login_required
def remove_lineage(request: Viewed, version: VersionId, line: int) -> HttpResponse:
    """Take a line of a version's lineage away again."""
    queries.version_row(request.actor, version)
    service.remove_lineage(request.actor, version=version, line=line)
    return redirect(f"{reverse('aiact:version', args=[version])}#made-from")


@require_POST
@login_required
def link_run(request: Viewed, version: VersionId) -> HttpResponse:
    """Say that a run belongs to a version."""
    found = queries.version(request.actor, version)
    form = RunForm(request.POST, runs=_runs(request.actor, found))

    def act() -> None:
        service.link_run(request.actor, version=version, run=RunId.parse(form.cleaned_data["run"]))

    return _done(request, found, form, act)


@require_POST
@login_required
def unlink_run(request: Viewed, version: VersionId, run: RunId) -> HttpResponse:
    """Take a run away from a version again."""
    queries.version_row(request.actor, version)
    service.unlink_run(request.actor, version=version, run=run)
    return redirect(f"{reverse('aiact:version', args=[version])}#runs")


def _done(request: Viewed, found: Version, form: Any, act: Any) -> HttpResponse:
    """Do what a filled form asks and lead back to the version; what is wrong is shown with the form."""
    if form.is_valid():
        try:
            act()
        except NotAllowed:
            raise
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("aiact:version", found.id)
    return _form(request, found, form)


def _form(request: Viewed, found: Version, form: Any) -> HttpResponse:
    context = {**_about(request.actor, found), "form": form, "what": type(form).__name__}
    return render(request, "aiact/version_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def release(request: Viewed, version: VersionId) -> HttpResponse:
    """Show the form of a release; on POST release the version, over another or not."""
    found = queries.version(request.actor, version)
    others = queries.system(request.actor, found.system).versions
    choices = [(str(one.id), one.label) for one in others if one.state == "released"]
    form = ReleaseForm(request.POST if request.method == "POST" else None, versions=choices)
    if request.method != "POST":
        return _form(request, found, form)
    return _done(request, found, form, lambda: service.release(request.actor, version=version, told=form.told))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def withdraw(request: Viewed, version: VersionId) -> HttpResponse:
    """Ask from which day a version is off the market, and why; on POST withdraw it."""
    found = queries.version(request.actor, version)
    form: BodyForm = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _form(request, found, form)

    def act() -> None:
        service.withdraw(request.actor, version=version, on=form.told.on, reason=form.told.reason)

    return _done(request, found, form, act)


@require_POST
@login_required
def show_view(request: Viewed, version: VersionId) -> HttpResponse:
    """Let a person outside of the project read what is issued for one recipient."""
    found = queries.version(request.actor, version)
    form = ViewForm(request.POST)

    def act() -> None:
        issue_service.show_view(request.actor, version=version, email=form.told.email, recipient=form.told.recipient)

    return _done(request, found, form, act)


@require_POST
@login_required
def hide_view(request: Viewed, version: VersionId, user: UserId, recipient: str) -> HttpResponse:
    """Take a view away again."""
    queries.version_row(request.actor, version)
    issue_service.hide_view(request.actor, version=version, user=user, recipient=recipient_of(recipient))
    return redirect(f"{reverse('aiact:version', args=[version])}#shown-to")
