"""How a run becomes needs, and how a site's partitions become candidates."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from fabrica.placement.snapshot import CandidateState, Needs
from fabrica.reference.accelerators import load_accelerators
from fabrica.reference.grid import load_grid
from fabrica.reference.network import Factory, System
from fabrica.server.placement import maintenance
from fabrica.values.ids import RunId, SiteId
from fabrica.waits.classes import forecast_for
from fabrica.wire.agents import Inventory, PartitionInventory
from fabrica.wire.runs import RunSpec

PASSING = frozenset({"site_fresh", "draining", "maintenance", "already_declined", "allocation", "site_account"})
"""Filters whose answer can change while a run waits. A run that only these refuse is held; any other is refused."""


PLAN = RunId("run_" + "0" * 26)
"""Stands for a run that is planned and not stored; ties are broken by it."""


def needs_of(run: RunId | None, spec: RunSpec) -> Needs:
    """Return what a run asks, as placement reads it. A run that is only planned is `PLAN`."""
    resources = spec.resources
    return Needs(
        run=run or PLAN,
        resource_class=resources.resource_class,
        nodes=resources.nodes,
        devices_per_node=resources.devices,
        memory_bytes_per_node=resources.memory_bytes,
        disk_bytes=resources.disk_bytes,
        time_limit_seconds=resources.time_limit_seconds,
        expected_seconds=spec.expected_seconds,
        countries=_countries(spec),
        sites=spec.sites,
        data_bytes=None if spec.datasets else 0,
        containers=spec.environment.image is not None,
        interactive=spec.interactive is not None,
        accept_simulated=spec.accept_simulated,
    )


def _countries(spec: RunSpec) -> tuple[str, ...] | None:
    """Return where the run and all its data may be: the countries that every limit allows."""
    limits = [
        set(limit) for limit in (spec.countries, *(dataset.countries for dataset in spec.datasets)) if limit is not None
    ]
    return tuple(sorted(set.intersection(*limits))) if limits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the run's project may use at a site. `free_milliseconds`: None: it has no allocation there."""

    reserve_milliseconds: int
    free_milliseconds: int | None = None
    granted_milliseconds: int | None = None
    starts_in_seconds: int = 0
    ends_in_seconds: int | None = None

    def columns(self) -> "_ShareColumns":
        """Return the columns of a candidate that tell the share."""
        return {
            "allocation_free_milliseconds": self.free_milliseconds,
            "allocation_granted_milliseconds": self.granted_milliseconds,
            "allocation_starts_in_seconds": self.starts_in_seconds,
            "allocation_ends_in_seconds": self.ends_in_seconds,
            "reserve_milliseconds": self.reserve_milliseconds,
        }


class _ShareColumns(TypedDict):
    allocation_free_milliseconds: int | None
    allocation_granted_milliseconds: int | None
    allocation_starts_in_seconds: int
    allocation_ends_in_seconds: int | None
    reserve_milliseconds: int


ShareOf = Callable[[SiteId], Share]
"""Answers what the project may use at a site; the slice that knows allocations gives it."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Devices that our own runs ask for at a partition: of those on their way there, and of those that queue there."""

    coming: int = 0
    queued: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What runs have met. `declined`: sites that did not take this run. `failure_shares`: where enough is known, the
    share of a site's recent attempts that ended by the site's fault. `known_as`: what sites may know the person by.
    `ours`: what waits of our own, by site and partition."""

    declined: frozenset[SiteId] = frozenset()
    failure_shares: Mapping[SiteId, float] = field(default_factory=dict)
    known_as: frozenset[str] = frozenset()
    ours: Mapping[SiteId, Mapping[str, Ours]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """A site with an agent, as it is now. `failure_share`: of its recent attempts, those that the site failed.

    `ours`: what waits of our own, by partition.
    """

    site: SiteId
    name: str
    country: str
    simulated: bool
    draining: bool
    agent_age_seconds: int | None
    silent_seconds: int | None
    inventory: Inventory | None
    failure_share: float | None
    ours: Mapping[str, Ours]
    declined: bool
    site_account: bool | None
    own_site: bool | None


def candidates_of_agent(seen: SiteSeen, share: Share, needs: Needs, now: datetime) -> list[CandidateState]:
    """Return a candidate for each partition that the site's agent told of, with the waits of runs like this one."""
    if seen.inventory is None:
        return []
    power, shared = _power(seen.site, seen.country), share.columns()
    return [
        CandidateState(
            site=seen.site,
            site_name=seen.name,
            partition=partition.name,
            country=seen.country,
            resource_class=partition.resource_class,
            simulated=seen.simulated or seen.inventory.simulated,
            agent_age_seconds=seen.agent_age_seconds,
            silent_seconds=seen.silent_seconds,
            draining=seen.draining or _takes_no_work(partition, now),
            declined=seen.declined,
            site_account=seen.site_account,
            own_site=seen.own_site,
            support=seen.inventory.support,
            accelerator=partition.accelerator,
            software_stack=partition.software_stack,
            containers=_runs_containers(partition, seen.inventory),
            interactive=seen.inventory.interactive,
            nodes=partition.nodes,
            devices_per_node=partition.devices_per_node,
            devices_total=partition.devices_total,
            devices_free=partition.devices_free,
            devices_spare=_devices_spare(partition, seen.inventory.engine, seen.ours.get(partition.name, Ours())),
            memory_bytes_per_node=partition.memory_bytes_per_node,
            disk_free_bytes=partition.disk_free_bytes,
            time_limit_seconds_max=partition.time_limit_seconds_max,
            nodes_per_run_max=partition.nodes_per_run_max,
            **maintenance.columns(partition.maintenance, now),
            **_waits(partition, needs),
            device_watts=_device_watts(partition.accelerator),
            failure_share=seen.failure_share,
            **shared,
            **power,
        )
        for partition in seen.inventory.partitions
    ]


def _devices_spare(partition: PartitionInventory, engine: str, ours: Ours) -> int | None:
    """Return the free devices without those that all ask for who wait; None: one of the two is not known.

    Slurm tells everybody's queue, ours in it; the other engines tell none, for they run nothing but ours.
    """
    if partition.devices_free is None or (partition.queue is None and engine == "slurm"):
        return None
    queued = ours.queued if partition.queue is None else sum(one.devices_waiting for one in partition.queue)
    return partition.devices_free - queued - ours.coming


def _runs_containers(partition: PartitionInventory, inventory: Inventory) -> bool | None:
    """Say whether runs find containers there. An agent so old that it tells nothing would run them outside of one."""
    return False if partition.containers is None and inventory.interactive is None else partition.containers


def _takes_no_work(partition: PartitionInventory, now: datetime) -> bool:
    """Say whether every node of a partition is out; that passes, so runs wait for it or go elsewhere.

    In maintenance they are out for that, which is told as such and has its end.
    """
    all_out = bool(partition.nodes) and len(partition.nodes_out) >= (partition.nodes or 0)
    return all_out and not maintenance.goes_on(partition.maintenance, now)


class _WaitColumns(TypedDict, total=False):
    wait_q50_seconds: float
    wait_q90_seconds: float
    wait_samples: int


def _waits(partition: PartitionInventory, needs: Needs) -> _WaitColumns:
    told = forecast_for(partition.waits, needs.devices, needs.time_limit_seconds)
    if told is None:
        return {}
    return {
        "wait_q50_seconds": told.q50_seconds,
        "wait_q90_seconds": told.q90_seconds,
        "wait_samples": told.samples,
    }


def candidates_of_reference(factory: Factory, share: Share) -> list[CandidateState]:
    """Return a candidate for each known partition of a factory whose agent has never connected."""
    power = _power(factory.id, factory.country)
    return [
        CandidateState(
            site=factory.id,
            site_name=factory.short_name,
            partition=f"{system.name} {partition.name}" if partition.name != system.name else partition.name,
            country=factory.country,
            resource_class=partition.resource_class or "unknown",
            accelerator=partition.accelerator.key if partition.accelerator else partition.accelerator_model,
            software_stack=partition.software_stack,
            nodes=partition.nodes,
            devices_per_node=partition.devices_per_node,
            devices_total=partition.devices_total,
            nodes_per_run_max=_limit(system, "nodes_per_run_max"),
            time_limit_seconds_max=_limit(system, "time_limit_hours", 3600),
            device_watts=_device_watts(partition.accelerator.key if partition.accelerator else None),
            **share.columns(),
            **power,
        )
        for system in factory.systems
        if system.role == "current"
        for partition in system.partitions
    ] or [
        CandidateState(
            site=factory.id,
            site_name=factory.short_name,
            partition="no running partition is known",
            country=factory.country,
            resource_class="unknown",
            **share.columns(),
            **power,
        )
    ]


def _limit(system: System, name: str, factor: int = 1) -> int | None:
    """Return the widest stated queue limit of a system; null when none is stated."""
    return max((getattr(limit, name) * factor for limit in system.queue_limits), default=None)


def _device_watts(accelerator: str | None) -> float | None:
    known = load_accelerators().get(accelerator or "")
    return known.tdp_watts_per_device if known else None


class _PowerColumns(TypedDict):
    pue: float | None
    gco2e_per_kwh: float | None
    grid_year: int | None


def _power(site: SiteId, country: str) -> _PowerColumns:
    grid = load_grid()
    intensity, energy = grid.country(country), grid.site(site)
    return {
        "pue": energy.pue if energy else None,
        "gco2e_per_kwh": intensity.gco2e_per_kwh if intensity else None,
        "grid_year": intensity.year if intensity else None,
    }


def may_be_placed(refusals: Iterable[Iterable[str]]) -> bool:
    """Return whether some candidate takes the run now, or is refused only for what can pass, by the codes of each."""
    return any(PASSING.issuperset(codes) for codes in refusals)


def pack(text: bytes) -> bytes:
    """Return text as it is stored."""
    return zlib.compress(text, level=1)


def unpack(stored: bytes) -> bytes:
    """Return text that was stored."""
    return zlib.decompress(stored)
