"""Candidate sites, what they must fulfil, and those the package knows: bids in public, and hosts of AI Factories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fabrica.planning.siting.criteria import Measure, Measures
from fabrica.reference.network import load_network
from fabrica.reference.sources import Source

KNOWN = ("bids", "hosts")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One site that could be built. `power_megawatts`: what the grid gives, by year. Null places are unknown."""

    id: str
    name: str
    country: str | None
    latitude: float | None = None
    longitude: float | None = None
    power_megawatts: Mapping[int, Measure] = field(default_factory=dict)
    measures: Measures = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that a site must keep, with the reason for it and where it comes from.

    `criterion` is a key of `CRITERIA`, or `power_megawatts` in the year asked, or `country`.
    """

    criterion: str
    bound: Literal["min", "max", "among"]
    number: float | None
    reason: str
    source: str
    among: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Users:
    """People who use the site from afar, and their share of all use."""

    name: str
    latitude: float
    longitude: float
    share: float


@dataclass(frozen=True, slots=True)
class NetworkRuns:
    """How the network is run with each candidate: what it would hold, and under which work.

    `portable_share`: of the jobs that run on any kind of accelerator; the others ask for one kind.
    """

    accelerator: str
    devices: int
    portable_share: float
    days: int = 28
    replications: int = 3
    load: float = 0.7
    pue_assumed: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Which sites, for what: power from a year on, limits, users. `assumed`: what the file left open.

    `network`: null where the network is not to be run with each candidate.
    """

    candidates: tuple[Candidate, ...]
    power_megawatts: float | None
    in_year: int | None
    limits: tuple[Limit, ...]
    users: tuple[Users, ...]
    assumed: tuple[str, ...] = ()
    network: NetworkRuns | None = None


def known_candidates(kinds: Sequence[str]) -> tuple[Candidate, ...]:
    """Return what public sources name: `bids` for a gigafactory, and the `hosts` of AI Factories as places to ask for.

    Their power, land, cooling, people, hazards and owners are published nowhere that was found: unknown.
    """
    return tuple(one for kind in KNOWN if kind in kinds for one in (_bids() if kind == "bids" else _hosts()))


def _bids() -> tuple[Candidate, ...]:
    """Return the bids whose country is one; the city's place is known where an AI Factory stands in it."""
    places = {one.identity.city: one.identity for one in load_network().factories}
    found = []
    for group in load_network().gigafactories:
        if group.name != "known_bids_or_intentions":
            continue
        country, place, stage = (group.facts.get(key) for key in ("country", "place", "stage"))
        several = country is None or len(str(country)) != 2
        identity = places.get(str(place))
        name = f"{place or country} (bid)"
        found.append(
            Candidate(
                f"bid-{str(place or country).split(' ')[0].casefold()}",
                name,
                None if several else str(country),
                identity.latitude if identity else None,
                identity.longitude if identity else None,
                note=f"{stage}{_read_in(group.source)}",
            )
        )
    return tuple(found)


def _read_in(source: Source | None) -> str:
    return f" ({source.addresses[0]}, {source.as_of})" if source else ""


def _hosts() -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            f"host-{one.id}",
            f"{one.identity.city.partition(' (')[0]} ({one.short_name})",
            one.country,
            one.identity.latitude,
            one.identity.longitude,
            note=f"beside {one.full_name}; no bid of this place is known",
        )
        for one in load_network().factories
    )


def network_users() -> tuple[Users, ...]:
    """Return the hosts of AI Factories as users of equal share, where nobody tells who uses the site."""
    hosts = load_network().factories
    return tuple(Users(one.short_name, one.identity.latitude, one.identity.longitude, 1 / len(hosts)) for one in hosts)
