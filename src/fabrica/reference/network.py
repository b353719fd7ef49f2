"""The network: AI Factories, antennas, their systems and the gigafactory programme, as dated facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Literal

from fabrica.reference.accelerators import Accelerator, SoftwareStack, accelerator_of, resource_class_of
from fabrica.reference.reading import FOLDER, read_file
from fabrica.reference.sources import FactGroup, FactValue, Source
from fabrica.values.ids import SiteId
from fabrica.values.quantities import CPU_CORE, parse_bytes

MILLISECONDS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who hosts a site and where. Coordinates are those of the city, or of `coordinates_of`."""

    hosting_entity: str
    city: str
    country: str
    latitude: float
    longitude: float
    source: Source
    coordinates_of: str | None = None


@dataclass(frozen=True, slots=True)
class Consortium:
    countries: tuple[str, ...]
    partners: tuple[str, ...] | None
    source: Source
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Focus:
    sectors: tuple[str, ...] | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class ExperimentalPlatform:
    exists: bool
    name: str | None
    description: str | None
    source: Source


@dataclass(frozen=True, slots=True)
class StatusClaim:
    """What a source said of a site at its date; it may not be so today."""

    about: str
    says: str
    source: Source


@dataclass(frozen=True, slots=True)
class NativeUnit:
    """A unit in which a host or a call counts time on a partition, worth exactly `device_hours`; null: unknown."""

    name: Literal["gpu-hour", "node-hour"]
    device_hours: Fraction | None
    words: str
    source: Source

    @property
    def device_milliseconds(self) -> Fraction | None:
        """Device-milliseconds in one native unit, exact."""
        return None if self.device_hours is None else self.device_hours * MILLISECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Partition:
    """A scheduler queue and its node shape. Accelerators are packages; devices are what the scheduler hands out."""

    name: str
    kind: Literal["gpu", "cpu", "fpga", "mixed"]
    nodes: int | None
    accelerator_model: str | None = None
    accelerators_per_node: int | None = None
    accelerators_total: int | None = None
    accelerators_total_basis: Literal["published", "derived"] | None = None
    accelerators_total_qualifier: str | None = None
    accelerator_memory_gigabytes: float | None = None
    scheduler_devices_per_node: int | None = None
    cores_per_node: int | None = None
    node_memory: str | None = None
    interconnect: str | None = None
    description: str | None = None
    note: str | None = None
    native_units: tuple[NativeUnit, ...] = ()

    @property
    def accelerator(self) -> Accelerator | None:
        return accelerator_of(self.accelerator_model)

    @property
    def resource_class(self) -> str | None:
        """`cpu.core` on a CPU partition, else the accelerator's class; null when it is not known."""
        return CPU_CORE if self.kind == "cpu" else resource_class_of(self.accelerator_model)

    @property
    def software_stack(self) -> SoftwareStack | None:
        """`cpu` on a CPU partition, else the accelerator's stack; null when it is not known."""
        if self.kind == "cpu":
            return "cpu"
        return self.accelerator.software_stack if self.accelerator else None

    @property
    def node_memory_bytes(self) -> int | None:
        return parse_bytes(self.node_memory) if self.node_memory else None

    @property
    def devices_per_node(self) -> int | None:
        """Cores on a CPU partition; else what the scheduler shows, or packages times devices in each; null: unknown."""
        if self.kind == "cpu":
            return self.cores_per_node
        if self.scheduler_devices_per_node is not None or self.accelerators_per_node is None:
            return self.scheduler_devices_per_node
        return self.accelerators_per_node * (self.accelerator.devices_per_package if self.accelerator else 1)

    @property
    def devices_total(self) -> int | None:
        """Devices of the whole partition; null when it is not known."""
        if self.kind == "cpu":
            return self.nodes * self.cores_per_node if self.nodes and self.cores_per_node else None
        if self.accelerators_total is None:
            return None
        return self.accelerators_total * (self.accelerator.devices_per_package if self.accelerator else 1)


@dataclass(frozen=True, slots=True)
class QueueLimit:
    queue: str
    time_limit_hours: int
    nodes_per_run_max: int


@dataclass(frozen=True, slots=True)
class System:
    """A machine of a site, running or planned. PFLOP/s of Linpack (`hpl_pflops`) and of the peak, in double precision.

    `further` holds figures that are shown but not calculated with.
    """

    name: str
    role: Literal["current", "incoming", "upgrade"] | None
    vendor: str | None
    scheduler: str | None
    operational_since: str | None
    power_megawatts: float | None
    pue: float | None
    partitions: tuple[Partition, ...]
    source: Source | None
    planned_operation: str | None = None
    planned_end: str | None = None
    hpl_pflops: float | None = None
    peak_pflops: float | None = None
    power_basis: str | None = None
    queue_limits: tuple[QueueLimit, ...] = ()
    note: str | None = None
    further: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Factory:
    """One AI Factory. No status claim, no sector list or a null antenna list means: not found."""

    id: SiteId
    short_name: str
    full_name: str
    wave: int
    identity: Identity
    consortium: Consortium
    focus: Focus
    experimental_platform: ExperimentalPlatform
    status: tuple[StatusClaim, ...]
    linked_antennas: tuple[SiteId, ...] | None
    systems: tuple[System, ...]
    funding: FactGroup | None
    services: FactGroup | None = None

    @property
    def country(self) -> str:
        return self.identity.country


@dataclass(frozen=True, slots=True)
class Antenna:
    """A national partner with remote access to an AI Factory. It is known by country; no address was found."""

    id: SiteId
    country: str
    name: str | None
    lead: str | None
    linked_factories: tuple[SiteId, ...] | None
    source: Source
    sectors: tuple[str, ...] | None = None
    funding_eur: int | None = None
    funding_note: str | None = None
    launched: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OtherSystem:
    """A EuroHPC system that is not part of an AI Factory."""

    country: str
    city: str
    operator: str
    system: System


@dataclass(frozen=True, slots=True)
class Network:
    """The whole network. `programme` and `gigafactories` are facts to show, each group with its source."""

    compiled_on: str
    rules: tuple[str, ...]
    programme: tuple[FactGroup, ...]
    factories: tuple[Factory, ...]
    antennas: tuple[Antenna, ...]
    gigafactories: tuple[FactGroup, ...]
    other_systems: tuple[OtherSystem, ...]

    @property
    def sites(self) -> tuple[Factory | Antenna, ...]:
        """All factories, then all antennas."""
        return self.factories + self.antennas

    def site(self, site: str) -> Factory | Antenna | None:
        """Return the factory or antenna of this id; null when there is none."""
        return next((known for known in self.sites if known.id == site), None)


@cache
def load_network() -> Network:
    """Return the network.

    Raises:
        ReferenceMalformed: the data file has a mistake.
    """
    return read_file(Network, FOLDER / "network.yaml")
