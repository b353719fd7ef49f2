"""Evaluations: import a log as evidence of a version, list them, take one back."""

import shutil
import tempfile
from pathlib import Path

from fabrica.aiact.evaluations.reading import open_log, read_evaluation
from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.files import sha256_of
from fabrica.values.ids import EvaluationId, VersionId
from fabrica.wire.evaluations import ImportedEvaluation, TakeBack


def evaluations(client: Client, version: VersionId) -> tuple[ImportedEvaluation, ...]:
    """Return the evaluations of a version, newest first.

    Raises:
        NotFound: no such version, or the caller may not see it.
    """
    return client.get_list(f"/versions/{version}/evaluations", ImportedEvaluation)


def import_log(client: Client, version: VersionId, place: Path) -> ImportedEvaluation:
    """Upload a log of Inspect AI, or a run of MLflow as its folder, as evidence; it is read here before it is sent.

    Raises:
        EvaluationRefused: it is no whole log of a known tool.
        EvaluationUnfinished: the evaluation did not succeed.
        NotFound: no such version, or the caller may not see it.
        NotAllowed: the caller does not work in the project.
    """
    with tempfile.NamedTemporaryFile(prefix="fabrica-log-") as file, open_log(place) as log:
        shutil.copyfileobj(log, file)
        file.flush()
        read_evaluation(file.file, place.name)
        copy = Path(file.name)
        path = f"/versions/{version}/evaluations/{sha256_of(copy)}"
        return ImportedEvaluation.model_validate(client.put_file(path, copy, name=place.name))


def take_back(client: Client, version: VersionId, evaluation: EvaluationId, reason: str) -> ImportedEvaluation:
    """Let an evaluation be evidence no more, for a reason that stays with it.

    Raises:
        NotFound: no such version or evaluation, or the caller may not see it.
        NotAllowed: the caller does not work in the project.
    """
    path = f"/versions/{version}/evaluations/{evaluation}/withdrawal"
    return ImportedEvaluation.model_validate(client.post(path, typed(TakeBack, reason=reason)))
