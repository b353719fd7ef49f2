"""The verbs of evaluations: logs imported as evidence of a version."""

from fabrica.aiact.documents.text import clean
from fabrica.server.aiact import evaluator_facts as facts
from fabrica.server.aiact import permissions
from fabrica.server.aiact.evaluation_models import ImportedEvaluation
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.values.ids import EvaluationId, VersionId
from fabrica.wire.evaluations import Evaluation
from fabrica.wire.problems import NotFound


@verb(may=permissions.edits)
def import_evaluation(by: Actor, *, version: VersionId, evaluation: Evaluation) -> EvaluationId:
    """Keep what a stored log says as evidence of a version; the same log again changes nothing."""
    assert by.user is not None
    row, new = ImportedEvaluation.objects.get_or_create(
        version_id=version,
        sha256=evaluation.sha256,
        taken_back_because="",
        defaults={
            "body": evaluation.model_dump(mode="json"),
            "imported_by": by.user,
            "imported_at": clock.now(),
        },
    )
    if new:
        announce(
            facts.EvaluationImported(version=version, evaluation=row.pk, tool=evaluation.tool, sha256=evaluation.sha256)
        )
        hint("aiact")
    return row.pk


@verb(may=permissions.edits)
def take_back(by: Actor, *, version: VersionId, evaluation: EvaluationId, reason: str) -> None:
    """Let an evaluation be evidence no more, for a reason that stays with it. Taking back twice changes nothing.

    Raises:
        NotFound: the version has no such evaluation.
    """
    rows = ImportedEvaluation.objects.filter(pk=evaluation, version_id=version)
    if not rows.exists():
        raise NotFound(f"{version} has no evaluation {evaluation}.", remedy="List them with 'fabrica evaluations'.")
    if rows.filter(taken_back_because="").update(taken_back_because=clean(reason)):
        announce(facts.EvaluationTakenBack(version=version, evaluation=evaluation, reason=reason))
        hint("aiact")
