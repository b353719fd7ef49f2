"""Sites: list them, look at one."""

from collections.abc import Iterable, Mapping

from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire.enrolment import INVITATION_HOURS, Invitation, NewInvitation
from fabrica.wire.sites import Drain, NewSite, Site, SiteDetail, site_unknown


def sites(client: Client) -> tuple[Site, ...]:
    """Return every site of the network."""
    return client.get_list("/sites", Site)


def site(client: Client, site: SiteId) -> SiteDetail:
    """Return one site.

    Raises:
        SiteUnknown: nobody knows it.
    """
    return client.get(f"/sites/{site}", SiteDetail)


def named(client: Client, names: Iterable[str]) -> tuple[SiteId, ...]:
    """Return the sites that a person names, each by its id or by what people call it, in letters of any case.

    Raises:
        SiteUnknown: there is none of a name; says the nearest ones.
    """
    found = sites(client)
    known = {one.name.casefold(): one.id for one in found} | {str(one.id): one.id for one in found}
    return tuple(_named(name, known) for name in names)


def _named(name: str, known: Mapping[str, SiteId]) -> SiteId:
    if name.casefold() not in known:
        raise site_unknown(name, known)
    return known[name.casefold()]


def add(client: Client, site: SiteId, name: str, country: str = "") -> SiteDetail:
    """Add a site of the network's own; adding it twice changes nothing.

    Raises:
        NotAllowed: the caller is no operator.
    """
    return SiteDetail.model_validate(client.post("/sites", typed(NewSite, id=site, name=name, country=country)))


def drain(client: Client, site: SiteId, reason: str) -> SiteDetail:
    """Stop giving a site new runs, for a reason that everybody reads; what it runs goes on.

    Raises:
        NotAllowed: the caller is no operator.
        SiteUnknown: nobody knows it.
    """
    return SiteDetail.model_validate(client.post(f"/sites/{site}/drain", typed(Drain, reason=reason)))


def resume(client: Client, site: SiteId) -> SiteDetail:
    """Give a drained site new runs again; raises as `drain`."""
    return SiteDetail.model_validate(client.post(f"/sites/{site}/resume"))


def invite(
    client: Client, site: SiteId, name: str = "agent", *, hours: int = INVITATION_HOURS, replace: bool = False
) -> Invitation:
    """Draw a code with which one agent may be enrolled for a site; the answer holds it, once. An older code ends.

    Raises:
        NotAllowed: the caller is no operator.
        SiteUnknown: nobody knows the site.
        SiteClaimed: an agent speaks for it already, and `replace` was not asked.
    """
    body = typed(NewInvitation, name=name, hours=hours, replace=replace)
    return Invitation.model_validate(client.post(f"/sites/{site}/invitations", body))


def withdraw(client: Client, site: SiteId, agent: AgentId) -> None:
    """Take an agent's word away, and its tokens with it; what it runs goes on at the site.

    Raises:
        NotAllowed: the caller is no operator.
        NotFound: there is no such agent.
    """
    client.delete(f"/sites/{site}/agents/{agent}")
