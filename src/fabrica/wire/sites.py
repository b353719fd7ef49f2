"""Sites on the wire: who they are, what they offer, whether an agent speaks for them."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Literal

from pydantic import Field

from fabrica.values.ids import SiteId
from fabrica.wire.agents import Agent, Inventory
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.countries import CountryOrEmpty
from fabrica.wire.problems import FabricaError

SiteKind = Literal["factory", "antenna", "gigafactory", "own"]


class Site(Body):
    """A place with machines, as lists show it."""

    id: SiteId
    name: str
    kind: SiteKind
    country: str | None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    simulated: bool
    personal: bool = Field(default=False, description="it takes the runs of one person only, its owner")
    draining: bool
    draining_reason: str | None = Field(default=None, description="why it takes no new runs, as an operator said")
    connected: bool
    last_word_at: Instant | None
    engine_silent_since: Instant | None = Field(
        default=None, description="the site's scheduler gives its agent no answer since then; null: it answers"
    )
    maintenance_ends_at: Instant | None = Field(
        default=None,
        description="every partition is in maintenance, and a first one is back then; null: one takes runs now",
    )
    counted_at: Instant | None = Field(default=None, description="when its devices were counted, by the server's clock")
    devices_total: int | None
    devices_free: int | None
    summary: str


class SiteDetail(Site):
    """One site with its agent and what the agent last said it has."""

    agent: Agent | None
    inventory: Inventory | None


class NewSite(Request):
    """A site of the network's own, which the reference data does not know."""

    id: SiteId
    name: str = Field(min_length=1, max_length=120)
    country: CountryOrEmpty = ""


class Drain(Request):
    """Why a site shall take no new runs; everybody who looks at the site reads it."""

    reason: str = Field(min_length=1, max_length=200)


class SiteUnknown(FabricaError):
    code = "sites.unknown"
    status = 404
    title = "There is no such site"


def site_unknown(asked: str, known: Collection[str]) -> SiteUnknown:
    """Return the problem of a site that nobody knows, with the known names that are nearest."""
    near = get_close_matches(asked.casefold(), known, n=3)
    remedy = f"Did you mean {' or '.join(near)}?" if near else "List the sites with 'fabrica sites'."
    return SiteUnknown(f"{asked!r} is none of the network's sites.", remedy=remedy)
