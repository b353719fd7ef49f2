"""Sites: list them, look at one."""

from fabrica.sdk.client import Client
from fabrica.values.ids import SiteId
from fabrica.wire.sites import Drain, Enrolment, NewAgent, Site, SiteDetail


def sites(client: Client) -> tuple[Site, ...]:
    """Return every site of the network."""
    return client.get_list("/sites", Site)


def site(client: Client, site: SiteId) -> SiteDetail:
    """Return one site.

    Raises:
        SiteUnknown: nobody knows it.
    """
    return client.get(f"/sites/{site}", SiteDetail)


def drain(client: Client, site: SiteId, reason: str) -> SiteDetail:
    """Stop giving a site new runs, for a reason that everybody reads; what it runs goes on.

    Raises:
        NotAllowed: the caller is no operator.
        SiteUnknown: nobody knows it.
    """
    return SiteDetail.model_validate(client.post(f"/sites/{site}/drain", Drain(reason=reason)))


def resume(client: Client, site: SiteId) -> SiteDetail:
    """Give a drained site new runs again; raises as `drain`."""
    return SiteDetail.model_validate(client.post(f"/sites/{site}/resume"))


def enrol(client: Client, site: SiteId, name: str, *, replace: bool = False) -> Enrolment:
    """Let an agent speak for a site; the answer holds its token, once.

    Raises:
        NotAllowed: the caller is no operator.
        SiteClaimed: an agent speaks for it already.
    """
    body = NewAgent(site=site, name=name, replace=replace)
    return Enrolment.model_validate(client.post(f"/sites/{site}/agents", body))
