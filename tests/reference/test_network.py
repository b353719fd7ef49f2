"""The network's facts are whole, sourced, and say the same as what was read."""

import dataclasses
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest

from fabrica.reference.accelerators import accelerator_of
from fabrica.reference.geography import VIEW_HEIGHT, VIEW_WIDTH, load_europe, project
from fabrica.reference.grid import load_grid
from fabrica.reference.network import Antenna, Factory, Partition, load_network
from fabrica.reference.sources import Source
from fabrica.values.ids import SiteId
from fabrica.values.quantities import check_resource_class

NETWORK = load_network()
PARTITIONS = {
    (site.id, system.name, partition.name): partition
    for site in NETWORK.factories
    for system in site.systems
    for partition in system.partitions
}
NOT_KNOWN_AS_ACCELERATORS = {"Axelera", "Intel Stratix 10MX"}  # no figures of these were read


def test_the_network_has_19_factories_in_three_waves_and_13_antennas() -> None:
    waves = [factory.wave for factory in NETWORK.factories]
    assert [waves.count(wave) for wave in (1, 2, 3)] == [7, 6, 6]
    assert len({factory.country for factory in NETWORK.factories}) == 16
    assert len(NETWORK.antennas) == 13


def test_the_counts_agree_with_the_published_ones() -> None:
    published = {group.name: group.facts for group in NETWORK.programme}
    assert published["factories_selected"]["total"] == len(NETWORK.factories)
    assert published["antennas_selected"]["total"] == len(NETWORK.antennas)


def test_every_id_is_a_site_name_and_given_once() -> None:
    ids = [site.id for site in NETWORK.sites]
    assert [SiteId.parse(site) for site in ids] == ids
    assert len(set(ids)) == len(ids)


def test_a_site_is_found_by_its_id_and_an_unknown_one_is_not() -> None:
    lumi, belgium = NETWORK.site("lumi-aif"), NETWORK.site("be")
    assert isinstance(lumi, Factory)
    assert lumi.identity.city == "Kajaani"
    assert isinstance(belgium, Antenna)
    assert NETWORK.site("atlantis") is None


def test_links_between_factories_and_antennas_lead_to_known_sites() -> None:
    factories = {factory.id for factory in NETWORK.factories}
    antennas = {antenna.id for antenna in NETWORK.antennas}
    assert {link for antenna in NETWORK.antennas for link in antenna.linked_factories or ()} <= factories
    assert {link for factory in NETWORK.factories for link in factory.linked_antennas or ()} <= antennas


def test_a_link_named_by_a_factory_is_named_by_the_antenna_too() -> None:
    for factory in NETWORK.factories:
        for link in factory.linked_antennas or ():
            antenna = NETWORK.site(link)
            assert isinstance(antenna, Antenna)
            assert factory.id in (antenna.linked_factories or ())


def test_every_source_has_an_address() -> None:
    found = list(sources(NETWORK))
    assert len(found) > 200
    assert all(source.addresses and all(address.startswith("http") for address in source.addresses) for source in found)


def test_facts_without_a_source_are_unknown() -> None:
    for factory in NETWORK.factories:
        assert factory.focus.source or factory.focus.sectors is None
        assert all(
            system.source or not (system.partitions or system.vendor or system.further) for system in factory.systems
        )
        assert factory.funding is None or factory.funding.source or not any(factory.funding.facts.values())


def test_every_status_is_a_claim_with_its_date() -> None:
    claims = [claim for factory in NETWORK.factories for claim in factory.status]
    assert len(claims) > 16
    assert all(claim.says and claim.source.as_of for claim in claims)


@pytest.mark.parametrize(
    ("key", "nodes", "total"),
    [
        (("lumi-aif", "LUMI", "LUMI-G"), 2978, 11912),
        (("it4lia", "Leonardo", "Booster"), 3456, 13824),
        (("bsc-aif", "MareNostrum 5", "ACC"), 1120, 4480),
        (("jaif", "JUPITER", "Booster"), None, 24000),
        (("czai", "Karolina", "accelerated"), 72, 576),
        (("l-aif", "MeluXina", "Accelerator GPU"), 200, 800),
        (("slaif", "Vega", "GPU"), 60, 240),
    ],
)
def test_nodes_and_accelerators_are_those_that_were_read(
    key: tuple[SiteId, str, str], nodes: int | None, total: int
) -> None:
    assert (PARTITIONS[key].nodes, PARTITIONS[key].accelerators_total) == (nodes, total)


def test_a_derived_total_is_nodes_times_accelerators() -> None:
    derived = [partition for partition in PARTITIONS.values() if partition.accelerators_total_basis == "derived"]
    assert len(derived) >= 6
    for partition in derived:
        assert partition.nodes is not None
        assert partition.accelerators_per_node is not None
        assert partition.accelerators_total == partition.nodes * partition.accelerators_per_node


def test_every_accelerator_model_is_known_or_listed_as_unknown() -> None:
    models = {partition.accelerator_model for partition in PARTITIONS.values() if partition.accelerator_model}
    assert {model for model in models if accelerator_of(model) is None} == NOT_KNOWN_AS_ACCELERATORS


def test_resource_classes_are_well_formed_or_unknown() -> None:
    classes = {partition.resource_class for partition in PARTITIONS.values()} - {None}
    assert {check_resource_class(name) for name in classes if name} == classes
    assert {"cpu.core", "gpu.mi250x", "gpu.gh200", "gpu.a100", "gpu.h100"} <= classes


@pytest.mark.parametrize(
    ("key", "stack"),
    [
        (("lumi-aif", "LUMI", "LUMI-G"), "rocm"),
        (("jaif", "JUPITER", "Booster"), "cuda-arm"),
        (("it4lia", "Leonardo", "Booster"), "cuda-x86"),
        (("lumi-aif", "LUMI", "LUMI-C"), "cpu"),
        (("l-aif", "MeluXina", "Accelerator FPGA"), None),
        (("gaia", "Gaia", "gpu"), None),
    ],
)
def test_software_stack_follows_from_the_accelerator(key: tuple[SiteId, str, str], stack: str | None) -> None:
    assert PARTITIONS[key].software_stack == stack


def test_a_lumi_gpu_hour_is_two_device_hours_and_a_node_hour_eight() -> None:
    lumi_g = PARTITIONS[SiteId("lumi-aif"), "LUMI", "LUMI-G"]
    units = {unit.name: unit for unit in lumi_g.native_units}
    assert units["gpu-hour"].device_hours == Fraction(2)
    assert units["gpu-hour"].device_milliseconds == 7_200_000
    assert units["node-hour"].device_hours == lumi_g.devices_per_node == 8
    assert lumi_g.devices_total == 2 * 11912


def test_a_node_hour_is_the_devices_of_a_node_or_unknown() -> None:
    for partition in PARTITIONS.values():
        for unit in partition.native_units:
            assert unit.source.addresses
            if unit.name == "node-hour":
                assert unit.device_hours == partition.devices_per_node


def test_devices_the_scheduler_shows_agree_with_the_accelerator() -> None:
    shown = [partition for partition in PARTITIONS.values() if partition.scheduler_devices_per_node]
    assert shown
    for partition in shown:
        assert partition.accelerator is not None
        assert partition.accelerators_per_node is not None
        packages = partition.accelerators_per_node
        assert partition.scheduler_devices_per_node == packages * partition.accelerator.devices_per_package


def test_cores_and_memory_are_only_given_where_they_were_read() -> None:
    general = PARTITIONS[SiteId("it4lia"), "Leonardo", "Data Centric General Purpose"]
    assert (general.cores_per_node, general.node_memory_bytes) == (112, 512 * 10**9)
    mixed_memory = PARTITIONS[SiteId("lumi-aif"), "LUMI", "LUMI-C"]
    assert (mixed_memory.cores_per_node, mixed_memory.node_memory_bytes) == (None, None)
    assert (mixed_memory.devices_per_node, mixed_memory.devices_total) == (None, None)


def test_an_unknown_node_shape_stays_unknown() -> None:
    empty = Partition(name="gpu", kind="gpu", nodes=None)
    assert (empty.devices_per_node, empty.devices_total, empty.resource_class, empty.software_stack) == (None,) * 4


def test_every_site_has_a_carbon_intensity_and_a_place_on_the_map() -> None:
    grid, europe = load_grid(), load_europe()
    for site in NETWORK.sites:
        assert grid.country(site.country)
        assert site.country in europe.outlines
    for factory in NETWORK.factories:
        x, y = project(factory.identity.latitude, factory.identity.longitude)
        assert 0 < x < VIEW_WIDTH
        assert 0 < y < VIEW_HEIGHT


def sources(value: Any) -> Iterator[Source]:
    """Yield every source inside a value."""
    if isinstance(value, Source):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from sources(getattr(value, field.name))
    elif isinstance(value, tuple | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from sources(item)
