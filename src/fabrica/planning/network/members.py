"""Which partitions a scenario's network has: the known ones, its own, and its changes to them."""

import difflib
import math
from dataclasses import dataclass, replace
from pathlib import Path

from fabrica.planning.network.finding import find_partitions, unknown_site
from fabrica.planning.network.outages import with_windows
from fabrica.planning.network.partitions import (
    OWN_NAME,
    LeftOut,
    Partition,
    gigafactory_devices,
    known_partitions,
    make_partition,
)
from fabrica.planning.scenarios.scenario import Change, OwnSite, Scenario
from fabrica.reference.accelerators import accelerator_of, load_accelerators
from fabrica.reference.network import load_network
from fabrica.wire.planning import NetworkImpossible


@dataclass(frozen=True, slots=True)
class Network:
    """The partitions of a scenario, and what is left out with its reason."""

    partitions: tuple[Partition, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def devices(self) -> int:
        return sum(one.devices for one in self.partitions)

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.site for one in self.partitions))


def network_of(scenario: Scenario) -> Network:
    """Return the network of a scenario.

    Raises:
        NetworkImpossible: nothing is left, or the scenario names what is not there.
    """
    known, left_out = known_partitions(scenario.network.systems)
    _check_without(scenario)
    partitions = [one for one in known if one.site not in scenario.network.without]
    for site in scenario.sites:
        partitions.append(_own(site, {one.site for one in partitions}))
    for change in scenario.changes:
        partitions = _changed(change, partitions)
    for one in partitions:
        _check_leaves(one)
        _check_pods(one)
    partitions = with_windows(partitions, scenario.windows, scenario.period.days)
    if not partitions:
        raise NetworkImpossible("No partition with a known number of accelerators is left.", remedy="Add a [[site]].")
    left_out = tuple(one for one in left_out if one.site not in scenario.network.without)
    return Network(tuple(partitions), left_out)


def _check_leaves(one: Partition) -> None:
    nodes = one.devices // one.node_devices
    if one.leaf_nodes and nodes % one.leaf_nodes:
        below = max(nodes // one.leaf_nodes, 1) * one.leaf_nodes
        raise NetworkImpossible(
            f"{one.key}: {nodes:,} nodes are not a whole number of leaves with {one.leaf_nodes:,} nodes.",
            remedy=f"Take {below * one.node_devices:,} or {(below + one.leaf_nodes) * one.node_devices:,} devices.",
            site=one.site,
        )


def _check_pods(one: Partition) -> None:
    if not one.pod_leaves:
        return
    if not one.leaf_nodes:
        raise NetworkImpossible(f"{one.key} has pods of no leaves.", remedy="Write leaf_nodes too.", site=one.site)
    leaves = one.devices // one.node_devices // one.leaf_nodes
    if leaves % one.pod_leaves:
        raise NetworkImpossible(
            f"{one.key}: {leaves:,} leaves are not a whole number of pods with {one.pod_leaves:,} leaves.",
            remedy=f"Take one of {', '.join(str(each) for each in range(1, leaves + 1) if leaves % each == 0)}.",
            site=one.site,
        )


def _check_without(scenario: Scenario) -> None:
    ids = [str(factory.id) for factory in load_network().factories]
    for site in scenario.network.without:
        if site not in ids:
            raise unknown_site(site, ids)


def _own(site: OwnSite, taken: set[str]) -> Partition:
    if site.id in taken:
        raise NetworkImpossible(
            f"The site {site.id!r} is in the network already.",
            remedy="Use [[change]], or take another id.",
            site=site.id,
        )
    accelerator = accelerator_of(site.accelerator)
    if accelerator is None:
        near = difflib.get_close_matches(site.accelerator, list(load_accelerators()), n=1)
        known = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(load_accelerators())}."
        raise NetworkImpossible(
            f"{site.id}: there is no accelerator {site.accelerator!r} in the reference data.",
            remedy=known,
            site=site.id,
        )
    planned, said = gigafactory_devices()
    devices = planned if site.devices is None else site.devices
    basis = f"the scenario: {site.basis}" + (f"; {devices:,} devices by {said}" if site.devices is None else "")
    if devices % site.node_devices:
        below = max(devices // site.node_devices, 1) * site.node_devices
        raise NetworkImpossible(
            f"{site.id}: {devices:,} devices are not a whole number of nodes with {site.node_devices}.",
            remedy=f"Take {below:,} or {below + site.node_devices:,}.",
            site=site.id,
        )
    made = make_partition(
        site=site.id,
        site_name=site.name or site.id,
        name=OWN_NAME,
        country=site.country,
        accelerator=accelerator,
        devices=devices,
        node_devices=site.node_devices,
        basis=basis,
        pue=site.pue,
        gco2e_per_kwh=site.gco2e_per_kwh,
        eur_per_kwh=site.eur_per_kwh,
    )
    made = replace(made, leaf_nodes=site.leaf_nodes or 0, pod_leaves=site.pod_leaves or 0, **_by_hour(site))  # type: ignore[arg-type]  # the names are those of the class
    return replace(made, closed=((-math.inf, site.opens_on_day),)) if site.opens_on_day else made


def _by_hour(told: OwnSite | Change) -> dict[str, object]:
    """Return the hourly series of a site with their means, as far as files are named."""
    found: dict[str, object] = {}
    for file, by_hour, mean, below_zero in (
        (told.gco2e_per_kwh_file, "gco2e_by_hour", "gco2e_per_kwh", False),
        (told.eur_per_kwh_file, "eur_by_hour", "eur_per_kwh", True),
    ):
        if file is not None:
            values = _read_series(Path(file), below_zero)
            found[by_hour], found[mean] = tuple(values), math.fsum(values) / len(values)
    return found


def _read_series(path: Path, below_zero: bool) -> list[float]:
    from fabrica.planning.drawn import read_series  # which stands on this workshop's energy

    try:
        return read_series(path, below_zero=below_zero)
    except OSError as error:
        raise NetworkImpossible(
            f"{path} cannot be read: {error.strerror}.", remedy="Name a file with one number for each hour."
        ) from None


def _changed(change: Change, partitions: list[Partition]) -> list[Partition]:
    """Return the partitions with one change made."""
    named = find_partitions(partitions, change.site, change.partition)
    if change.devices is not None and len(named) > 1:
        raise NetworkImpossible(
            f"{change.site} has {len(named)} partitions; a change of devices is of one.",
            remedy=f"Name it: partition = {named[0].name!r}.",
            site=change.site,
        )
    return [_with(one, change) if one in named else one for one in partitions]


def _with(partition: Partition, change: Change) -> Partition:
    told: dict[str, object] = {
        name: value for name in ("pue", "gco2e_per_kwh", "eur_per_kwh") if (value := getattr(change, name)) is not None
    }
    told |= _by_hour(change)
    for name in ("leaf_nodes", "pod_leaves"):
        if (count := getattr(change, name)) is not None:
            told[name] = count
    if change.devices is not None:
        told["devices"] = max(change.devices // partition.node_devices, 1) * partition.node_devices
        told["basis"] = "the scenario's change"
    if change.closed_from_day is not None and change.closed_to_day is not None:
        told["closed"] = (*partition.closed, (change.closed_from_day, change.closed_to_day))
    return replace(partition, **told)  # type: ignore[arg-type]  # the names are those of the class
