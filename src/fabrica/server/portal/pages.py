"""Pages that join what several slices know: home, sites, a project, the office; the theme and the problem reference."""

from hashlib import sha256
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fabrica.reference.network import load_network
from fabrica.server.access import queries as access
from fabrica.server.aiact import queries as aiact
from fabrica.server.core.requests import Viewed
from fabrica.server.ledger import queries as ledger
from fabrica.server.people import queries as people
from fabrica.server.portal import cluster
from fabrica.server.portal.claims import claims
from fabrica.server.portal.context import THEME_COOKIE, THEMES
from fabrica.server.runs import page_queries
from fabrica.server.runs import queries as runs
from fabrica.server.sites import queries as site_queries
from fabrica.values.ids import ProjectId, SiteId, UserId
from fabrica.wire.problems import FabricaError, Malformed, NotAllowed, all_problems

THEME_KEPT_SECONDS = 365 * 86_400
RUNS_SHOWN = 8
STATEMENT_LINES = 12
PAGE_PEOPLE = 50


@require_GET
def home(request: Viewed) -> HttpResponse:
    """Show the network and what runs now; to whoever is signed in also their own runs and projects."""
    by = request.actor
    own = [project for project in people.projects(by) if project.role]  # the office sees all, which are not its own
    context = {
        **_network_now(),
        "runs": runs.runs(by, ended=False, limit=RUNS_SHOWN).runs,
        "ended": runs.runs(by, ended=True, limit=RUNS_SHOWN // 2).runs,
        "projects": [{"project": project, "balances": ledger.balances(project.id)} for project in own],
    }
    return render(request, "portal/home.html", context)


@require_GET
def now(request: Viewed) -> HttpResponse:
    """Return the figures and the map of the home page again, or nothing when they are as the page has `seen` them."""
    context = _network_now()
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "portal/now.html", context)


def _network_now() -> dict[str, Any]:
    """Return what anybody may know of the network: its sites, and how many runs where."""
    sites, running = site_queries.sites(), page_queries.running_by_site()
    connected = [site for site in sites if site.connected and not site.draining]
    counts = {
        "factories": sum(site.kind == "factory" for site in sites),
        "antennas": sum(site.kind == "antenna" for site in sites),
        "connected": len(connected),
        "simulated": sum(site.simulated for site in connected),
        "running": sum(running.values()),
        "waiting": page_queries.waiting(),
    }
    told = repr((sorted(running.items()), [site.id for site in connected], counts["waiting"]))
    return {"sites": sites, "running": running, "counts": counts, "seen": sha256(told.encode()).hexdigest()[:16]}


@require_GET
def sites(request: Viewed) -> HttpResponse:
    """Show every site of the network, on the map and by kind."""
    found = site_queries.sites()
    headings = (("own", _("Our own sites")), ("factory", _("AI Factories")), ("antenna", _("Antennas")))
    groups = [(kind, heading, [site for site in found if site.kind == kind]) for kind, heading in headings]
    context = {
        "sites": found,
        "running": page_queries.running_by_site(),
        "groups": [group for group in groups if group[2]],
    }
    return render(request, "portal/sites.html", context)


@require_GET
def site(request: Viewed, site: SiteId) -> HttpResponse:
    """Show one site: what its agent says, what public sources say, the reader's runs there."""
    facts = load_network().site(site)
    context: dict[str, Any] = {
        "site": site_queries.site(site),
        "waits": cluster.waits_shown(page_queries.waits_told(site)),
        "last_day": page_queries.last_day(site),
        "facts": facts,
        "claims": claims(facts),
        "running": page_queries.running_by_site().get(site, 0),
        "runs": runs.runs(request.actor, site=site, limit=RUNS_SHOWN).runs,
        "connect_command": f"fabrica sites invite {site}",
        "operates": request.actor.is_operator,
    }
    if request.actor.is_operator:
        context |= {
            "limits": access.limits_seen(request.actor, site),
            "outside": access.outside_at(request.actor, site),
        }
    return render(request, "portal/site.html", context)


@require_GET
@login_required
def project(request: Viewed, project: ProjectId) -> HttpResponse:
    """Show a project: what is left, what was granted, its runs, its systems, its statement, its members."""
    by = request.actor
    found = people.project(by, project)
    context = {
        "project": found,
        "allocations": access.allocations(by, project),
        "outside": access.outside_of(by, project),
        "statement": ledger.statement(project, limit=STATEMENT_LINES, cursor=request.GET.get("before")),
        "runs": runs.runs(by, project=project, limit=RUNS_SHOWN).runs,
        "systems": aiact.systems(by, project),
        "operates": by.is_operator,
    }
    return render(request, "portal/project.html", context)


@require_GET
@login_required
def office(request: Viewed) -> HttpResponse:
    """Show the operators' desk: the sites with agents, every project's balance, and what an operator does.

    Raises:
        NotAllowed: the reader is no operator.
    """
    by = request.actor
    if not by.is_operator:
        raise NotAllowed("This desk is for the network's office.", remedy="Ask the office for the role of an operator.")
    context = {
        "sites": [site for site in site_queries.sites() if site.last_word_at or site.draining],
        "running": page_queries.running_by_site(),
        "projects": [{"project": project, "balances": ledger.balances(project.id)} for project in people.projects(by)],
    }
    return render(request, "portal/office.html", context)


@require_GET
@login_required
def people_list(request: Viewed) -> HttpResponse:
    """Show the people of the network, by name or address.

    Raises:
        NotAllowed: the reader is neither operator nor auditor.
    """
    search = request.GET.get("search", "").strip()[:120]
    try:
        after = UserId.parse(request.GET["after"]) if request.GET.get("after") else None
    except ValueError as error:
        raise Malformed(
            f"The address asks for people in a way that cannot be read: {error}.",
            remedy="Begin at the first page of people.",
        ) from error
    found = people.people(request.actor, search=search, after=after, limit=PAGE_PEOPLE)
    living = page_queries.living_by_person({person.id for person in found.people})
    context = {
        "people": [(person, living.get(person.id, 0)) for person in found.people],
        "search": search,
        "operates": request.actor.is_operator,
        "next_query": urlencode({"search": search, "after": found.next_cursor}) if found.next_cursor else "",
    }
    return render(request, "portal/people.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme the reader chose in a cookie, and go back to where they were."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("portal:home")
    answer = redirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=THEME_KEPT_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return answer


@require_GET
def problems(request: HttpRequest) -> HttpResponse:
    """Show every problem code by the noun it belongs to."""
    groups = groupby(all_problems().values(), key=lambda kind: kind.code.partition(".")[0])
    shown = [(noun, [_problem(kind) for kind in kinds]) for noun, kinds in groups]
    return render(request, "portal/problems.html", {"groups": shown})


@require_GET
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Explain one problem code: the page its `type` leads to."""
    kind = all_problems().get(code)
    if kind is None:
        raise Http404(f"There is no problem {code}.")
    return render(request, "portal/problem.html", {"problem": _problem(kind)})


def _problem(kind: type[FabricaError]) -> dict[str, Any]:
    """Return a problem as a template reads it: a template would call the class itself."""
    return {"code": kind.code, "title": kind.title, "status": kind.status}
