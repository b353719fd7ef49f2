"""The network keeps the engine's rules at every site, and the live kernel's choice between them."""

from array import array
from typing import Any

import pytest

numpy = pytest.importorskip("numpy")
pytest.importorskip("numba")

from fabrica.placement.rank import rank  # noqa: E402 (the module needs NumPy)
from fabrica.placement.snapshot import CandidateState, Needs, Snapshot  # noqa: E402
from fabrica.planning.network.codes import AT_ONCE, FOR_WINDOW  # noqa: E402
from fabrica.planning.network.setting import Setting, changes_of  # noqa: E402
from fabrica.planning.network.year import simulate  # noqa: E402
from fabrica.planning.replay import Cluster, Estimates, replay  # noqa: E402
from fabrica.planning.replay import Policy as Rules  # noqa: E402
from fabrica.planning.trace import Trace  # noqa: E402
from fabrica.planning.workload_classes import DAY  # noqa: E402
from tests.planning.network.builders import ANY, make_jobs, make_partition, some_jobs  # noqa: E402

PLACES = (
    make_partition("a", 16),
    make_partition("b", 24, 8, gco2e_per_kwh=300.0),
    make_partition("c", 8, 4, gco2e_per_kwh=50.0, bf16_teraflops=400.0),
)


def _trace(ran: Any, rows: Any) -> Trace:
    columns = (ran.submit, ran.runtime, ran.units, ran.asked)
    submit, runtime, units, limit = (array("q", column[rows].astype(numpy.int64).tobytes()) for column in columns)
    return Trace(list(range(int(rows.sum()))), submit, runtime, units, limit)


@pytest.mark.parametrize("seed", range(4))
def test_a_site_starts_what_it_is_sent_as_the_engine_alone_would(seed: int) -> None:
    ran = simulate(PLACES, ANY, some_jobs(400, seed, units_max=8), Setting())
    for row, place in enumerate(PLACES):
        here = ran.partition == row
        assert here.any()
        alone = replay(
            _trace(ran, here), Cluster(place.devices, place.node_devices), Rules.EASY, Estimates.LIMIT, plain=True
        )
        assert list(alone.start_seconds) == ran.start[here].tolist()


def test_no_device_is_used_twice_and_no_job_starts_before_it_arrives() -> None:
    ran = simulate(PLACES, ANY, some_jobs(600, 9, units_max=8), Setting())
    assert (ran.start >= ran.submit).all()
    for row, place in enumerate(PLACES):
        here = ran.partition == row
        instants = numpy.concatenate((ran.start[here], ran.start[here] + ran.runtime[here]))
        steps = numpy.concatenate((ran.units[here], -ran.units[here]))
        order = numpy.lexsort((steps, instants))  # at one instant ends come first
        assert numpy.cumsum(steps[order]).max() <= place.devices


def test_the_broker_chooses_as_the_live_service_would() -> None:
    jobs = some_jobs(200, 3, span=29, units_max=8)  # before any site has told its waits anew, or counted what is free
    ran, sent = simulate(PLACES, ANY, jobs, Setting()), [0] * len(PLACES)
    for job in range(len(jobs.submit)):
        needs = Needs(
            run=f"run_{job:026d}",
            resource_class="any",
            nodes=int(jobs.nodes[job]),
            devices_per_node=int(jobs.node_devices[job]),
            memory_bytes_per_node=0,
            disk_bytes=0,
            time_limit_seconds=int(jobs.limit[job]),
            expected_seconds=int(jobs.runtime[job]),
            data_bytes=0,
        )
        candidates = tuple(_candidate(place, place.devices - units) for place, units in zip(PLACES, sent, strict=True))
        chosen = rank(Snapshot(needs=needs, candidates=candidates, decided_at="2026-11-21T12:00:00Z"))
        assert chosen.chosen == PLACES[ran.partition[job]].site
        sent[ran.partition[job]] += int(jobs.units[job])


def _candidate(place: Any, spare: int) -> CandidateState:
    return CandidateState(
        site=place.site,
        site_name=place.site_name,
        partition=place.name,
        country=place.country,
        resource_class="any",
        agent_age_seconds=0,
        nodes=place.devices // place.node_devices,
        devices_per_node=place.node_devices,
        devices_total=place.devices,
        devices_spare=spare,
        relative_speed=ANY[0].speed(place),
        device_watts=place.tdp_watts,
        gco2e_per_kwh=place.gco2e_per_kwh,
        allocation_free_milliseconds=2**53,
    )


def test_nothing_starts_at_a_closed_site_and_who_queued_there_goes_elsewhere() -> None:
    closed = make_partition("a", 16, closed=((0.05, 0.2),))
    other = make_partition("b", 16, gco2e_per_kwh=900.0)
    ran = simulate((closed, other), ANY, some_jobs(500, 5, span=20_000), Setting())
    here = ran.start[ran.partition == 0]
    assert not ((here >= 0.05 * DAY) & (here < 0.2 * DAY)).any()
    assert (ran.start >= 0).all()


def test_jobs_that_nobody_can_take_are_held_until_a_site_opens() -> None:
    ran = simulate((make_partition("a", closed=((0.0, 0.5),)),), ANY, make_jobs([(10, 5, 4, 9)]), Setting())
    assert ran.start.tolist() == [DAY // 2]
    assert ran.partition.tolist() == [0]


def test_a_job_that_maintenance_would_cut_off_goes_elsewhere_or_is_held_until_it_is_over() -> None:
    closed = make_partition("a", windows=((1_000, 2_000, 16, ()),))
    jobs = make_jobs([(0, 50, 4, 1_000), (1, 50, 4, 1_000), (1_500, 50, 4, 60), (2_000, 50, 4, 60)])
    alone = simulate((closed,), ANY, jobs, Setting())
    assert alone.start.tolist() == [0, 2_010, 2_010, 2_000]  # what is free is counted anew 10 s after the window
    assert alone.cause.tolist() == [AT_ONCE, FOR_WINDOW, FOR_WINDOW, AT_ONCE]
    beside = simulate((closed, make_partition("b", gco2e_per_kwh=900.0)), ANY, jobs, Setting())
    assert beside.partition.tolist() == [0, 1, 1, 0]
    assert (beside.start == jobs.submit).all()


def test_a_job_is_sent_where_a_window_leaves_some_nodes_or_is_of_accounts() -> None:
    some, of_accounts = (1_000, 2_000, 12, ()), (1_000, 2_000, 16, ("ours",))
    for window, starts in ((some, 1), (of_accounts, 1_000)):
        place = make_partition("a", windows=(window,))
        ran = simulate((place,), ANY, make_jobs([(1, 50, 4, 1_000)]), Setting(numbers={"ours": 0}))
        assert ran.start.tolist() == [starts]


def test_a_job_larger_than_every_partition_is_placed_nowhere() -> None:
    ran = simulate((make_partition("a", 16),), ANY, make_jobs([(0, 5, 32, 9), (1, 5, 4, 9)]), Setting())
    assert ran.partition.tolist() == [-1, 0]
    assert ran.start.tolist() == [-1, 1]


def test_a_job_runs_as_fast_as_the_device_it_is_on() -> None:
    slow = make_partition("a", bf16_teraflops=989.4 / 2)
    ran = simulate((slow,), ANY, make_jobs([(0, 100, 4, 150)]), Setting())
    assert (ran.runtime.tolist(), ran.asked.tolist()) == ([200], [300])


def test_closures_that_overlap_are_one() -> None:
    place = make_partition("a", closed=((0.2, 0.5), (0.0, 0.3), (0.5, 0.6), (0.8, 0.9)))
    assert [(at, closes) for at, _, closes in changes_of((place,), Setting(warm_up_days=1))] == [
        (DAY, 1),
        (round(1.6 * DAY), 0),
        (round(1.8 * DAY), 1),
        (round(1.9 * DAY), 0),
    ]
