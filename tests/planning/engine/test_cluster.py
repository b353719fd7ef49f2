"""Nodes: no device is given twice, every job has what it asked for, and the largest block is told exactly."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.cluster import NONE, OPEN, Cluster, empty_cluster, give_back, most_units, no_holds, place
from fabrica.planning.engine.plain_cluster import PlainCluster

NODES, DEVICES = 5, 4


def check_lists(cluster: Cluster) -> None:
    """Every node with free devices is in the list of their number, in both directions, and the counts are theirs."""
    seen = []
    for free in range(1, DEVICES + 1):
        node, newer = int(cluster.newest[free]), NONE
        while node != NONE:
            assert cluster.free_of[node] == free
            assert cluster.newer[node] == newer
            seen.append(node)
            node, newer = int(cluster.older[node]), node
    assert sorted(seen) == [node for node in range(NODES) if cluster.free_of[node]]
    assert cluster.free[0] == cluster.free_of.sum()
    assert cluster.wholes[0] == (cluster.free_of == DEVICES).sum()


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 80))
def test_nodes_that_are_only_counted_have_room_for_the_same_jobs(seed: int, steps: int) -> None:
    draw = random.Random(seed)
    clusters = [empty_cluster(NODES * DEVICES, DEVICES, no_holds(steps), tells_apart=apart) for apart in (True, False)]
    held: dict[int, int] = {}
    for job in range(steps):
        most = {int(most_units(cluster, OPEN)) for cluster in clusters}
        assert len(most) == 1
        if max(most) and draw.random() < 0.6:
            held[job] = draw.randint(1, max(most))
            for cluster in clusters:
                place(cluster, OPEN, job, held[job])
        elif held:
            ended = draw.choice(list(held))
            for cluster in clusters:
                give_back(cluster, OPEN, ended, held[ended])
            del held[ended]


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 80))
def test_compiled_and_plain_nodes_give_the_same_blocks_and_give_none_twice(seed: int, steps: int) -> None:
    draw = random.Random(seed)
    cluster, plain = empty_cluster(NODES * DEVICES, DEVICES, no_holds(steps)), PlainCluster(NODES * DEVICES, DEVICES)
    held: dict[int, int] = {}
    for job in range(steps):
        most = int(most_units(cluster, OPEN))
        assert most == plain.most_units()
        if most and draw.random() < 0.6:
            held[job] = draw.randint(1, most)
            place(cluster, OPEN, job, held[job])
            plain.place(job, held[job])
        elif held:
            ended = draw.choice(list(held))
            give_back(cluster, OPEN, ended, held[ended])
            plain.give_back(ended, held.pop(ended))
        check_lists(cluster)
        assert cluster.free[0] == NODES * DEVICES - sum(held.values()) == plain.free
        assert all(0 <= free <= DEVICES for free in cluster.free_of)


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 60))
def test_whole_nodes_are_of_the_smallest_domain_that_holds_them_compiled_and_plain(seed: int, steps: int) -> None:
    draw, nodes, leaf, pod = random.Random(seed), 24, 2, 6  # nodes of a leaf, and of a pod
    cluster = empty_cluster(nodes, 1, no_holds(steps), leaf, pod_leaves=pod // leaf)
    plain, held = PlainCluster(nodes, 1, leaf, pod_leaves=pod // leaf), dict[int, int]()
    for job in range(steps):
        before = list(plain.free_of_node)
        if plain.free and draw.random() < 0.6:
            held[job] = draw.randint(1, plain.free)
            assert place(cluster, OPEN, job, held[job]) == plain.place(job, held[job])
            check_domains(before, list(plain.free_of_node), held[job], leaf, pod)
        elif held:
            ended = draw.choice(list(held))
            give_back(cluster, OPEN, ended, held[ended])
            plain.give_back(ended, held.pop(ended))
        assert list(cluster.free_of) == plain.free_of_node


def check_domains(before: list[int], after: list[int], asked: int, leaf: int, pod: int) -> None:
    """Every job is in the leaf, else in the pod, that has the fewest nodes of those that have enough; if any has."""
    for size in (leaf, pod):
        had, has = ([sum(free[at : at + size]) for at in range(0, len(free), size)] for free in (before, after))
        enough = [count for count in had if count >= asked]
        if enough:
            assert [was for was, now in zip(had, has, strict=True) if was != now] == [min(enough)]
            return
    assert any(was == max(had) and now == 0 for was, now in zip(had, has, strict=True))


def test_a_job_larger_than_a_leaf_takes_few_leaves_of_one_pod() -> None:
    cluster = empty_cluster(8, 1, no_holds(9), 2, pod_leaves=2)
    place(cluster, OPEN, 0, 1)  # of the first leaf, so the first pod has three nodes
    assert place(cluster, OPEN, 1, 3) == 2
    assert list(cluster.free_of) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert place(cluster, OPEN, 2, 3) == 2
    assert list(cluster.free_of).count(1) == 1


def test_a_remainder_goes_where_the_fewest_devices_are_free() -> None:
    cluster = empty_cluster(3 * DEVICES, DEVICES, no_holds(9))
    for job, units in enumerate((3, 2, 2)):  # 1 free on node 0; the third job fills up node 1
        place(cluster, OPEN, job, units)
    assert list(cluster.free_of) == [1, 0, 4]
    place(cluster, OPEN, 3, 5)
    assert list(cluster.free_of) == [0, 0, 0], "a whole node, and the one device that was left"
