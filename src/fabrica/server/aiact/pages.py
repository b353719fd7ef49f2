"""Pages of the AI Act desk: its home, a system, and the form that registers one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.server.aiact import intakes, page_queries, permissions, queries, rules, service, statement_service
from fabrica.server.aiact.forms import SystemForm, VersionForm
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, SystemId, VersionId
from fabrica.wire.problems import FabricaError, NotAllowed
from fabrica.wire.systems import NewFacts

MILESTONES_SHOWN = 6


@require_GET
def home(request: Viewed) -> HttpResponse:
    """Show what the desk offers to anybody, and to members the systems of their projects."""
    today = clock.now().date()
    context = {
        "kept": intakes.kept(request.session),
        "law": classify({}, today).law,
        "shown_to_me": page_queries.shown_documents(request.actor) if request.actor.user else (),
        "lines": page_queries.system_lines(request.actor, today),
        "milestones": [one for one in library.timeline().timeline if one.date > today][:MILESTONES_SHOWN],
        "may_register": bool(_own_projects(request.actor)),
    }
    return render(request, "aiact/home.html", context)


def _own_projects(by: Actor) -> list[tuple[str, str]]:
    """Return the projects in which the actor may register something."""
    return [
        (str(one.id), f"{one.name} · {one.organisation_name}")
        for one in people.projects(by)
        if permissions.writes(by, project=one.id)
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def register(request: Viewed) -> HttpResponse:
    """Show the form of a new system; on POST register it with its first version, and the answers of an intake.

    Raises:
        NotAllowed: the reader works in no project.
    """
    projects = _own_projects(request.actor)
    if not projects:
        raise NotAllowed("You work in no project.", remedy="Ask a project's lead to add you by e-mail address.")
    number = request.GET.get("intake", "")
    tried = intakes.intake(request.session, int(number)) if number.isdecimal() and len(number) < 4 else None
    form = SystemForm(
        request.POST if request.method == "POST" else None,
        projects=projects,
        name=tried.name if tried else "",
        kind=str(tried.sitting.answers.get("artefact", "")) if tried else "",
    )
    if request.method == "POST" and form.is_valid():
        try:
            if tried is not None:  # asked first: what is registered stays
                rules.check_kind(form.told.kind, tried.sitting.answers.get("artefact"))
            version = _registered(request.actor, form)
            if tried is not None:
                statement_service.tell_facts(request.actor, version=version, told=facts_of(tried))
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("%(name)s is registered.") % {"name": form.told.name})
            return redirect("aiact:version", version)
    return render(request, "aiact/register.html", {"form": form, "tried": tried}, status=422 if form.errors else 200)


def _registered(by: Actor, form: SystemForm) -> VersionId:
    project = ProjectId.parse(form.cleaned_data["project"])
    system = service.register(by, project=project, told=form.told)
    return service.add_version(by, project=project, system=system, told=form.version)


def facts_of(intake: intakes.Intake) -> NewFacts:
    """Return what an intake tells, as the register keeps it."""
    return NewFacts.model_validate(intake.sitting.model_dump(mode="json"))


@require_GET
@login_required
def system(request: Viewed, system: SystemId) -> HttpResponse:
    """Lead to a system's newest version; of a system without one, show how to add it."""
    found = queries.system(request.actor, system)
    if found.versions:
        return redirect("aiact:version", found.versions[0].id)
    return redirect("aiact:version_new", found.id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add_version(request: Viewed, system: SystemId) -> HttpResponse:
    """Show the form of a new version; on POST add it.

    Raises:
        NotFound: there is no such system, or the reader may not see it.
        NotAllowed: the reader does not work in its project.
    """
    found = queries.system(request.actor, system)
    if not permissions.writes(request.actor, project=found.project):
        raise NotAllowed("Only people of the project add versions.", remedy="Ask its lead for the role of a member.")
    form = VersionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            version = service.add_version(request.actor, project=found.project, system=system, told=form.told)
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("aiact:version", version)
    return render(
        request, "aiact/version_new.html", {"form": form, "system": found}, status=422 if form.errors else 200
    )
