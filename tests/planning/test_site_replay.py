"""A replay with rules beyond its policy: compiled and plain agree, and each rule shows in what came of it."""

from array import array
from dataclasses import replace as with_

import pytest

from fabrica.planning.engine.site_rules import SiteRules
from fabrica.planning.figures import figures
from fabrica.planning.options import Options, Stops, Window
from fabrica.planning.replay import Cluster, Estimates, Policy, Replay, replay
from fabrica.planning.trace import Trace
from fabrica.planning.workload import Load, make_load
from tests.planning.builders import make_trace

CLUSTER = Cluster(1024, node_devices=8)
DAY = 86_400
ALL = Options(
    windows=(
        Window(2 * DAY, 2 * DAY + 14_400, 1024),
        Window(4 * DAY, 5 * DAY, 128),
        Window(DAY // 4, DAY, 256, ("1", "2")),
    ),
    stops=Stops(device_hours_per_stop=500.0, checkpoint_seconds=3600, seed=3),
    saving_seconds=120,
    leaf_nodes=16,
    pod_leaves=4,
    age_seconds=3600,
    age_max_seconds=4 * 3600,
    grants={"7": 10**6},
    shares={"0": 2.0},
)


def load() -> Trace:
    """Return a made-up load with ten accounts, of which the first asks for half of all jobs, and two levels."""
    trace = make_load(Load(1_500, 1024, size_doublings=9), seed=5)
    accounts = array("q", (0 if row % 2 else row // 2 % 10 for row in range(len(trace))))
    levels = array("q", (int(row % 7 == 0) for row in range(len(trace))))
    return with_(trace, accounts=accounts, account_names=tuple(map(str, range(10))), levels=levels)


def run(options: Options, *, plain: bool = True) -> Replay:
    rates = ([300.0, 100.0], [80.0, 120.0])
    return replay(load(), CLUSTER, Policy.PRIORITY, Estimates.LIMIT, options=options, rates=rates, plain=plain)


def test_all_rules_together_give_the_same_replay_compiled_and_plain_and_again() -> None:
    pytest.importorskip("numba")
    plain, compiled, again = run(ALL), run(ALL, plain=False), run(ALL, plain=False)
    assert compiled.start_seconds == plain.start_seconds == again.start_seconds
    assert compiled.outcome == plain.outcome == again.outcome
    assert plain.outcome is not None
    assert min(plain.outcome.stops, plain.outcome.preempted, plain.outcome.refused, plain.outcome.inside) > 0


def test_under_easy_levels_count_for_nothing_unless_jobs_make_room() -> None:
    later = Options(grants={"7": 10**12})  # a rule that touches nobody
    levelled, level = load(), with_(load(), levels=None)
    starts = [
        replay(one, CLUSTER, Policy.EASY, options=options, plain=True).start_seconds
        for one, options in ((levelled, None), (levelled, later), (level, later))
    ]
    assert starts[0] == starts[1] == starts[2]
    making_room = replay(levelled, CLUSTER, Policy.EASY, options=Options(saving_seconds=60), plain=True)
    assert making_room.start_seconds != starts[0]


def test_two_replays_that_differ_in_one_rule_meet_the_same_failures() -> None:
    often, seldom = (run(Options(stops=Stops(1000.0, checkpoint_seconds=every, seed=4))).outcome for every in (60, 600))
    assert often is not None
    assert seldom is not None
    assert often.lost_device_seconds < seldom.lost_device_seconds
    assert seldom.stops == pytest.approx(often.stops, rel=0.25)
    assert often.stops > 10


def test_failures_come_at_the_rate_that_is_asked() -> None:
    done = run(Options(stops=Stops(device_hours_per_stop=200.0, checkpoint_seconds=600, repair_seconds=600))).outcome
    assert done is not None
    expected = done.busy_device_seconds / 3600 / 200
    assert done.stops == pytest.approx(expected, abs=4 * expected**0.5)


def test_a_job_that_is_refused_has_no_wait_and_is_in_no_class() -> None:
    trace = with_(make_trace([(0, 10, 4, -1), (0, 10, 4, -1)]), accounts=array("q", [0, 1]), account_names=("a", "b"))
    done = replay(trace, Cluster(4), Policy.EASY, options=Options(grants={"a": 1}), plain=True)
    assert list(done.start_seconds) == [-1, 0]
    found = figures(done)
    assert (found.jobs, found.mean_wait_s, found.makespan_s, found.use) == (2, 0.0, 10, 1.0)


def test_rules_that_are_off_are_nothing() -> None:
    rules = SiteRules(8)
    assert (rules.device_seconds_per_stop, rules.preempts, rules.leaf_nodes, rules.is_fair) == (0.0, False, 0, False)
