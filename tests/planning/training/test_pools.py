"""Pools are read from text and from the network; what cannot be is refused with what could."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.training.pools import parse_pool, part_of, pool_of_site, pools_of_network
from fabrica.wire.training import DeviceUnknown, PoolRefused


def test_a_pool_is_a_kind_and_a_count() -> None:
    pool = parse_pool("H100-SXM:4_096")
    assert (pool.device.key, pool.devices, pool.resource_class, pool.node_devices) == (
        "H100-80G-SXM",
        4096,
        "gpu.h100",
        8,
    )


@pytest.mark.parametrize(
    "text", ["H100-SXM", "H100-SXM:0", "H100-SXM:-5", "H100-SXM:4.5", ":5", "H100:1e3", "H100-SXM:99999999999"]
)
def test_what_is_no_pool_is_refused(text: str) -> None:
    with pytest.raises(PoolRefused):
        parse_pool(text)


@given(st.text(max_size=20))
def test_any_text_is_a_pool_or_a_named_problem(text: str) -> None:
    try:
        assert parse_pool(text).devices >= 1
    except (PoolRefused, DeviceUnknown) as refused:
        if not refused.remedy:
            raise


def test_what_a_machine_has_beside_a_part_of_it_is_counted() -> None:
    whole = pool_of_site("lumi-aif")
    part = part_of(whole, 1024)
    assert (whole.spare_devices, part.spare_devices) == (0, whole.devices - 1024)
    assert part_of(part, 24).spare_devices == whole.devices - 24
    assert part_of(parse_pool("H100-SXM:8"), 4).spare_devices is None


def test_a_site_gives_its_largest_machine_or_part_of_it() -> None:
    whole = pool_of_site("lumi-aif")
    assert (whole.device.key, whole.devices, whole.country) == ("MI250X", 23_824, "FI")
    assert pool_of_site("lumi-aif", 512).devices == 512
    with pytest.raises(PoolRefused, match="30,000"):
        pool_of_site("lumi-aif", 30_000)


def test_a_machine_that_runs_goes_before_one_that_is_planned() -> None:
    assert pool_of_site("it4lia").planned is None


@pytest.mark.parametrize(
    ("site", "words"), [("atlantis", "no site"), ("pharos", "not published"), ("gaia", "not published")]
)
def test_a_site_without_a_published_machine_is_refused(site: str, words: str) -> None:
    with pytest.raises(PoolRefused, match=words):
        pool_of_site(site)


def test_every_pool_of_the_network_can_be_asked_for() -> None:
    pools = pools_of_network()
    assert len(pools) >= 8
    for pool in pools:
        assert part_of(pool, 1).devices == 1
        assert pool.site


def test_a_site_or_a_device_that_was_mistyped_is_named() -> None:
    with pytest.raises(PoolRefused) as refused:
        pool_of_site("jaiff")
    assert refused.value.remedy == "Did you mean 'jaif', JUPITER AI Factory?"
    with pytest.raises(PoolRefused) as nobody:
        pool_of_site("nowhere")
    assert nobody.value.remedy.startswith("Sites whose machines are published: lumi-aif (LUMI), it4lia (Leonardo)")
    with pytest.raises(DeviceUnknown) as unknown:
        parse_pool("GB2000:8")
    assert unknown.value.remedy.startswith("Did you mean 'GB200'?")
