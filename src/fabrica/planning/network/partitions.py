"""The partitions that the twin of the network has: those of the reference data, and those a scenario adds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fabrica.reference.accelerators import Accelerator
from fabrica.reference.grid import load_grid
from fabrica.reference.network import Factory, System, load_network
from fabrica.reference.network import Partition as KnownPartition

OWN_NAME = "main"
"""Of the one partition of a site that a scenario adds."""

Outage = tuple[int, int, int, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition of a site. Null: not known. `basis`: what its figures rest on. `leaf_nodes`: 0: it has no leaves.
    `pod_leaves`: 0: they stand side by side.

    `gco2e_by_hour`, `eur_by_hour`: of a kWh in each hour of the year, where known; the yearly figures are their means.
    `closed`: days on which no job starts there, from and to, counted from the start of the year. `windows`: start and
    end of what is out of use, in seconds from the start of the year, how many devices, and the accounts that may run
    there all the same.
    """

    site: str
    site_name: str
    name: str
    country: str
    accelerator: str
    devices: int
    node_devices: int
    resource_class: str
    bf16_teraflops: float | None
    idle_watts: float | None
    tdp_watts: float | None
    basis: str
    leaf_nodes: int = 0
    pod_leaves: int = 0
    pue: float | None = None
    gco2e_per_kwh: float | None = None
    eur_per_kwh: float | None = None
    gco2e_by_hour: tuple[float, ...] = ()
    eur_by_hour: tuple[float, ...] = ()
    closed: tuple[tuple[float, float], ...] = ()
    windows: tuple[Outage, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.site}/{self.name}"

    @property
    def words(self) -> str:
        return f"{self.site_name} ({self.name})"

    @property
    def label(self) -> str:
        """What a picture calls it: its own name, or its site's where it has none."""
        return self.site_name if self.name == OWN_NAME else self.name


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A site, or one of its partitions, of which too little is known, and what is missing."""

    site: str
    place: str
    reason: str


def known_partitions(roles: Sequence[str]) -> tuple[tuple[Partition, ...], tuple[LeftOut, ...]]:
    """Return the partitions with accelerators of the AI Factories, and what is left out with its reason.

    `roles`: which systems count: `current`, `incoming`, `upgrade`.
    """
    found: list[Partition] = []
    left_out: list[LeftOut] = []
    for factory in load_network().factories:
        own = list(_of_factory(factory, roles))
        found += [one for one in own if isinstance(one, Partition)]
        left_out += [one for one in own if isinstance(one, LeftOut)]
        if not own:
            reason = f"no {' or '.join(roles)} system with accelerators is known"
            left_out.append(LeftOut(str(factory.id), factory.short_name, reason))
    return tuple(found), tuple(left_out)


def _of_factory(factory: Factory, roles: Sequence[str]) -> Iterator[Partition | LeftOut]:
    for system in factory.systems:
        if system.role not in roles:
            continue
        for partition in system.partitions:
            if partition.kind in ("gpu", "mixed"):
                yield _partition(factory, system, partition)


def _partition(factory: Factory, system: System, known: KnownPartition) -> Partition | LeftOut:
    name = known.name if known.name.startswith(system.name) else f"{system.name} {known.name}"
    accelerator, total = known.accelerator, known.devices_total
    per_node = known.devices_per_node or (node_devices_of(accelerator) if accelerator else None)
    if accelerator is None or total is None or per_node is None:
        lacks = "kind" if accelerator is None else "number" if total is None else "number in a node"
        return LeftOut(
            str(factory.id), f"{factory.short_name} ({name})", f"the {lacks} of its accelerators is not known"
        )
    return make_partition(
        site=str(factory.id),
        site_name=factory.short_name,
        name=name,
        country=factory.country,
        accelerator=accelerator,
        devices=total // per_node * per_node,
        node_devices=per_node,
        pue=system.pue,
        basis="reference data of the package",
    )


def node_devices_of(accelerator: Accelerator) -> int | None:
    """Return the devices of one host; null where that is not published."""
    packages = accelerator.packages_per_node
    return packages * accelerator.devices_per_package if packages else None


def make_partition(
    *,
    site: str,
    site_name: str,
    name: str,
    country: str,
    accelerator: Accelerator,
    devices: int,
    node_devices: int,
    basis: str,
    pue: float | None = None,
    gco2e_per_kwh: float | None = None,
    eur_per_kwh: float | None = None,
) -> Partition:
    """Return a partition with what the reference data knows of its accelerator, its grid and its price of power."""
    grid = load_grid()
    intensity = grid.country(country)
    energy = next((one for one in grid.sites if one.site == site), None)
    peak = accelerator.bf16_teraflops
    return Partition(
        site=site,
        site_name=site_name,
        name=name,
        country=country,
        accelerator=accelerator.key,
        devices=devices,
        node_devices=node_devices,
        resource_class=accelerator.resource_class,
        bf16_teraflops=None if peak is None else peak / accelerator.devices_per_package,
        idle_watts=accelerator.idle_watts_per_device,
        tdp_watts=accelerator.tdp_watts_per_device,
        basis=basis,
        pue=pue if pue is not None else (energy.pue if energy else None),
        gco2e_per_kwh=gco2e_per_kwh if gco2e_per_kwh is not None else (intensity.gco2e_per_kwh if intensity else None),
        eur_per_kwh=eur_per_kwh if eur_per_kwh is not None else _price(grid.electricity_price.facts, country),
    )


def _price(facts: Mapping[str, object], country: str) -> float | None:
    """Return the one published price of power, for the country that it is of."""
    price = facts.get("eur_per_kwh")
    return float(price) if facts.get("country") == country and isinstance(price, int | float) else None


def gigafactory_devices() -> tuple[int, str]:
    """Return how many accelerators the programme plans for each gigafactory, and where that is said."""
    concept = next(group for group in load_network().gigafactories if group.name == "concept")
    count = concept.facts["accelerators_each"]
    assert isinstance(count, int)
    assert concept.source is not None
    return count, f"the programme's concept, as of {concept.source.as_of}"
