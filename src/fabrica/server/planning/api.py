"""REST endpoints of planning: saved scenarios."""

from ninja import Router

from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.server.planning import queries, service
from fabrica.values.ids import ScenarioId
from fabrica.wire.scenarios import NewScenario, Scenario, ScenarioDetail, ScenarioLink, ScenarioName, ScenarioSharing

router = Router(tags=["planning"])


@router.get("/scenarios", response=list[Scenario])
def scenarios(request: Asked, limit: int = queries.PAGE, before: ScenarioId | None = None) -> list[Scenario]:
    """The scenarios that you may read, the newest first; `before` is the last id of the page before."""
    return list(queries.scenarios(request.auth, limit=limit, before=before))


@router.post("/scenarios", response={201: dict[str, ScenarioId]})
def save(request: Asked, body: NewScenario) -> dict[str, ScenarioId]:
    """Save a scenario; it runs in the background. Send an Idempotency-Key: the same request sent twice saves once."""
    fields = {name: getattr(body, name) for name in NewScenario.model_fields}
    return {"scenario": idempotency.once(request, lambda: service.save(request.auth, **fields))}


@router.get("/scenarios/{scenario}", response=ScenarioDetail)
def scenario(request: Asked, scenario: ScenarioId) -> ScenarioDetail:
    """One scenario with its text, how far it is, and its result once it is done."""
    return queries.scenario(request.auth, scenario)


@router.post("/scenarios/{scenario}/cancel", response={204: None})
def cancel(request: Asked, scenario: ScenarioId) -> None:
    """Cancel a scenario that waits or runs; its author or an operator."""
    queries.scenario(request.auth, scenario)
    service.cancel(request.auth, scenario=scenario)


@router.post("/scenarios/{scenario}/name", response={204: None})
def rename(request: Asked, scenario: ScenarioId, body: ScenarioName) -> None:
    """Call a scenario something else; only the author."""
    queries.scenario(request.auth, scenario)
    service.rename(request.auth, scenario=scenario, name=body.name)


@router.post("/scenarios/{scenario}/sharing", response={204: None})
def share(request: Asked, scenario: ScenarioId, body: ScenarioSharing) -> None:
    """Say who reads a scenario beside its author; only the author."""
    queries.scenario(request.auth, scenario)
    service.share(request.auth, scenario=scenario, project=body.project, with_office=body.with_office)


@router.post("/scenarios/{scenario}/links", response={201: ScenarioLink})
def draw_link(request: Asked, scenario: ScenarioId, days: int = 14) -> ScenarioLink:
    """Draw a link at which anybody reads the scenario for some days; only the author."""
    queries.scenario(request.auth, scenario)
    return service.draw_link(request.auth, scenario=scenario, days=days)


@router.delete("/scenarios/{scenario}/links", response={204: None})
def withdraw_links(request: Asked, scenario: ScenarioId) -> None:
    """Withdraw every link to a scenario; only the author."""
    queries.scenario(request.auth, scenario)
    service.withdraw_links(request.auth, scenario=scenario)


@router.delete("/scenarios/{scenario}", response={204: None})
def delete(request: Asked, scenario: ScenarioId) -> None:
    """Delete a scenario with its result; only the author."""
    queries.scenario(request.auth, scenario)
    service.delete(request.auth, scenario=scenario)
