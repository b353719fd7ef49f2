"""Find partitions by what a scenario calls them, and say what there is where nothing is found."""

from collections.abc import Iterable, Sequence

from fabrica.planning.network.partitions import Partition
from fabrica.reference.site_names import nearest_site
from fabrica.wire.planning import NetworkImpossible


def find_partitions(partitions: Sequence[Partition], site: str, name: str | None) -> tuple[Partition, ...]:
    """Return the partitions of a site, or the one of that name.

    Raises:
        NetworkImpossible: there is no such site, or no such partition of it.
    """
    of_site = [one for one in partitions if one.site == site]
    if not of_site:
        raise unknown_site(site, (one.site for one in partitions))
    named = tuple(one for one in of_site if name in (None, one.name))
    if not named:
        names = ", ".join(repr(one.name) for one in of_site)
        raise NetworkImpossible(f"{site} has no partition {name!r}.", remedy=f"It has {names}.", site=site)
    return named


def unknown_site(site: str, ids: Iterable[str]) -> NetworkImpossible:
    """Return the problem of a site that is not there, with the nearest that is."""
    known = sorted(set(ids))
    near = nearest_site(site, known)
    remedy = f"Did you mean {near!r}?" if near else f"Sites of this network: {', '.join(known)}."
    return NetworkImpossible(f"There is no site {site!r} in this network.", remedy=remedy, site=site)
