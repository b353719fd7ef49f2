"""What holds at every site, whatever its rules: plain and compiled agree, and the rules of the twin's page hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.engine.plain_rates import PlainRate
from fabrica.planning.engine.plain_site import PlainJob, PlainSite
from fabrica.planning.engine.site_rules import NEVER, SiteRules
from tests.planning.builders import CAPACITY

Asked = list[tuple[int, int, int, int, int, int]]
Windows = list[tuple[int, int, int]]
DEVICES, ACCOUNTS, LEVELS = 4, 3, 2
CARBON, PRICE = [100.0, 37.5], [80.0, 12.25]
job = st.tuples(*(st.integers(*ends) for ends in ((0, 40), (0, 15), (1, CAPACITY), (0, 20), (0, 2), (0, 1))))
asked_jobs = st.lists(job, min_size=1, max_size=40).map(lambda jobs: sorted(jobs, key=lambda one: one[0]))


@st.composite
def rules(draw: st.DrawFn) -> SiteRules:
    """Return rules of a small site, each of them on or off."""
    node_devices = draw(st.sampled_from([0, DEVICES]))
    leaf_nodes = draw(st.sampled_from([0, 2])) if node_devices else 0
    return SiteRules(
        capacity=CAPACITY,
        node_devices=node_devices,
        accounts=ACCOUNTS,
        levels=LEVELS,
        is_fair=draw(st.booleans()),
        half_life_seconds=draw(st.sampled_from([0, 7, 1000])),
        preempts=draw(st.booleans()),
        saving_seconds=draw(st.sampled_from([0, 3])),
        leaf_nodes=leaf_nodes,
        within_leaf=leaf_nodes > 0 and draw(st.booleans()),
        device_seconds_per_stop=draw(st.sampled_from([0.0, 60.0, 300.0])) if node_devices else 0.0,
        checkpoint_seconds=draw(st.sampled_from([0, 2])),
        restart_seconds=draw(st.sampled_from([0, 1])),
        repair_seconds=draw(st.sampled_from([0, 9])),
        attempts_max=5,
        seed=draw(st.integers(0, 2**31)),
    )


@st.composite
def windows_of(draw: st.DrawFn, node_devices: int) -> Windows:
    """Return windows that take whole nodes where there are nodes, and together no more than there is."""
    found: Windows = []
    for _ in range(draw(st.integers(0, 3))):
        start, seconds = draw(st.integers(0, 50)), draw(st.integers(1, 12))
        nodes = draw(st.integers(1, 4))
        units = nodes * DEVICES if node_devices else draw(st.integers(1, CAPACITY))
        beside = sum(other[2] for other in found if other[0] < start + seconds and start < other[1])
        if beside + units <= CAPACITY:
            found.append((start, start + seconds, units))
    return found


def plain_run(asked: Asked, site: PlainSite) -> list[PlainJob]:
    jobs = [
        PlainJob(number, submit, runtime, max(limit, runtime, 1), units, account, level)
        for number, (submit, runtime, units, limit, account, level) in enumerate(asked)
    ]
    for one in jobs:
        site.offer(one, one.submit)
    site.advance(NEVER)
    return jobs


@given(rules=rules(), asked=asked_jobs, data=st.data())
def test_compiled_and_plain_sites_do_the_same(rules: SiteRules, asked: Asked, data: st.DataObject) -> None:
    pytest.importorskip("numba")
    from fabrica.planning.engine.rates import hourly_rates
    from fabrica.planning.engine.site import advance, new_site, offer
    from fabrica.planning.engine.table import job_table

    windows = data.draw(windows_of(rules.node_devices))
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
