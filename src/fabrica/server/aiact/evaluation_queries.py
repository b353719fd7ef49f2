"""Reads of imported evaluations, for those who see the version."""

from collections.abc import Iterator

from fabrica.aiact.evaluations.evidence import evaluation_evidence
from fabrica.server.aiact import queries
from fabrica.server.aiact.evaluation_models import ImportedEvaluation
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import VersionId
from fabrica.wire import evaluations as wire
from fabrica.wire.documents import Evidence


def evaluations(by: Actor, version: VersionId) -> tuple[wire.ImportedEvaluation, ...]:
    """Return the evaluations of a version, newest first, those that were taken back among them.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    rows = list(ImportedEvaluation.objects.filter(version=queries.version_row(by, version)).order_by("-pk"))
    names = people.user_names({row.imported_by for row in rows})
    return tuple(
        wire.ImportedEvaluation(
            id=row.pk,
            version=row.version_id,
            evaluation=wire.Evaluation.model_validate(row.body),
            imported_by=names.get(row.imported_by, ""),
            imported_at=row.imported_at,
            taken_back_because=row.taken_back_because,
        )
        for row in rows
    )


def evidence(version: VersionId) -> Iterator[Evidence]:
    """Yield the evaluations that stand as evidence. The caller has checked that the version may be seen."""
    for row in ImportedEvaluation.objects.filter(version_id=version, taken_back_because="").order_by("pk"):
        yield evaluation_evidence(wire.Evaluation.model_validate(row.body))
