"""The published rules of windows, reservations, stops and levels decide every start and end."""

from array import array
from collections.abc import Sequence
from dataclasses import replace as with_

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.planning.options import HOUR_SECONDS, Options, Stops, Window
from fabrica.planning.replay import Cluster, Estimates, Policy, replay
from fabrica.planning.trace import Trace
from tests.planning import published_rules, published_site
from tests.planning.builders import CAPACITY, make_trace, small_traces

NAMES = ("climate", "speech", "robots")
RESTART_SECONDS = 4


@st.composite
def shared_traces(draw: st.DrawFn) -> Trace:
    """Return small traces of three accounts and three levels."""
    trace = draw(small_traces())
    column = st.lists(st.integers(0, 2), min_size=len(trace), max_size=len(trace)).map(lambda found: array("q", found))
    return with_(trace, accounts=draw(column), account_names=NAMES, levels=draw(column))


@st.composite
def windows(draw: st.DrawFn, node_devices: int) -> list[Window]:
    """Return windows of whole nodes, for some accounts or for none, that together take no more than there is."""
    found: list[Window] = []
    for _ in range(draw(st.integers(0, 4))):
        start, units = draw(st.integers(0, 45)), node_devices * draw(st.integers(1, CAPACITY // node_devices))
        accounts = draw(st.sampled_from([(), ("climate",), ("robots", "speech"), NAMES]))
        asked = [*found, Window(start, start + draw(st.integers(1, 20)), units, accounts)]
        if all(taken_at(asked, one.start_seconds) <= CAPACITY for one in asked):
            found = asked
    return found


def node_stops(leaf_shares: Sequence[float]) -> st.SearchStrategy[Stops]:
    """Return ways in which nodes fail often."""
    return st.builds(
        Stops,
        device_hours_per_stop=st.sampled_from([150 / HOUR_SECONDS, 400 / HOUR_SECONDS, 2000 / HOUR_SECONDS]),
        checkpoint_seconds=st.sampled_from([0, 1, 3, 5]),
        restart_seconds=st.just(RESTART_SECONDS),
        repair_seconds=st.sampled_from([1, 7, 30]),
        seed=st.integers(0, 2**31),
        leaf_share=st.sampled_from(leaf_shares),
    )


def taken_at(windows: Sequence[Window], instant: int) -> int:
    return sum(one.units for one in windows if one.start_seconds <= instant < one.end_seconds)


@pytest.mark.parametrize(("node_devices", "leaf_nodes"), [(0, 0), (4, 0), (2, 2)])
@settings(max_examples=120)
@given(trace=shared_traces(), data=st.data(), estimates=st.sampled_from(Estimates))
def test_what_comes_of_a_trace_is_what_the_published_rules_say(
    node_devices: int, leaf_nodes: int, trace: Trace, data: st.DataObject, estimates: Estimates
) -> None:
    if max(trace.limit_seconds) < 0:
        estimates = Estimates.EXACT
    fail = data.draw(st.none() | node_stops((0.0, 0.5) if leaf_nodes else (0.0,))) if node_devices else None
    options = Options(
        windows=tuple(data.draw(windows(node_devices or 1))),
        stops=fail,
        saving_seconds=data.draw(st.sampled_from([None, None, 0, 1, 5])),
        leaf_nodes=leaf_nodes,
        half_life_seconds=0,
    )
    done = replay(trace, Cluster(CAPACITY, node_devices), Policy.EASY, estimates, options=options, plain=True)
    nodes = published_rules.Machine(CAPACITY // (node_devices or 1), node_devices or 1, leaf_nodes)
    told = published(trace, nodes, estimates, options)
    outcome = done.outcome
    assert outcome is not None
    assert list(done.start_seconds) == told.starts
    assert list(outcome.began_seconds) == told.began
    assert list(outcome.end_seconds) == told.ends
    assert (outcome.inside, outcome.stops, outcome.stopped) == (told.inside, told.stops, told.stopped)
    assert (outcome.busy_device_seconds, outcome.lost_device_seconds) == (told.busy, told.lost)
    assert (outcome.given_up, outcome.repair_device_seconds) == (told.given_up, told.repaired)
    assert outcome.preempted == told.preempted


def published(
    trace: Trace, nodes: published_rules.Machine, estimates: Estimates, options: Options
) -> published_site.Came:
    """Return what the published rules say of a trace."""
    times = (trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)
    rows = zip(*times, trace.accounts or (), trace.levels or (), strict=True)
    jobs = [
        published_rules.Job(submit, runtime, units, None if limit < 0 else limit, NAMES[account], level)
        for submit, runtime, units, limit, account, level in rows
    ]
    windows = [(one.start_seconds, one.end_seconds, one.units, one.accounts) for one in options.windows]
    stops, fail = None, options.stops
    if fail is not None:
        rate = fail.device_hours_per_stop * HOUR_SECONDS
        rest = (fail.checkpoint_seconds, fail.repair_seconds, fail.seed, fail.restart_seconds, fail.leaf_share)
        stops = published_site.Stops(rate, *rest)
    return published_site.come_of(
        jobs,
        nodes,
        by_limit=estimates is Estimates.LIMIT,
        windows=[published_site.Window(*one) for one in windows],
        stops=stops,
        saving=options.saving_seconds,
    )


@pytest.mark.parametrize("plain", [True, False])
def test_a_head_that_a_window_keeps_from_starting_leaves_the_time_until_then_to_others(plain: bool) -> None:
    if not plain:
        pytest.importorskip("numba")
    on_both_nodes = [(0, 40, 3, -1), (0, 40, 3, -1)]
    head = (1, 60, 2, -1)  # two units are free, one on each node
    others = [(2, 45, 1, -1), (2, 50, 1, -1)]
    options = Options(windows=(Window(50, 60, 8),))
    trace = make_trace([*on_both_nodes, head, *others])
    done = replay(trace, Cluster(8, 4), Policy.EASY, options=options, plain=plain)
    assert list(done.start_seconds) == [0, 0, 60, 2, 60]
