"""Pages of evidence: what was sealed of a run, and whether it holds."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fabrica.server.core.requests import Viewed
from fabrica.server.evidence import queries
from fabrica.server.runs import queries as runs
from fabrica.values.ids import RunId
from fabrica.wire.evidence import evidence_hash


@require_GET
@login_required
def of_run(request: Viewed, run: RunId) -> HttpResponse:
    """Show the sealed records of a run; with `check` go through the whole chain of the network."""
    found = runs.run(request.actor, run)
    records = queries.of_subject(run)
    changed = [one for one in records if evidence_hash(one.previous, one.sequence, one.content) != one.hash]
    report = queries.check_chain() if "check" in request.GET else None
    return render(
        request, "evidence/run.html", {"run": found, "records": records, "changed": changed, "report": report}
    )
