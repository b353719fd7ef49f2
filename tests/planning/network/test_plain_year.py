"""The compiled year and the plain one are the same, whatever the rules; and what holds at every site holds in both."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

numpy = pytest.importorskip("numpy")

from fabrica.planning.network.asks import Ask  # noqa: E402 (the module needs NumPy)
from fabrica.planning.network.codes import NO_GRANT  # noqa: E402
from fabrica.planning.network.demand import Jobs  # noqa: E402
from fabrica.planning.network.partitions import Partition  # noqa: E402
from fabrica.planning.network.plain_year import plain_year  # noqa: E402
from fabrica.planning.network.ran import Ran  # noqa: E402
from fabrica.planning.network.setting import Setting  # noqa: E402
from fabrica.planning.scenarios.scenario import Rules  # noqa: E402
from fabrica.planning.workload_classes import DAY  # noqa: E402
from tests.planning.network.builders import make_jobs, make_partition, some_jobs  # noqa: E402

ACCOUNTS, LEVELS, CLASSES, SPAN = 3, 2, 2, 20_000
NUMBERS = {"a": 0, "b": 1, "c": 2}
ASKS = (Ask(), Ask(resource_class="gpu.h100"), Ask(country="FI"))
seconds = st.integers(0, SPAN)


@st.composite
def partitions(draw: st.DrawFn) -> tuple[Partition, ...]:
    """Return partitions of which some close for a while, and some have windows."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        node_devices, nodes = draw(st.sampled_from([1, 4])), draw(st.integers(2, 4))
        leaf_nodes = draw(st.sampled_from([0, 1 + nodes // 4]))  # one of a leaf, or two where there are four
        windows = []
        if draw(st.booleans()):
            start = draw(seconds)
            users = draw(st.sampled_from([(), ("b",), ("a", "c")]))
            end, devices = start + draw(st.integers(1, 5_000)), draw(st.integers(1, nodes)) * node_devices
            windows.append((start, end, devices, users))
        closed = []
        if draw(st.booleans()):
            start = draw(seconds)
            closed.append((start / DAY, (start + draw(st.integers(1, 9_000))) / DAY))
        found.append(
            make_partition(
                f"site-{number}",
                nodes * node_devices,
                node_devices,
                leaf_nodes=leaf_nodes,
                pod_leaves=draw(st.sampled_from([0, 1, nodes // leaf_nodes])) if leaf_nodes else 0,
                country=draw(st.sampled_from(["FI", "DE"])),
                resource_class=draw(st.sampled_from(["gpu.h100", "gpu.mi250x"])),
                bf16_teraflops=draw(st.sampled_from([989.4, 383.0])),
                windows=tuple(windows),
                closed=tuple(closed),
            )
        )
    return tuple(found)


def jobs_of(seed: int, count: int, coarse: int) -> Jobs:
    """Return jobs that contend for a few nodes; where times are coarse, several come at one second."""
    asked, draw = some_jobs(count, seed, SPAN, units_max=12), numpy.random.default_rng(seed)
    kinds = {"ask": len(ASKS), "account": ACCOUNTS, "level": LEVELS, "job_class": CLASSES}
    drawn = {name: draw.integers(0, most, count) for name, most in kinds.items()}
    return asked._replace(submit=asked.submit // coarse * coarse, **drawn)


jobs = st.builds(jobs_of, st.integers(0, 2**31), st.integers(1, 40), st.sampled_from([1, 4_000]))


@st.composite
def a_setting(draw: st.DrawFn) -> Setting:
    """Return rules each of which is on or off."""
    rules = Rules(
        fair_share=draw(st.booleans()),
        half_life_hours=draw(st.sampled_from([0.0, 1.0])),
        age_hours=draw(st.sampled_from([0.0, 0.1, 1.0])),
        age_max_hours=1.0,
        preemption=draw(st.booleans()),
        saving_seconds=draw(st.sampled_from([0, 60])),
        device_hours_per_stop=draw(st.sampled_from([0.0, 2.0, 20.0])),
        leaf_stop_share=draw(st.sampled_from([0.0, 0.5])),
        within_leaf=draw(st.booleans()),
        checkpoint_seconds=draw(st.sampled_from([0, 300])),
        restart_seconds=draw(st.sampled_from([0, 100])),
        repair_seconds=draw(st.sampled_from([0, 2_000])),
    )
    numbers = st.integers(0, ACCOUNTS - 1)
    return Setting(
        rules=rules,
        classes=CLASSES,
        accounts=ACCOUNTS,
        levels=LEVELS,
        shares=draw(st.dictionaries(numbers, st.sampled_from([0.5, 3.0]))),
        grants=draw(st.dictionaries(numbers, st.integers(0, 60_000), max_size=2)),
        numbers=NUMBERS,
        days=1,
        seed=draw(st.integers(0, 2**31)),
    )


def plain(places: tuple[Partition, ...], asked: Jobs, setting: Setting) -> Ran:
    return plain_year(places, ASKS, asked, setting, numpy.zeros(1, numpy.int64))


@settings(max_examples=60)
@given(places=partitions(), asked=jobs, setting=a_setting())
def test_the_compiled_and_the_plain_year_are_the_same(
    places: tuple[Partition, ...], asked: Jobs, setting: Setting
) -> None:
    pytest.importorskip("numba")
    from fabrica.planning.network.compiled_year import compiled_year

    expected = plain(places, asked, setting)
    found = compiled_year(places, ASKS, asked, setting, numpy.zeros(1, numpy.int64))
    for name in Ran._fields:
        assert numpy.array_equal(getattr(found, name), getattr(expected, name)), name


def in_use(ran: Ran, row: int, at: int) -> int:
    """Return the devices that jobs of one attempt use at an instant."""
    here = (ran.partition == row) & (ran.began <= at) & (at < ran.end) & (ran.attempts == 1)
    return int(ran.units[here].sum())


@given(places=partitions(), asked=jobs, setting=a_setting())
def test_no_device_is_used_twice_nor_in_a_window_and_none_starts_early_or_while_it_is_closed(
    places: tuple[Partition, ...], asked: Jobs, setting: Setting
) -> None:
    ran = plain(places, asked, setting)
    began = ran.start >= 0
    assert (ran.start >= ran.submit)[began].all()
    hours = setting.days * 24
    for row, place in enumerate(places):
        assert ran.use[row].sum(axis=0).max(initial=0) <= place.devices * 3600, "with what is in repair"
        assert ran.use.shape == (len(places), CLASSES + 1, hours)
        for at in ran.start[(ran.partition == row) & began]:
            out = sum(units for start, end, units, users in place.windows if start <= at < end and not users)
            assert in_use(ran, row, int(at)) + out <= place.devices
            assert not any(start <= at / DAY < end - 1e-9 for start, end in place.closed)


@given(places=partitions(), asked=jobs, setting=a_setting())
def test_work_is_conserved_and_every_job_ends_is_refused_is_given_up_or_finds_no_place(
    places: tuple[Partition, ...], asked: Jobs, setting: Setting
) -> None:
    ran = plain(places, asked, setting)
    ended = ran.end >= 0
    placed = ran.partition >= 0
    assert (ended | ran.is_refused | ran.is_given_up | ~placed).all()
    assert not (ended & (ran.is_refused | ran.is_given_up)).any()
    if not ran.is_given_up.any() and ran.end.max(initial=0) < DAY:
        work = int((ran.units * ran.runtime)[ended].sum())
        assert ran.use[:, :-1].sum() == work + ran.lost.sum()


@given(places=partitions(), asked=jobs, setting=a_setting())
def test_no_account_uses_more_than_its_grant(places: tuple[Partition, ...], asked: Jobs, setting: Setting) -> None:
    ran = plain(places, asked, setting)
    for account, granted in setting.grants.items():
        own = (asked.account == account) & (ran.end >= 0)
        assert (ran.units * ran.runtime)[own].sum() <= granted
    assert (ran.cause[ran.is_refused] == NO_GRANT).all()


def test_a_grant_is_of_the_whole_network_and_what_was_not_used_of_it_is_free_again() -> None:
    places = (make_partition("a"), make_partition("b"))
    asked: Any = make_jobs([(0, 100, 8, 200), (1, 100, 8, 100), (150, 100, 8, 100)])
    ran = plain_year(places, (Ask(),), asked, Setting(grants={0: 1_700}), numpy.zeros(1, numpy.int64))
    assert ran.is_refused.tolist() == [False, True, False], "1,600 are held until 100, then 800 are used"
