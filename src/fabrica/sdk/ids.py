"""Ids as people type them."""

from collections.abc import Mapping
from typing import TypeVar, cast

from fabrica.values.ids import (
    CorrectionId,
    DocumentId,
    EvaluationId,
    EvaluatorId,
    Id,
    ProjectId,
    QuestionId,
    ReportId,
    RunId,
    ScenarioId,
    SiteId,
    TransferId,
)
from fabrica.wire.problems import Malformed

AnyId = TypeVar("AnyId", bound=Id | SiteId)

_LISTED_BY: Mapping[type, str] = {
    CorrectionId: "fabrica corrections",
    DocumentId: "fabrica systems documents VERSION",
    EvaluationId: "fabrica evaluations list VERSION",
    EvaluatorId: "fabrica evaluators list VERSION",
    ProjectId: "fabrica projects",
    QuestionId: "fabrica questions",
    ReportId: "fabrica evaluators list VERSION",
    RunId: "fabrica runs",
    ScenarioId: "fabrica plan saved",
    SiteId: "fabrica sites",
    TransferId: "fabrica balance --project ID",
}
"""The command that lists the ids of each kind that people type."""


def parsed(kind: type[AnyId], text: str) -> AnyId:
    """Return an id that a person typed.

    Raises:
        Malformed: it is not an id of this kind.
    """
    try:
        return cast(AnyId, kind.parse(text))
    except ValueError as error:
        raise Malformed(f"{error}.", remedy=f"Copy it from the list: '{_LISTED_BY[kind]}'.") from None
