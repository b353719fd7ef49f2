"""What holds at every site, whatever its rules: plain and compiled agree, and the rules of the twin's page hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.engine.plain_jobs import PlainJob
from fabrica.planning.engine.plain_rates import PlainRate
from fabrica.planning.engine.plain_site import PlainSite
from fabrica.planning.engine.site_rules import NEVER, SiteRules, Window
from tests.planning.builders import CAPACITY

Asked = list[tuple[int, int, int, int, int, int]]
Windows = list[Window]
DEVICES, ACCOUNTS, LEVELS = 4, 3, 2
CARBON, PRICE = [100.0, 37.5], [80.0, 12.25]
USERS = ((), (0,), (0, 2))
short, long = ((0, 40), (0, 15), (0, 20)), ((0, 400), (0, 150), (0, 200))
job = st.sampled_from([short, long]).flatmap(
    lambda ends: st.tuples(
        st.integers(*ends[0]),
        st.integers(*ends[1]),
        st.integers(1, CAPACITY),
        st.integers(*ends[2]),
        st.integers(0, ACCOUNTS - 1),
        st.integers(0, LEVELS - 1),
    )
)
asked_jobs = st.lists(job, min_size=1, max_size=40).map(lambda jobs: sorted(jobs, key=lambda one: one[0]))


@st.composite
def rules(draw: st.DrawFn) -> SiteRules:
    """Return rules of a small site, each of them on or off."""
    node_devices = draw(st.sampled_from([0, DEVICES]))
    leaf_nodes = draw(st.sampled_from([0, 1, 2])) if node_devices else 0
    pod_leaves = draw(st.sampled_from([0, 2])) if leaf_nodes else 0
    is_fair = draw(st.booleans())
    return SiteRules(
        capacity=CAPACITY,
        node_devices=node_devices,
        accounts=ACCOUNTS,
        levels=LEVELS,
        is_fair=is_fair,
        half_life_seconds=draw(st.sampled_from([0, 7, 1000])),
        age_seconds=draw(st.sampled_from([0, 3, 20])) if is_fair else 0,
        age_steps=draw(st.sampled_from([1, 3])) if is_fair else 0,
        preempts=draw(st.booleans()),
        saving_seconds=draw(st.sampled_from([0, 3])),
        leaf_nodes=leaf_nodes,
        pod_leaves=pod_leaves,
        within_leaf=leaf_nodes > 0 and not pod_leaves and draw(st.booleans()),
        device_seconds_per_stop=draw(st.sampled_from([0.0, 60.0, 300.0])) if node_devices else 0.0,
        leaf_stop_share=draw(st.sampled_from([0.0, 0.5, 1.0])) if leaf_nodes else 0.0,
        checkpoint_seconds=draw(st.sampled_from([0, 2])),
        restart_seconds=draw(st.sampled_from([0, 1])),
        repair_seconds=draw(st.sampled_from([0, 9])),
        attempts_max=5,
        seed=draw(st.integers(0, 2**31)),
    )


@st.composite
def windows_of(draw: st.DrawFn, node_devices: int, users: tuple[tuple[int, ...], ...] = ((),)) -> Windows:
    """Return windows that take whole nodes where there are nodes, and together no more than there is."""
    found: Windows = []
    for _ in range(draw(st.integers(0, 3))):
        start, seconds = draw(st.integers(0, 50)), draw(st.integers(1, 12))
        nodes = draw(st.integers(1, 4))
        units = nodes * DEVICES if node_devices else draw(st.integers(1, CAPACITY))
        beside = sum(other[2] for other in found if other[0] < start + seconds and start < other[1])
        if beside + units <= CAPACITY:
            found.append((start, start + seconds, units, draw(st.sampled_from(users))))
    return found


def plain_run(asked: Asked, site: PlainSite) -> list[PlainJob]:
    jobs = offered(asked, site)
    site.advance(NEVER)
    return jobs


def offered(asked: Asked, site: PlainSite) -> list[PlainJob]:
    jobs = [
        PlainJob(number, submit, runtime, max(limit, runtime, 1), units, account, level)
        for number, (submit, runtime, units, limit, account, level) in enumerate(asked)
    ]
    for one in jobs:
        site.offer(one, one.submit)
    return jobs


@given(rules=rules(), asked=asked_jobs, data=st.data())
def test_compiled_and_plain_sites_do_the_same(rules: SiteRules, asked: Asked, data: st.DataObject) -> None:
    pytest.importorskip("numba")
    from fabrica.planning.engine.rates import hourly_rates
    from fabrica.planning.engine.site import advance, new_site, offer
    from fabrica.planning.engine.table import job_table

    windows = data.draw(windows_of(rules.node_devices, USERS))
    grants = data.draw(st.dictionaries(st.integers(0, ACCOUNTS - 1), st.integers(0, 2000), max_size=2))
    shares = data.draw(st.dictionaries(st.integers(0, ACCOUNTS - 1), st.sampled_from([0.5, 3.0])))
    submit, runtime, units, limit, account, level = ([row[column] for row in asked] for column in range(6))
    jobs: Any = job_table(submit, runtime, units, limit, account, level)
    site = new_site(rules, jobs, windows, grants, shares, hourly_rates(CARBON, PRICE))
    for number, one in enumerate(submit):
        offer(site, number, one)
    advance(site, NEVER)

    plain = PlainSite(rules, windows, grants, shares, [PlainRate(CARBON), PlainRate(PRICE)])
    expected = plain_run(asked, plain)
    assert list(jobs["start"]) == [one.start for one in expected]
    assert list(jobs["end"]) == [one.end for one in expected]
    assert list(jobs["attempts"]) == [one.attempts for one in expected]
    state = site.state[0]
    for name in plain.totals.__slots__:
        assert state[name] == getattr(plain.totals, name), name
    assert list(state["busy_rates"]) == plain.busy_rates
    assert state["window_device_seconds"] == plain.windows.device_seconds


@given(rules=rules(), asked=asked_jobs, data=st.data())
def test_every_unit_is_free_in_use_in_repair_or_in_a_window_at_any_instant(
    rules: SiteRules, asked: Asked, data: st.DataObject
) -> None:
    site = PlainSite(rules, data.draw(windows_of(rules.node_devices, USERS)))
    for number, (submit, runtime, units, limit, account, level) in enumerate(asked):
        site.offer(PlainJob(number, submit, runtime, max(limit, runtime, 1), units, account, level), submit)
    for now in range(600):
        site.advance(now + 1)
        if site.now == now:
            assert site.in_use + site.windows.held(now) + site.down + site.free == CAPACITY
            assert 0 <= site.most_units() <= site.free


def used(jobs: list[PlainJob], instant: int) -> int:
    """Return the units in use during the second that begins at an instant; jobs that ran once only."""
    return sum(job.units for job in jobs if job.start <= instant < job.end)


@given(asked=asked_jobs, data=st.data(), node_devices=st.sampled_from([0, DEVICES]))
def test_nothing_runs_in_what_a_window_takes_and_no_job_starts_before_it_arrives(
    asked: Asked, data: st.DataObject, node_devices: int
) -> None:
    windows = data.draw(windows_of(0))
    jobs = plain_run(asked, PlainSite(SiteRules(CAPACITY, levels=LEVELS), windows))
    for instant in {job.start for job in jobs} | {start for start, *_ in windows}:
        taken = sum(units for start, end, units, _ in windows if start <= instant < end)
        assert used(jobs, instant) + taken <= CAPACITY
    assert all(job.start >= job.submit and job.end == job.start + job.runtime for job in jobs)


@given(rules=rules(), asked=asked_jobs, data=st.data())
def test_a_reservation_holds_jobs_of_its_accounts_alone_which_end_with_it_and_none_that_fits_waits(
    rules: SiteRules, asked: Asked, data: st.DataObject
) -> None:
    site = PlainSite(rules, data.draw(windows_of(rules.node_devices, USERS)))
    jobs = offered(asked, site)
    for now in range(120):
        site.advance(now + 1)
        waiting = site.in_order()
        for one in site.windows.reserved(now):
            inside = [job for job in jobs if job.inside is one and job.began <= now and job not in waiting]
            running = [job for job in inside if job.end < 0 and not job.is_given_up]
            assert all(job.account in one.users and job.began + job.planned <= one.end for job in running)
            assert sum(job.units for job in running) <= one.held <= one.units
            able = [job for job in waiting if job.account in one.users and now + job.planned <= one.end]
            assert all(job.units > one.cluster.most_units() for job in able)


@given(asked=asked_jobs, data=st.data())
def test_jobs_of_others_use_nothing_of_a_reservation(asked: Asked, data: st.DataObject) -> None:
    windows = data.draw(windows_of(0, ((0, 2),)))
    jobs = plain_run(asked, PlainSite(SiteRules(CAPACITY, levels=LEVELS), windows))
    others = [job for job in jobs if job.account == 1]
    for instant in {job.start for job in jobs} | {start for start, *_ in windows}:
        taken = sum(units for start, end, units, _ in windows if start <= instant < end)
        assert used(others, instant) + taken <= CAPACITY
        assert used(jobs, instant) <= CAPACITY


def test_a_reservation_is_kept_free_for_its_account_whose_longer_jobs_wait_outside() -> None:
    asked = [
        (0, 30, 8, 30, 1, 0),
        (1, 40, 8, 40, 1, 0),
        (10, 5, 4, 5, 0, 0),
        (11, 12, 4, 12, 0, 0),
        (12, 2, 4, 8, 1, 0),
    ]
    site = PlainSite(SiteRules(CAPACITY, accounts=2), [(10, 20, 8, (0,))])
    jobs = plain_run(asked, site)
    assert [job.start for job in jobs] == [0, 20, 10, 30, 30]
    assert [job.inside is not None for job in jobs] == [False, False, True, False, False]


@given(asked=asked_jobs, data=st.data())
def test_easy_never_delays_the_head_between_windows(asked: Asked, data: st.DataObject) -> None:
    """With exact plans, a job starts no later than it could if nobody came after it had become the head."""
    windows = data.draw(windows_of(0))
    exact = [(submit, max(runtime, 1), units, 0, 0, 0) for submit, runtime, units, *_ in asked]
    jobs = plain_run(exact, PlainSite(SiteRules(CAPACITY), windows))
    for row, job in enumerate(jobs):
        became_head = max([job.submit, *(one.start for one in jobs[:row])])
        before = [
            one for one in jobs if one.start < became_head or (one.start == became_head and one.number < job.number)
        ]
        free = [at for at in range(became_head, job.start) if fits_from(at, job, before, windows)]
        assert not free


def fits_from(at: int, job: PlainJob, others: list[PlainJob], windows: Windows) -> bool:
    """Return whether a job fits beside others and windows from an instant on, all its time."""
    return all(
        used(others, instant) + job.units + sum(units for start, end, units, _ in windows if start <= instant < end)
        <= CAPACITY
        for instant in range(at, at + job.runtime)
    )


@given(rules=rules(), asked=asked_jobs, data=st.data())
def test_every_job_ends_once_is_refused_or_is_given_up_and_work_is_conserved(
    rules: SiteRules, asked: Asked, data: st.DataObject
) -> None:
    site = PlainSite(rules, data.draw(windows_of(rules.node_devices, USERS)))
    jobs, totals = plain_run(asked, site), site.totals
    ended = [job for job in jobs if job.end >= 0]
    assert len(ended) == totals.done == len(jobs) - totals.refused - totals.given_up
    saved = sum(job.units * (job.runtime - job.left) for job in jobs if job.end < 0)
    work = sum(job.units * job.runtime for job in ended) + saved
    assert totals.busy_device_seconds == work + totals.lost_device_seconds


def test_fair_share_converges_to_the_shares() -> None:
    """Two accounts that always ask for more than they get use the site as their shares say, whoever asks for more."""
    asked = [(0, 5, 4, 5, 0, 0)] * 400 + [(0, 10, 2, 10, 1, 0)] * 800
    site = PlainSite(SiteRules(CAPACITY, accounts=2, is_fair=True, half_life_seconds=100), shares={0: 1.0, 1: 3.0})
    jobs = plain_run(asked, site)
    whole = [job for job in jobs if 100 <= job.start < 600]  # both ask all that time
    seconds = [sum(job.units * job.runtime for job in whole if job.account == account) for account in (0, 1)]
    assert seconds[1] / seconds[0] == pytest.approx(3.0, rel=0.05)


def test_a_job_of_a_higher_level_takes_the_place_of_who_started_last_which_loses_no_work() -> None:
    rules = SiteRules(CAPACITY, levels=2, preempts=True, saving_seconds=3, restart_seconds=2)
    jobs = plain_run([(0, 50, 8, 50, 0, 0), (1, 50, 8, 50, 0, 0), (10, 5, 8, 5, 0, 1)], PlainSite(rules))
    assert [job.start for job in jobs] == [0, 1, 13], "the second job saves for 3 seconds"
    assert [job.end for job in jobs] == [50, 18 + 2 + (50 - 9), 18]


def test_a_failed_node_stops_its_jobs_which_go_on_from_their_last_checkpoint() -> None:
    rules = SiteRules(
        CAPACITY,
        DEVICES,
        device_seconds_per_stop=4000.0,
        checkpoint_seconds=10,
        restart_seconds=3,
        repair_seconds=20,
        seed=3,
    )
    site = PlainSite(rules)
    jobs = plain_run([(0, 600, CAPACITY, 600, 0, 0)], site)
    assert site.totals.stops == site.totals.stopped == jobs[0].attempts - 1 > 0
    assert jobs[0].end == 600 + site.totals.lost_device_seconds // CAPACITY + 20 * site.totals.stops


@pytest.mark.parametrize(("leaf_stop_share", "nodes"), [(0.0, 1), (1.0, 2)])
def test_a_failure_takes_a_node_or_all_of_its_leaf_used_or_not(leaf_stop_share: float, nodes: int) -> None:
    rules = SiteRules(
        CAPACITY,
        DEVICES,
        leaf_nodes=2,
        device_seconds_per_stop=4000.0,
        leaf_stop_share=leaf_stop_share,
        repair_seconds=20,
        seed=3,
    )
    site = PlainSite(rules)
    for number in range(3):  # one node stays idle
        site.offer(PlainJob(number, 0, 5000, 5000, DEVICES), 0)
    until = 0
    while site.totals.stops == 0:
        until += 1
        site.advance(until)
    assert site.down == nodes * DEVICES
    site.advance(until + 20)
    assert site.down == 0


def test_the_grant_of_an_account_ends_its_further_jobs() -> None:
    jobs = plain_run(
        [(0, 10, 4, 20, 0, 0), (1, 10, 4, 10, 0, 0), (30, 10, 4, 10, 0, 0)],
        PlainSite(SiteRules(CAPACITY), grants={0: 80}),
    )
    assert [job.start for job in jobs] == [0, -1, 30], "80 are held, then 40 are charged and 40 are free again"


def test_a_job_is_kept_within_a_leaf_where_that_is_asked() -> None:
    blocked = [(0, 10, 4, 10, 0, 0), (0, 30, 4, 30, 0, 0), (0, 10, 4, 10, 0, 0), (0, 30, 4, 30, 0, 0)]
    asked = [*blocked, (11, 5, 8, 5, 0, 0)]  # from 10 on one node of each leaf is free
    spread = plain_run(asked, PlainSite(SiteRules(CAPACITY, DEVICES, leaf_nodes=2)))
    kept = plain_run(asked, PlainSite(SiteRules(CAPACITY, DEVICES, leaf_nodes=2, within_leaf=True)))
    assert (spread[-1].start, kept[-1].start) == (11, 30)
