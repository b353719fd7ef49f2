"""Reads of planning, narrowed to what the reader may see."""

from typing import Any

from django.db.models import Q, QuerySet

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.planning import links
from fabrica.server.planning.models import Scenario
from fabrica.values.ids import ScenarioId
from fabrica.wire import scenarios as wire
from fabrica.wire.problems import NotFound

_LARGE = ("text", "result")
PAGE = 50


def scenarios(by: Actor, *, limit: int = PAGE, before: ScenarioId | None = None) -> tuple[wire.Scenario, ...]:
    """Return the scenarios that the actor may read, the newest first, without their texts and results."""
    rows = _visible(by).defer(*_LARGE).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: max(1, min(limit, PAGE))])
    names = people.user_names({row.author_id for row in found})
    return tuple(wire.Scenario(**_fields(row, by, names[row.author_id])) for row in found)


def _visible(by: Actor) -> QuerySet[Scenario]:
    """Return the rows of the actor's own, those shared with a project of theirs, and for the office those for it."""
    if by.user is None:
        return Scenario.objects.none()
    mine = Q(author_id=by.user) | Q(project_id__in=[one.id for one in people.projects(by)])
    return Scenario.objects.filter(mine | Q(with_office=True) if by.sees_everything else mine)


def _fields(row: Scenario, by: Actor, author_name: str) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "seed": row.seed,
        "state": row.state,
        "progress": row.progress,
        "progress_words": row.progress_words,
        "author": row.author_id,
        "author_name": author_name,
        "project": row.project_id,
        "with_office": row.with_office,
        "mine": row.author_id == by.user,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "package_version": row.package_version,
        "data_version": row.data_version,
        "attempts": row.attempts,
        "problem": row.problem,
    }


def scenario(by: Actor, scenario: ScenarioId) -> wire.ScenarioDetail:
    """Return a scenario with its text and result.

    Raises:
        NotFound: there is none, or the actor may not read it.
    """
    row = _visible(by).filter(pk=scenario).first()
    if row is None:
        raise NotFound(
            f"There is no scenario {scenario} that you may see.", remedy="List yours with 'fabrica plan saved'."
        )
    return _detail(row, by, people.user_names({row.author_id})[row.author_id])


def _detail(row: Scenario, by: Actor, author_name: str) -> wire.ScenarioDetail:
    result = wire.Result.model_validate(row.result) if row.result is not None else None
    return wire.ScenarioDetail(**_fields(row, by, author_name), text=row.text, result=result)


def shared(by: Actor, token: str) -> wire.ScenarioDetail:
    """Return the scenario that a link leads to, whoever reads it; the link tells nobody who its author is.

    Raises:
        ScenarioLinkRefused: forged, over, withdrawn, or the scenario was deleted.
    """
    named = links.read(token, clock.now())
    row = Scenario.objects.filter(pk=named[0], link_generation=named[1]).first() if named else None
    if row is None:
        raise wire.ScenarioLinkRefused(
            "The link leads nowhere now.", remedy="Ask whoever gave it to you for a new one."
        )
    return _detail(row, by, "").model_copy(update={"author": None, "project": None})


def state_of(scenario: ScenarioId) -> tuple[str, bool] | None:
    """Return whether a scenario is still there, its state, and whether it is to be stopped; for its worker."""
    row = Scenario.objects.filter(pk=scenario).values_list("state", "cancel_requested_at").first()
    return None if row is None else (row[0], row[1] is not None)
