"""What windows and repairs take comes back: at any instant every node is of one place, in both engines."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.cluster import NONE, OPEN
from fabrica.planning.engine.plain_jobs import PlainJob
from fabrica.planning.engine.plain_site import PlainSite
from fabrica.planning.engine.site import NEVER, Site, SiteRules, advance, new_site, offer
from fabrica.planning.engine.site_rules import Window
from fabrica.planning.engine.table import job_table

DEVICES, NODES = 4, 6
CAPACITY = DEVICES * NODES
LATE = 5_000
"""After every window; a job that comes so late lets a site go on until then."""

Asked = list[tuple[int, int, int]]
"""Submit, run time and units."""

job = st.tuples(st.integers(0, 90), st.integers(0, 25), st.integers(1, 8) | st.integers(1, CAPACITY))
asked_jobs = st.lists(job, min_size=10, max_size=40).map(lambda jobs: [*sorted(jobs), (LATE, 1, 1)])


@st.composite
def rules(draw: st.DrawFn) -> SiteRules:
    """Return rules of a small site whose nodes fail often."""
    return SiteRules(
        CAPACITY,
        DEVICES,
        leaf_nodes=2,
        device_seconds_per_stop=draw(st.sampled_from([50.0, 300.0])),
        leaf_stop_share=draw(st.sampled_from([0.0, 0.5])),
        repair_seconds=draw(st.sampled_from([1, 20, 60])),
        restart_seconds=1,
        attempts_max=8,
        seed=draw(st.integers(0, 2**31)),
    )


@st.composite
def windows(draw: st.DrawFn) -> list[Window]:
    """Return windows of whole nodes that lie in one another, or beside, and together take no more than there is."""
    found: list[Window] = []
    for _ in range(draw(st.integers(1, 5))):
        start, nodes = draw(st.integers(0, 80)), draw(st.sampled_from([1, 2, 3, NODES]))
        users = draw(st.sampled_from([(), (), (0,)]))
        asked = [*found, (start, start + draw(st.integers(1, 30)), nodes * DEVICES, users)]
        if all(sum(one[2] for one in asked if one[0] <= at < one[1]) <= CAPACITY for at, *_ in asked):
            found = asked
    return found


def both(rules: SiteRules, asked: Asked, taken: list[Window]) -> tuple[Site, PlainSite]:
    """Return the compiled and the plain site, to which the jobs are offered."""
    submit, runtime, units = ([one[column] for one in asked] for column in range(3))
    compiled, plain = new_site(rules, job_table(submit, runtime, units, -1), taken), PlainSite(rules, taken)
    for number, at in enumerate(submit):
        offer(compiled, number, at)
        plain.offer(PlainJob(number, at, runtime[number], max(runtime[number], 1), units[number]), at)
    return compiled, plain


def nodes_of_windows(site: Site, now: int) -> list[set[int]]:
    """Return the nodes of each open window."""
    is_open = [one for one in site.windows if one["start"] <= now < one["end"]]
    return [{node for node in range(NODES) if site.cluster.pool_of[node] == one["pool"]} for one in is_open]


def in_repair(site: Site) -> list[int]:
    return sorted(int(node) for node in site.repairs.job[: site.repairs.count[0]])


def devices_in_use(site: Site, node: int) -> int:
    """Return the devices of a node that jobs hold, by what stands at the jobs."""
    holders = [one for one in site.cluster.holders[node * DEVICES : (node + 1) * DEVICES] if one != NONE]
    rests = [int(site.jobs["units"][one]) % DEVICES for one in holders if site.cluster.rest[one] == node]
    return sum(rests) + DEVICES * (len(holders) - len(rests))


def check_nodes(site: Site, now: int) -> None:
    """Check that each node is open, in repair or of one window, and that all sums are those of the nodes."""
    state, cluster, taken, broken = site.state[0], site.cluster, nodes_of_windows(site, now), in_repair(site)
    of_windows = [node for nodes in taken for node in nodes]
    assert len({*of_windows, *broken}) == len(of_windows) + len(broken), "no node is of two places"
    assert {node for node in range(NODES) if cluster.pool_of[node] != OPEN} == set(of_windows)
    reserved: set[int] = set()
    wanted = 0
    for one, nodes in zip([one for one in site.windows if one["start"] <= now < one["end"]], taken, strict=True):
        assert one["taken"] == len(nodes) * DEVICES <= one["units"]
        wanted += int(one["units"])
        reserved |= nodes if one["users"] != NONE else set()
    open_nodes = set(range(NODES)) - {*of_windows, *broken}
    for node in range(NODES):
        there = DEVICES if node in open_nodes | reserved else 0
        assert cluster.free_of[node] + devices_in_use(site, node) == there
    assert cluster.free[OPEN] == sum(cluster.free_of[node] for node in open_nodes)
    assert cluster.wholes[0] == sum(cluster.free_of[node] == DEVICES for node in open_nodes)
    assert (state["taken"], state["owed"]) == (len(of_windows) * DEVICES, wanted - len(of_windows) * DEVICES)
    assert (state["down"], state["open"]) == (len(broken) * DEVICES, len(taken))
    assert not (state["owed"] and cluster.wholes[0]), "a window that lacks nodes takes each that is free as a whole"


@given(rules=rules(), asked=asked_jobs, taken=windows())
def test_at_any_instant_every_node_is_open_in_repair_or_of_one_window_and_in_the_end_all_are_free(
    rules: SiteRules, asked: Asked, taken: list[Window]
) -> None:
    compiled, plain = both(rules, asked, taken)
    state: Any = compiled.state[0]
    now = -1
    while (now := advance(compiled, now + 1)) < NEVER:
        advance(compiled, now + 1)
        plain.advance(now + 1)
        check_nodes(compiled, now)
        assert plain.windows.held(now) == state["taken"]
        assert (plain.free, plain.down) == (compiled.cluster.free[OPEN], state["down"])
    assert (compiled.cluster.free[OPEN], compiled.cluster.wholes[0], plain.free) == (CAPACITY, NODES, CAPACITY)
    assert (state["taken"], state["owed"], state["down"], state["busy"]) == (0, 0, 0, 0)
    assert state["window_device_seconds"] == sum(units * (end - start) for start, end, units, _ in taken)


def test_a_window_takes_a_node_when_its_repair_ends_and_gives_it_back_when_it_ends_itself() -> None:
    rules = SiteRules(CAPACITY, DEVICES, device_seconds_per_stop=4000.0, repair_seconds=20, attempts_max=1, seed=3)
    asked = [(0, 900, CAPACITY), (LATE, 1, 1)]
    failing, _ = both(rules, asked, [])
    at = 0
    while not failing.state["stops"][0]:
        at = advance(failing, at + 1)
    at = int(failing.state["now"][0])
    for seconds in (10, 40):  # shorter and longer than what is left of the repair
        site, _ = both(rules, [(0, at + 1, CAPACITY), (LATE, 1, 1)], [(at + 5, at + 5 + seconds, CAPACITY, ())])
        advance(site, at + 6)
        assert nodes_of_windows(site, at + 5) == [set(range(NODES)) - set(in_repair(failing))]
        advance(site, at + 16)
        assert site.state["down"][0] == DEVICES
        assert (site.cluster.free[OPEN], site.state["owed"][0]) == (
            (CAPACITY - DEVICES, 0) if seconds == 10 else (0, DEVICES)
        )
        advance(site, at + 21)
        assert (site.cluster.free[OPEN], site.state["taken"][0]) == ((CAPACITY, 0) if seconds == 10 else (0, CAPACITY))
        advance(site, at + 46)
        assert (site.cluster.free[OPEN], site.state["taken"][0], site.state["down"][0]) == (CAPACITY, 0, 0)
