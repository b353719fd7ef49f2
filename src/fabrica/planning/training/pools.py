"""Pools of devices: so many of a kind, or a partition of a site of the network."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fabrica.planning.training.devices import Device, find_device
from fabrica.reference.accelerators import load_accelerators
from fabrica.reference.network import Factory, Partition, System, load_network
from fabrica.reference.site_names import nearest_site
from fabrica.wire.training import DeviceUnknown, PoolRefused

_POOL = re.compile(r"^\s*(?P<name>[^:]+?)\s*:\s*(?P<count>[\d_,]+)\s*$")
NVL4 = 4  # devices of a scale-up domain in this form of a superchip, where the product has 72
DEVICES_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Pool:
    """Devices of one kind that train together; the site, system and partition where they stand, if that is known.

    `spare_devices`: what the partition has beside them; null where that is not known.
    """

    device: Device
    devices: int
    site: str | None = None
    country: str | None = None
    system: str | None = None
    partition: str | None = None
    planned: str | None = None
    pue: float | None = None
    spare_devices: int | None = None

    @property
    def resource_class(self) -> str | None:
        """The class a run asks for; null where the device is not of the network."""
        return load_accelerators()[self.device.accelerator].resource_class if self.device.accelerator else None

    @property
    def node_devices(self) -> int:
        """Devices of one host; 8 where that is not published."""
        known = load_accelerators()[self.device.accelerator] if self.device.accelerator else None
        return (known.packages_per_node or 8) * known.devices_per_package if known else 8

    @property
    def words(self) -> str:
        place = f" at {self.site}" + (f" ({self.system})" if self.system else "") if self.site else ""
        return f"{self.devices:,} x {self.device.key}{place}"


def parse_pool(text: str) -> Pool:
    """Return the pool of `H100-SXM:4096`.

    Raises:
        PoolRefused: not of this form, or a count that cannot be.
        DeviceUnknown: there is no such accelerator.
    """
    found = _POOL.match(text)
    count = int(re.sub(r"[_,]", "", found["count"]) or "0") if found else 0
    if found is None or not 1 <= count <= DEVICES_MAX:
        raise PoolRefused(
            f"{text!r} is no pool of accelerators.",
            remedy="Write KIND:COUNT, such as H100-SXM:4096.",
        )
    return Pool(find_device(found["name"]), count)


def pools_of_network() -> tuple[Pool, ...]:
    """Return every partition of a site whose accelerators and their number are published, in the network's order."""
    return tuple(_pools())


def _pools() -> Iterator[Pool]:
    for factory in load_network().factories:
        for system in factory.systems:
            for partition in system.partitions:
                pool = _pool(factory, system, partition)
                if pool is not None:
                    yield pool


def _pool(factory: Factory, system: System, partition: Partition) -> Pool | None:
    if partition.kind != "gpu" or partition.accelerator is None or not partition.devices_total:
        return None
    try:
        device = find_device(partition.accelerator.key)
    except DeviceUnknown:
        return None
    if device.bf16_teraflops is None:
        return None
    if "NVL4" in (partition.accelerator_model or ""):
        device = replace(device, domain=NVL4)
    planned = None if system.role == "current" else system.planned_operation or "not yet running"
    return Pool(
        device,
        partition.devices_total,
        str(factory.id),
        factory.country,
        system.name,
        partition.name,
        planned,
        system.pue,
        spare_devices=0,
    )


def pool_of_site(site: str, devices: int | None = None) -> Pool:
    """Return the largest published pool of a site, or `devices` of it.

    Raises:
        PoolRefused: there is no such site, no count of its accelerators is published, or it has fewer.
    """
    if load_network().site(site) is None:
        raise PoolRefused(f"There is no site {site!r:.60} in the network.", remedy=_site_meant(site))
    own = [pool for pool in pools_of_network() if pool.site == site]
    if not own:
        raise PoolRefused(
            f"How many accelerators {site} has is not published.",
            remedy="Give the pool yourself, such as --accelerators GH200:512.",
        )
    largest = max(own, key=lambda pool: (pool.planned is None, pool.devices * (pool.device.bf16_teraflops or 0)))
    return largest if devices is None else part_of(largest, devices)


def _site_meant(site: str) -> str:
    """Return the site that may have been meant, or all whose machines are published."""
    near = nearest_site(site, [str(one.id) for one in load_network().factories])
    if near is not None:
        known = next(one for one in load_network().factories if one.id == near)
        return f"Did you mean {near!r}, {known.full_name}?"
    machines = {pool.site: pool.system for pool in reversed(pools_of_network())}
    told = ", ".join(f"{one} ({machine})" for one, machine in reversed(machines.items()))
    return f"Sites whose machines are published: {told}."


def part_of(pool: Pool, devices: int) -> Pool:
    """Return so many devices of a pool.

    Raises:
        PoolRefused: it has fewer.
    """
    if not 1 <= devices <= pool.devices:
        raise PoolRefused(
            f"{devices:,} devices are not to be had of {pool.words}.", remedy=f"Ask for 1 to {pool.devices:,}."
        )
    beside = None if pool.spare_devices is None else pool.spare_devices + pool.devices - devices
    return replace(pool, devices=devices, spare_devices=beside)
