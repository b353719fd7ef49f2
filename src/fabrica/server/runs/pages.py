"""Pages of runs: the list, one run while it lives and after, its log, its end on request, its files."""

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fabrica.engines.slurm.jobs import NAME_PREFIX as SLURM_NAME_PREFIX
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries as people
from fabrica.server.runs import lost_queries, page_queries, permissions, queries, service
from fabrica.server.runs.api import file_response
from fabrica.server.runs.plots import figures, headline, plots
from fabrica.server.sites import queries as sites
from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId
from fabrica.values.states import RunState
from fabrica.values.terminal import clean, unfinished
from fabrica.wire.problems import Malformed
from fabrica.wire.runs import LogSlice, Run

PAGE_RUNS = 30


@require_GET
@login_required
def list_runs(request: Viewed) -> HttpResponse:
    """Show the runs the reader may see, newest first, of one state, project or site when asked."""
    chosen = {name: request.GET.get(name, "") for name in ("state", "project", "site")}
    try:
        found = queries.runs(
            request.actor,
            state=RunState(chosen["state"]) if chosen["state"] else None,
            project=ProjectId.parse(chosen["project"]) if chosen["project"] else None,
            site=SiteId.parse(chosen["site"]) if chosen["site"] else None,
            before=RunId.parse(request.GET["before"]) if request.GET.get("before") else None,
            limit=PAGE_RUNS,
        )
    except ValueError as error:
        raise Malformed(f"The address asks for runs in a way that cannot be read: {error}.") from error
    asked = {name: value for name, value in chosen.items() if value}
    context = {
        "runs": found.runs,
        "states": list(RunState),
        "projects": people.projects(request.actor),
        "chosen": chosen,
        "next_query": urlencode({**asked, "before": found.next_cursor}) if found.next_cursor else "",
    }
    return render(request, "runs/list.html", context)


@require_GET
@login_required
def run(request: Viewed, run: RunId) -> HttpResponse:
    """Show one run: state, metrics, log, moves, placement, usage, record, files, what was asked."""
    by = request.actor
    context = {
        **_live(by, run),
        **_metrics(by, run),
        "slice": _shown(queries.log(by, run)),
        "steps": page_queries.moves(by, run),
        "may_cancel": permissions.cancels(by, run=run),
        "may_declare_lost": permissions.operator(by),
        "record_command": f"fabrica record {run}",
        "attach_command": f"fabrica attach {run}",
    }
    found = context["run"]
    context["tasks"] = found.attempts[-1].tasks if found.attempts else ""
    context["command_line"] = shlex.join(found.spec.command)
    context["outputs"] = [one for one in found.artifacts if one.kind == "output"]
    context["slurm_job"] = _slurm_job(found)
    context["record_files"] = [one for one in found.artifacts if one.kind == "record"]
    return render(request, "runs/run.html", context)


def _slurm_job(found: Run) -> str:
    """Return what a run's last job is called where a Slurm has it, for people who look there too."""
    last = found.attempts[-1] if found.attempts else None
    if last is None or last.handle is None:
        return ""
    told = sites.inventory_at(last.site)
    return f"{SLURM_NAME_PREFIX}{last.id}" if told and told.engine == "slurm" else ""


def _shown(piece: LogSlice) -> LogSlice:
    """Return a piece of log as the page shows it: text alone. A sequence cut off at its end is asked for again."""
    held = "" if piece.ended else unfinished(piece.text)
    text = clean(piece.text[: len(piece.text) - len(held)])
    return piece.model_copy(update={"text": text, "next_offset": piece.next_offset - len(held.encode())})


def _live(by: Actor, run: RunId) -> dict[str, Any]:
    """Return what the head of the page shows, which is asked for again while the run lives."""
    found = queries.run(by, run)
    return {
        "run": found,
        "lives": not found.state.final,
        "heard_at": _heard_at(found),
        "headline": headline(found.spec.metrics, found.metrics),
    }


def _heard_at(found: Run) -> datetime | None:
    """Return when the site of a living run last spoke; of a run that waits it has nothing new to tell."""
    if found.state.final or found.site is None or found.observed_at is None:
        return None
    return max(filter(None, (found.observed_at, sites.last_word_at(found.site))))


def _metrics(by: Actor, run: RunId) -> dict[str, Any]:
    found, series = queries.run(by, run), queries.metrics(by, run)
    return {
        "run": found,
        "points": sum(len(one.points) for one in series),
        "plots": plots(found.spec.metrics, series),
        "figures": figures(found.spec.metrics, series),
    }


@require_GET
@login_required
def summary(request: Viewed, run: RunId) -> HttpResponse:
    """Return the head of a run's page again; tell the page when the state is not the one it shows."""
    context = _live(request.actor, run)
    answer = render(request, "runs/summary.html", context)
    if request.GET.get("state") != context["run"].state:
        answer["HX-Trigger"] = "run-moved"
    return answer


@require_GET
@login_required
def metrics(request: Viewed, run: RunId) -> HttpResponse:
    """Return the plots of a run again, or nothing when no point was added to the `points` the page has."""
    context = _metrics(request.actor, run)
    if request.GET.get("points") == str(context["points"]) and not context["run"].state.final:
        return HttpResponse(status=204)
    return render(request, "runs/metrics.html", context)


@require_GET
@login_required
def log(request: Viewed, run: RunId) -> HttpResponseBase:
    """Return what was added to a log since `offset` of `attempt`; with `plain` the whole log as a text file."""
    if "plain" in request.GET:
        queries.run_state(request.actor, run)
        return StreamingHttpResponse(_whole_log(request.actor, run), content_type="text/plain; charset=utf-8")
    offset, attempt = request.GET.get("offset", "0"), request.GET.get("attempt")
    if not (offset.isascii() and offset.isdigit() and len(offset) < 19):
        raise Malformed("The offset of a log is a whole number of bytes.")
    piece = queries.log(request.actor, run, offset=int(offset))
    another = bool(attempt) and piece.attempt is not None and piece.attempt != attempt
    if another:
        piece = queries.log(request.actor, run)
    found = queries.run(request.actor, run)
    return render(request, "runs/log.html", {"run": found, "slice": _shown(piece), "another": another})


def _whole_log(by: Actor, run: RunId) -> Iterator[str]:
    """Yield the log of the last attempt to its present end."""
    piece = queries.log(by, run)
    attempt: AttemptId | None = piece.attempt
    while piece.text:
        yield piece.text
        piece = queries.log(by, run, offset=piece.next_offset, attempt=attempt)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def cancel(request: Viewed, run: RunId) -> HttpResponse:
    """Ask whether the run shall end; on POST ask for its end."""
    found = queries.run(request.actor, run)
    if request.method != "POST":
        return render(request, "runs/cancel.html", {"run": found})
    service.cancel(request.actor, run=run)
    messages.info(request, _("The end of the run was asked for. The site says when it has stopped."))
    return redirect("runs:run", run)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def declare_lost(request: Viewed, run: RunId) -> HttpResponse:
    """Tell an operator what declaring the run's attempt lost does; on POST declare the attempt that was shown lost."""
    if request.method != "POST":
        context = {"run": queries.run(request.actor, run), "loss": lost_queries.loss(request.actor, run)}
        return render(request, "runs/declare_lost.html", context)
    try:
        attempt = AttemptId.parse(request.POST.get("attempt", ""))
    except ValueError as error:
        raise Malformed("The form does not say which attempt is lost.", remedy="Open the question again.") from error
    service.declare_lost(request.actor, attempt=lost_queries.attempt_of(request.actor, run, attempt))
    messages.info(request, _("The attempt was declared lost. What its site says later is kept and never merged."))
    return redirect("runs:run", run)


@require_GET
@login_required
def artifact(request: Viewed, run: RunId, sha256: str) -> HttpResponseBase:
    """Return one file the run left, as a download."""
    found = queries.artifact(request.actor, run, sha256)
    return file_response(found.path, found.sha256)
