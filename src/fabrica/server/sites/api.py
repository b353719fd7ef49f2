"""REST endpoints of sites."""

from ninja import Router

from fabrica.server.core.requests import Asked
from fabrica.server.sites import queries, service
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire.enrolment import Invitation, NewInvitation
from fabrica.wire.sites import Drain, NewSite, Site, SiteDetail

router = Router(tags=["sites"])


@router.get("", response=list[Site])
def sites(request: Asked) -> list[Site]:
    """Every site of the network."""
    return list(queries.sites())


@router.post("", response={201: SiteDetail})
def add(request: Asked, body: NewSite) -> SiteDetail:
    """Add a site of the network's own; adding it twice changes nothing. Operators only."""
    service.add_site(request.auth, site=body.id, name=body.name, country=body.country)
    return queries.site(body.id)


@router.get("/{site}", response=SiteDetail)
def site(request: Asked, site: SiteId) -> SiteDetail:
    """One site with its agent and what the agent last said."""
    return queries.site(site)


@router.post("/{site}/drain", response=SiteDetail)
def drain(request: Asked, site: SiteId, body: Drain) -> SiteDetail:
    """Stop giving a site new runs; what it runs goes on. Operators only."""
    service.set_draining(request.auth, site=site, draining=True, reason=body.reason)
    return queries.site(site)


@router.post("/{site}/resume", response=SiteDetail)
def resume(request: Asked, site: SiteId) -> SiteDetail:
    """Give a drained site new runs again. Operators only."""
    service.set_draining(request.auth, site=site, draining=False)
    return queries.site(site)


@router.post("/{site}/invitations", response={201: Invitation})
def invite(request: Asked, site: SiteId, body: NewInvitation) -> Invitation:
    """Draw a code with which one agent may be enrolled; it is shown once. Operators only."""
    return service.invite(request.auth, site=site, name=body.name, hours=body.hours, replace=body.replace)


@router.delete("/{site}/agents/{agent}", response={204: None})
def withdraw(request: Asked, site: SiteId, agent: AgentId) -> None:
    """Withdraw an agent. Operators only."""
    service.withdraw_agent(request.auth, agent=agent)
