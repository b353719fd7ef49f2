"""The embedded network's own people, project, allocation and sites: what a newcomer finds on the first start."""

import getpass
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fabrica.reference.network import Factory, load_network
from fabrica.server.access import queries as access_queries
from fabrica.server.access import service as access
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, NetworkRole
from fabrica.server.people import queries as people_queries
from fabrica.server.people import service as people
from fabrica.server.sites import queries as sites_queries
from fabrica.server.sites import service as sites
from fabrica.values.files import write_private
from fabrica.values.ids import ProjectId, SiteId, UserId
from fabrica.values.quantities import CPU_CORE, DeviceTime
from fabrica.wire.agents import PartitionInventory
from fabrica.wire.enrolment import Enrolled

SITE = SiteId("this-machine")
_FIRST_GRANT = DeviceTime(200 * 3_600_000, CPU_CORE)
_SIMULATED_GRANT_HOURS = 10_000
_DAYS = 366


def first_people(home: Path) -> ProjectId:
    """Make the user, their project, its first allocation and their token file, once; return the project."""
    email = f"{getpass.getuser()}@localhost"
    owner = people_queries.user_with(email)
    if owner is None:
        owner = people.add_user(SYSTEM, email=email, name=getpass.getuser(), network_role=NetworkRole.OPERATOR)
        organisation = people.add_organisation(SYSTEM, name="Embedded network of this machine", kind="own")
        people.open_project(SYSTEM, name="first-steps", organisation=organisation, lead=owner)
    project = people_queries.projects(SYSTEM)[0].id
    if not access_queries.allocations(SYSTEM, project, CPU_CORE):
        note = "First steps on this machine; the embedded network's own grant"
        access.grant_allocation(SYSTEM, project=project, amount=_FIRST_GRANT, ends_at=_later(), note=note)
    _keep_token(home / "token", owner)
    return project


def _keep_token(file: Path, owner: UserId) -> None:
    """See that the user's token file holds a token that goes on for half a year at least; make one only where not."""
    token = file.read_text().strip() if file.exists() else ""
    ends_at = people_queries.token_ends_at(owner, token)
    if ends_at is None or ends_at < clock.now() + timedelta(days=_DAYS // 2):
        token = people.make_token(SYSTEM, user=owner, name="embedded network", days=_DAYS)
    write_private(file, token)


def _later() -> datetime:
    return clock.now() + timedelta(days=_DAYS)


def enrol_this_machine(public_key: str, country: str | None) -> Enrolled:
    """Let the holder of a key speak for this machine."""
    sites.add_site(SYSTEM, site=SITE, name="This machine", country=country or "")
    return _enrolled(SITE, public_key)


def _enrolled(site: SiteId, public_key: str) -> Enrolled:
    agent = sites.enrol_agent(SYSTEM, site=site, name="embedded", public_key=public_key, replace=True)
    return Enrolled(agent=agent, site=site, name="embedded", server_key=sites.server_key(), server_time=clock.now())


def wait_for_first_word(stop: threading.Event) -> None:
    """Wait until this machine's agent has said what it has, at most ten seconds: a run asked for now finds a site."""
    for _ in range(100):
        if stop.wait(0.1) or sites_queries.site(SITE).inventory is not None:
            return


@dataclass(frozen=True, slots=True)
class SimulatedSite:
    """A site whose agent will be simulated: with the capacity that the reference data knows."""

    site: SiteId
    country: str
    name: str
    partitions: tuple[PartitionInventory, ...]


def enrol_simulated_site(public_key: str, one: SimulatedSite) -> Enrolled:
    """Let the holder of a key speak for a simulated site. It is marked as such."""
    sites.add_site(SYSTEM, site=one.site, name=one.name, country=one.country, simulated=True)
    return _enrolled(one.site, public_key)


def simulated_sites(project: ProjectId) -> list[SimulatedSite]:
    """Return each factory with known capacity, and grant the project time on all of them."""
    simulated = [
        SimulatedSite(factory.id, factory.country, factory.short_name, partitions)
        for factory in load_network().factories
        if (partitions := _known_partitions(factory))
    ]
    classes = {partition.resource_class for one in simulated for partition in one.partitions}
    held = {allocation.resource_class for allocation in access_queries.allocations(SYSTEM, project)}
    for resource_class in sorted(classes - held):
        amount = DeviceTime(_SIMULATED_GRANT_HOURS * 3_600_000, resource_class)
        note = "For the simulated sites of this machine's embedded network"
        access.grant_allocation(SYSTEM, project=project, amount=amount, ends_at=_later(), note=note)
    return simulated


def _known_partitions(factory: Factory) -> tuple[PartitionInventory, ...]:
    """Return the running partitions whose node shape is known; a figure that is not known stays unknown."""
    return tuple(
        PartitionInventory(
            name=f"{system.name} {partition.name}" if partition.name != system.name else partition.name,
            resource_class=partition.resource_class,
            accelerator=partition.accelerator.key if partition.accelerator else None,
            software_stack=partition.software_stack,
            nodes=partition.nodes,
            devices_per_node=partition.devices_per_node,
            devices_total=partition.devices_total,
            devices_free=partition.devices_total,
            memory_bytes_per_node=partition.node_memory_bytes,
        )
        for system in factory.systems
        if system.role == "current"
        for partition in system.partitions
        if partition.resource_class and partition.nodes and partition.devices_per_node and partition.devices_total
    )
