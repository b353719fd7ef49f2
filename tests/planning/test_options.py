"""Rules that do not go together, or with the trace, are refused with what would do."""

import re
from array import array
from dataclasses import replace as with_

import pytest

from fabrica.planning.options import Options, Stops, Window
from fabrica.planning.replay import Cluster, Policy, replay
from fabrica.wire.planning import OptionsImpossible
from tests.planning.builders import make_trace

TRACE = with_(make_trace([(0, 10, 4, -1), (0, 10, 4, -1)]), accounts=array("q", [0, 0]), account_names=("a",))
NODES, COUNTS = Cluster(48, node_devices=8), Cluster(48)


@pytest.mark.parametrize(
    ("cluster", "options", "words", "remedy"),
    [
        (COUNTS, Options(stops=Stops()), "It is nodes that stop", "--node-devices 8"),
        (COUNTS, Options(age_seconds=60), "nothing is shared", "policy priority"),
        (NODES, Options(leaf_nodes=4), "6 nodes are not a whole number of leaves with 4", "32 or 64 units"),
        (NODES, Options(pod_leaves=2), "leaves that stand in pods", "--leaf-nodes"),
        (NODES, Options(leaf_nodes=1, pod_leaves=4), "6 leaves are not a whole number of pods", "one of 1, 2, 3, 6"),
        (NODES, Options(leaf_nodes=1, pod_leaves=2, within_leaf=True), "not kept within pods too", "--pod-leaves"),
        (NODES, Options(within_leaf=True), "where there are any", "--leaf-nodes"),
        (NODES, Options(stops=Stops(leaf_share=0.5)), "Whole leaves fail only where", "--leaf-nodes"),
        (NODES, Options(saving_seconds=60), "all jobs are of one level", "column 'level'"),
        (NODES, Options(stops=Stops(device_hours_per_stop=0.0)), "above 0", "50,[0-9]{3}"),
        (NODES, Options(windows=(Window(20, 20, 8),)), "does not end after it starts", "START:END:UNITS"),
        (NODES, Options(windows=(Window(0, 20, 12),)), "no whole nodes", "multiple of 8"),
        (COUNTS, Options(windows=(Window(0, 9, 30), Window(5, 7, 30))), "At second 5 .* 60 units", "at most 48"),
        (COUNTS, Options(grants={"b": 5}), "account 'b'", "as the trace names"),
        (COUNTS, Options(windows=(Window(0, 9, 8, ("a", "c")),)), "account 'c'", "as the trace names"),
        (COUNTS, Options(shares={"a": 0.0}), "above 0", "small share"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_do(
    cluster: Cluster, options: Options, words: str, remedy: str
) -> None:
    with pytest.raises(OptionsImpossible, match=words) as refused:
        replay(TRACE, cluster, Policy.EASY, options=options)
    assert re.search(remedy, refused.value.remedy)


def test_priority_without_users_or_levels_is_refused() -> None:
    with pytest.raises(OptionsImpossible, match="names no users"):
        replay(make_trace([(0, 10, 4, -1)]), COUNTS, Policy.PRIORITY)


@pytest.mark.parametrize(("age_seconds", "steps"), [(61, 0), (3, 20)])
def test_an_age_that_counts_never_or_all_the_time_is_refused(age_seconds: int, steps: int) -> None:
    with pytest.raises(OptionsImpossible, match=f"halved {steps} times"):
        replay(TRACE, COUNTS, Policy.PRIORITY, options=Options(age_seconds=age_seconds, age_max_seconds=60))


@pytest.mark.parametrize("policy", [Policy.FIFO, Policy.CONSERVATIVE])
def test_rules_go_with_easy_and_priority_only(policy: Policy) -> None:
    with pytest.raises(OptionsImpossible, match=f"The policy {policy.value} has no windows"):
        replay(TRACE, COUNTS, policy, options=Options(windows=(Window(0, 9, 8),)))
