"""The simulated schedule."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.simulated.schedule import SimulatedAttempt, advance, pretend
from fabrica.values.states import EndReason
from fabrica.wire.agents import PartitionInventory

_PARTITION = PartitionInventory(
    name="p", resource_class="gpu.h100", nodes=2, devices_per_node=4, devices_total=8, devices_free=8
)


def _attempt(number: int, *, nodes: int = 1, devices: int = 1, lasts_seconds: float = 10.0) -> SimulatedAttempt:
    return SimulatedAttempt(
        attempt=f"a{number}",
        folder="/nowhere",
        name="a run",
        partition="p",
        nodes=nodes,
        devices=devices,
        memory_bytes=1,
        lasts_seconds=lasts_seconds,
        exit_code=0,
        reason=EndReason.COMPLETED,
    )


_ATTEMPTS = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 4), st.floats(0, 50)), min_size=1, max_size=10).map(
    lambda asked: tuple(
        _attempt(number, nodes=nodes, devices=devices, lasts_seconds=lasts)
        for number, (nodes, devices, lasts) in enumerate(asked)
    )
)


@given(_ATTEMPTS, st.lists(st.floats(0, 100), max_size=5))
def test_looking_often_changes_nothing_in_the_schedule(
    attempts: tuple[SimulatedAttempt, ...], looks: list[float]
) -> None:
    partitions = {"p": _PARTITION}
    once = advance(attempts, partitions, since=0.0, now=100.0)
    often, since = attempts, 0.0
    for now in [*sorted(looks), 100.0]:
        often, since = advance(often, partitions, since=since, now=now), now
    assert often == once


@given(_ATTEMPTS, st.floats(0, 200))
def test_no_node_holds_more_than_its_devices(attempts: tuple[SimulatedAttempt, ...], now: float) -> None:
    moved = advance(attempts, {"p": _PARTITION}, since=0.0, now=now)
    assert _PARTITION.nodes is not None
    assert _PARTITION.devices_per_node is not None
    for node in range(_PARTITION.nodes):
        held = sum(one.devices for one in moved if one.running and node in one.nodes_held)
        assert held <= _PARTITION.devices_per_node


@given(_ATTEMPTS)
def test_nobody_overtakes(attempts: tuple[SimulatedAttempt, ...]) -> None:
    moved = advance(attempts, {"p": _PARTITION}, since=0.0, now=10_000.0)
    starts = [one.started_at for one in moved if one.started_at is not None]
    assert len(starts) == len(attempts)
    assert starts == sorted(starts)


def test_pretence_is_the_same_every_time_and_well_inside_the_limit() -> None:
    first = pretend("att_one", ["python", "train.py"], time_limit_seconds=1000)
    assert first == pretend("att_one", ["python", "train.py"], time_limit_seconds=1000)
    assert 100 <= first.lasts_seconds <= 700
    assert first.lasts_seconds != pretend("att_two", ["python", "train.py"], time_limit_seconds=1000).lasts_seconds
