"""What an agent asks and tells of allocations: what is left at its site, who went round it, how its limits stand."""

from ninja import Router
from ninja.decorators import decorate_view

from fabrica.server.access import queries, service
from fabrica.server.core import clock
from fabrica.server.core.requests import Asked
from fabrica.server.sites.service import signed
from fabrica.wire.limits import LimitsAnswer, LimitsQuestion, LimitsReport, OutsideAnswer, OutsideReport

router = Router(tags=["agents"])


@router.post("/remaining", response=LimitsAnswer)
@decorate_view(signed)
def remaining(request: Asked, body: LimitsQuestion) -> LimitsAnswer:
    """What each of these projects may still use at the agent's own site. It changes nothing."""
    projects = queries.remaining(request.auth, dict.fromkeys(body.projects))
    assert request.auth.site is not None, "an agent has a site"
    return LimitsAnswer(site=request.auth.site, projects=projects, at=clock.now())


@router.post("/outside", response=OutsideAnswer)
@decorate_view(signed)
def outside(request: Asked, body: OutsideReport) -> OutsideAnswer:
    """Count what jobs used that went round Fabrica. Told twice, it is counted once."""
    return service.count_outside(request.auth, report=body)


@router.put("/limits", response={204: None})
@decorate_view(signed)
def limits(request: Asked, body: LimitsReport) -> None:
    """Tell how allocations stand as limits in the site's Slurm."""
    service.tell_limits(request.auth, report=body)
