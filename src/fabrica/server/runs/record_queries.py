"""Runs with the files of their records, many at once, for slices that read records."""

from collections.abc import Collection

from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.runs import queries
from fabrica.server.runs.models import Artifact
from fabrica.values.ids import AttemptId, RunId
from fabrica.wire import runs as wire


def runs(by: Actor, wanted: Collection[RunId]) -> dict[RunId, wire.Run]:
    """Return those of the runs that the actor may see, with the record that each last attempt left, nothing else."""
    rows = list(queries.visible(by).filter(pk__in=wanted).prefetch_related("attempts"))
    last = {row.pk: max(row.attempts.all(), key=lambda one: one.number, default=None) for row in rows}
    files: dict[AttemptId, list[wire.Artifact]] = {}
    attempts = [one.pk for one in last.values() if one is not None]
    for file in Artifact.objects.filter(attempt_id__in=attempts, kind="record").order_by("path"):
        files.setdefault(file.attempt_id, []).append(queries.artifact_of(file))
    projects = people.project_names({row.project_id for row in rows})
    users = people.user_names({row.submitted_by for row in rows})
    found = {}
    for row in rows:
        told = queries.as_wire(row, projects, users, whole=False)
        attempt = last[row.pk]
        record = tuple(files.get(attempt.pk, ())) if attempt else ()
        found[row.pk] = told.model_copy(update={"artifacts": record})
    return found
