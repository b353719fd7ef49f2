"""Pages of saved scenarios: the list, a new one, one with its progress and result, two beside each other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fabrica.planning.answers.pair import write_pair
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries as people
from fabrica.server.planning import comparing, network_rows, queries, rules, service
from fabrica.server.planning.forms import FIRST_NETWORK, FIRST_SITING, LinkForm, NameForm, ScenarioForm, SharingForm
from fabrica.server.planning.network_forms import NetworkForm
from fabrica.server.planning.network_parts import parts_of
from fabrica.server.planning.network_text import Opened, open_text
from fabrica.server.planning.tables import attached, download
from fabrica.server.sites import queries as sites
from fabrica.values.ids import ScenarioId
from fabrica.wire.problems import FabricaError, Malformed, NotAllowed
from fabrica.wire.scenarios import (
    NAME_CHARACTERS_MAX,
    ScenarioDetail,
    ScenarioKind,
    ScenarioLinkRefused,
    ScenarioRefused,
    ScenarioState,
)


@require_GET
def home(request: Viewed) -> HttpResponse:
    """Show what can be planned, and to whoever is signed in the scenarios they may read, a page of them at a time."""
    before = _id(request, "before") if request.GET.get("before") else None
    found = queries.scenarios(request.actor, before=before)
    older = found[-1].id if len(found) == queries.PAGE else None
    return render(request, "planning/home.html", {"scenarios": found, "older": older})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_siting(request: Viewed) -> HttpResponse:
    """Show the form of a new study of sites; on POST save it and go to its page."""
    return _new(request, "siting", FIRST_SITING)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_network_file(request: Viewed) -> HttpResponse:
    """Show the form of a new what-if of the network as its file; on POST save it and go to its page."""
    return _new(request, "network", FIRST_NETWORK)


def _new(request: Viewed, kind: ScenarioKind, first: str) -> HttpResponse:
    form = ScenarioForm(
        request.POST if request.method == "POST" else None,
        projects=people.projects(request.actor),
        initial={"text": _copied(request) or first, "seed": 1},
    )
    if request.method == "POST" and form.is_valid():
        saved = _saved(request, form, kind, form.cleaned_data["text"])
        if saved is not None:
            return redirect("planning:scenario", saved)
    status = 422 if form.errors else 200
    return render(request, "planning/new_text.html", {"form": form, "kind": kind}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_network(request: Viewed) -> HttpResponse:
    """Show the form that builds a what-if from the live network, or from a saved one; on POST save it.

    A button that adds or takes away a row shows the form anew, with all that was typed.
    """
    form = _network_form(request, request.POST if request.method == "POST" else None, _opened(request))
    change = network_rows.change_of(request.POST)
    if change is not None:
        sent = form.sent()
        form = _network_form(request, None, replace(sent, rows=network_rows.changed(sent.rows, change)))
        network_rows.give_focus(form.rows, change)
    elif form.is_bound and form.is_valid():
        saved = _saved(request, form, "network", form.text())
        if saved is not None:
            return redirect("planning:scenario", saved)
    context = {
        "form": form,
        "parts": parts_of(form),
        "copy": request.GET.get("copy", ""),
        "emptied": change.table if change and change.number is not None else "",
    }
    return render(request, "planning/new_network.html", context, status=422 if form.mistakes else 200)


def _network_form(request: Viewed, data: Mapping[str, Any] | None, begun: Opened | None) -> NetworkForm:
    return NetworkForm(data, projects=people.projects(request.actor), sites=sites.sites(), begun=begun)


def _opened(request: Viewed) -> Opened | None:
    """Return the scenario that a form begins with, if its address names one."""
    if not request.GET.get("copy"):
        return None
    found = queries.scenario(request.actor, _id(request, "copy"))
    if found.kind != "network":
        raise Malformed("The scenario is no what-if of the network.", remedy="Choose one that is.")
    opened = network_rows.as_fields(open_text(found.text))
    return replace(opened, fields={**opened.fields, "name": found.name, "seed": found.seed})


def _saved(request: Viewed, form: ScenarioForm | NetworkForm, kind: ScenarioKind, text: str) -> ScenarioId | None:
    """Save what a form holds; tell its mistake at its text, or above, and return nothing."""
    chosen = form.cleaned_data
    try:
        return service.save(
            request.actor, kind=kind, name=chosen["name"], text=text, seed=chosen["seed"], **form.sharing()
        )
    except FabricaError as problem:
        form.tell(problem)
        return None


def _copied(request: Viewed) -> str:
    """Return the text of the scenario that a new one begins with, if its address names one."""
    return queries.scenario(request.actor, _id(request, "copy")).text if request.GET.get("copy") else ""


def _id(request: Viewed, name: str) -> ScenarioId:
    try:
        return ScenarioId.parse(request.GET.get(name, ""))
    except ValueError as error:
        raise Malformed(f"The address names no scenario: {error}.", remedy="Choose one from the list.") from error


@require_GET
@login_required
def scenario(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Show one scenario: what was asked, how far it is, what came out, who reads it.

    Raises:
        NotFound: there is none, or the reader may not see it.
    """
    return _scenario(request, queries.scenario(request.actor, scenario))


def _scenario(
    request: Viewed, found: ScenarioDetail, *, link: LinkForm | None = None, name: NameForm | None = None
) -> HttpResponse:
    """Show a scenario; `link` and `name` are forms of it that have a mistake."""
    projects = people.projects(request.actor)
    sharing = {"project": found.project or "", "with_office": found.with_office}
    mistaken = link or name
    context = {
        **_followed(request, found),
        "project_name": next((one.name for one in projects if one.id == found.project), ""),
        "sharing": SharingForm(projects=projects, initial=sharing),
        "link_form": link or LinkForm(),
        "name_form": name or NameForm(initial={"name": found.name}),
        "mistaken": mistaken,
        "may_cancel": found.state in rules.LIVING and (found.mine or request.actor.is_operator),
    }
    return render(request, "planning/scenario.html", context, status=422 if mistaken else 200)


def _followed(request: Viewed, found: ScenarioDetail) -> dict[str, Any]:
    """Return a scenario with how far it is, what came out, and with what it may be compared."""
    others = [
        one
        for one in queries.scenarios(request.actor)
        if one.kind == found.kind and one.id != found.id and one.state == ScenarioState.DONE
    ]
    return {**_shown(found), "others": others, "milestone": rules.milestone(found.state, found.progress)}


def _shown(found: ScenarioDetail) -> dict[str, Any]:
    """Return a scenario and its result as templates show them; the report was made and escaped by the workshop."""
    report = SafeString(found.result.report) if found.result else ""
    return {"scenario": found, "result": found.result, "report": report, "living": found.state in rules.LIVING}


@require_GET
@login_required
def progress(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Return how far a scenario is; once it has ended also what came out, so that no page has to load anew."""
    context = _followed(request, queries.scenario(request.actor, scenario))
    return render(request, "planning/progressed.html", {**context, "told": request.GET.get("told")})


@require_POST
@login_required
def cancel(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Cancel a scenario and go back to its page."""
    queries.scenario(request.actor, scenario)
    service.cancel(request.actor, scenario=scenario)
    messages.success(request, _("It is being cancelled."))
    return redirect("planning:scenario", scenario)


@require_POST
@login_required
def rename(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Call a scenario something else; a mistake is told at the field."""
    found = queries.scenario(request.actor, scenario)
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            service.rename(request.actor, scenario=scenario, name=form.cleaned_data["name"])
            messages.success(request, _("It has its new name."))
            return redirect("planning:scenario", scenario)
        except ScenarioRefused as problem:
            form.add_error("name", str(problem))
    return _scenario(request, found, name=form)


@require_POST
@login_required
def share(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Change who reads a scenario.

    Raises:
        Malformed: the project is none the reader works in.
    """
    queries.scenario(request.actor, scenario)
    form = SharingForm(request.POST, projects=people.projects(request.actor))
    if not form.is_valid():
        raise Malformed("The project is none that you work in.", remedy="Choose one from the list.")
    service.share(request.actor, scenario=scenario, **form.sharing())
    messages.success(request, _("Who reads it was changed."))
    return redirect("planning:scenario", scenario)


@require_POST
@login_required
@never_cache
def draw_link(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Draw a link and show it, once; a mistake is told at the field."""
    found = queries.scenario(request.actor, scenario)
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _scenario(request, found, link=form)
    link = service.draw_link(request.actor, scenario=scenario, days=form.cleaned_data["days"])
    return render(request, "planning/link.html", {"link": link, "scenario": found})


@require_POST
@login_required
def withdraw_links(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Withdraw all links to a scenario."""
    queries.scenario(request.actor, scenario)
    service.withdraw_links(request.actor, scenario=scenario)
    messages.success(request, _("No link leads to it any more."))
    return redirect("planning:scenario", scenario)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Ask its author whether a scenario is to be deleted; on POST delete it."""
    found = queries.scenario(request.actor, scenario)
    if not found.mine:
        raise NotAllowed("A scenario is deleted by its author alone.", remedy="Ask its author.")
    if request.method != "POST":
        return render(request, "planning/delete.html", {"scenario": found})
    service.delete(request.actor, scenario=scenario)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": found.name})
    return redirect("planning:home")


@require_GET
@login_required
def table(request: Viewed, scenario: ScenarioId, name: str) -> HttpResponse:
    """Send a table of a result as CSV."""
    return _table(queries.scenario(request.actor, scenario), name)


def _table(found: ScenarioDetail, name: str) -> HttpResponse:
    table = next((one for one in found.result.tables if one.name == name), None) if found.result else None
    if table is None:
        raise Http404("The result has no such table.")
    return download(table.head, table.rows, f"{found.kind}-{table.name}-{found.id[-6:]}.csv")


@require_GET
@login_required
def text(request: Viewed, scenario: ScenarioId) -> HttpResponse:
    """Send what was asked as the file that the command reads."""
    found = queries.scenario(request.actor, scenario)
    return attached(found.text, f"{found.kind}-{found.id[-6:]}.toml", "application/toml; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def compare(request: Viewed) -> HttpResponse:
    """Show two results of one kind beside each other; on POST run two what-ifs as a pair, on the same jobs.

    Raises:
        Malformed: the address does not name two.
        ScenarioNotReady: one has no result, or they are of two kinds.
        ScenarioRefused: they make no pair.
    """
    one, other = (queries.scenario(request.actor, _id(request, name)) for name in ("a", "b"))
    if request.method == "POST":
        return _paired(request, one, other)
    rows = comparing.compared(one, other)
    both = (_shown(one), _shown(other))
    context = {"one": both[0], "other": both[1], "both": both, "rows": rows, "apart": comparing.apart(one, other)}
    if one.kind == "network":
        context["no_pair"] = comparing.why_no_pair(one, other)
    return render(request, "planning/compare.html", context)


@require_GET
@login_required
def compare_table(request: Viewed) -> HttpResponse:
    """Send what stands beside each other as CSV.

    Raises:
        Malformed, ScenarioNotReady: as `compare`.
    """
    one, other = (queries.scenario(request.actor, _id(request, name)) for name in ("a", "b"))
    table = comparing.table_of(comparing.compared(one, other), one.name, other.name)
    return download(table.head, table.rows, f"compared-{one.id[-6:]}-{other.id[-6:]}.csv")


def _paired(request: Viewed, one: ScenarioDetail, other: ScenarioDetail) -> HttpResponse:
    if {one.kind, other.kind} != {"network"}:
        raise ScenarioRefused("Only two what-ifs of the network make a pair.", remedy="Choose two of them.")
    name = _("%(other)s beside %(one)s") % {"other": other.name, "one": one.name}
    text = write_pair(one.text, other.text)
    saved = service.save(request.actor, kind="pair", name=name[:NAME_CHARACTERS_MAX], text=text, seed=one.seed)
    return redirect("planning:scenario", saved)


@require_GET
@never_cache
def shared(request: Viewed, token: str) -> HttpResponse:
    """Show a scenario to whoever has a link to it."""
    try:
        found = queries.shared(request.actor, token)
    except ScenarioLinkRefused as problem:
        return render(request, "portal/problem.html", {"problem": problem}, status=problem.status)
    return _private(render(request, "planning/shared.html", {**_shown(found), "token": token}))


@require_GET
@never_cache
def shared_table(request: Viewed, token: str, name: str) -> HttpResponse:
    """Send a table of a result to whoever has a link to it."""
    return _private(_table(queries.shared(request.actor, token), name))


def _private(answer: HttpResponse) -> HttpResponse:
    """Keep an address that is a key from other sites and from search engines."""
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer
