"""When reservations close a partition to its users, and when it is open again."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.controller import Node, Reservation
from fabrica.engines.slurm.maintenance import next_maintenance
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.wire.agents import Maintenance

NOW = 1_000
MINE = SlurmPartition(name="gpu", resource_class="gpu.h100")


def node(number: int, state: str = "idle", partition: str = "gpu") -> Node:
    return Node(f"n{number}", partition, state, 8, 0, 4000, threads_per_core=2, gres={"gpu:h100": 4})


def reserved(*numbers: int, starts: int = 2_000, ends: int = 3_000, **more: Any) -> Reservation:
    whole = Reservation("upgrade", starts, ends, frozenset(f"n{number}" for number in numbers))
    return replace(whole, **more)


def told(*windows: Reservation, nodes: list[Node] | None = None, **more: Any) -> tuple[int, int] | None:
    """Return start and end of what is told, with two nodes if no others are given."""
    found = tell(*windows, nodes=nodes, **more)
    return None if found is None else (int(found.starts_at.timestamp()), int(found.ends_at.timestamp()))


def tell(
    *windows: Reservation, nodes: list[Node] | None = None, mine: SlurmPartition = MINE, accounts: tuple[str, ...] = ()
) -> Maintenance | None:
    return next_maintenance(mine, nodes or [node(1), node(2)], windows, accounts=accounts, now=NOW)


def test_a_reservation_of_every_node_closes_the_partition_until_it_ends() -> None:
    assert tell(reserved(1, 2, 3)) == Maintenance(
        starts_at=datetime.fromtimestamp(2_000, UTC), ends_at=datetime.fromtimestamp(3_000, UTC), name="upgrade"
    )


def test_a_node_that_stays_open_keeps_the_partition_open() -> None:
    assert told(reserved(1)) is None
    assert told() is None


def test_what_is_reserved_now_is_told_with_its_start_and_what_is_over_is_not() -> None:
    in_it = [node(1, "idle+maintenance+reserved"), node(2, "down+maintenance+reserved")]
    assert told(reserved(1, 2, starts=500), nodes=in_it) == (500, 3_000)
    assert told(reserved(1, 2, starts=500, ends=NOW)) is None


def test_a_node_that_is_out_counts_as_reserved_but_alone_closes_nothing() -> None:
    drained = [node(1), node(2, "drained")]
    assert told(reserved(1), nodes=drained) == (2_000, 3_000)
    assert told(reserved(2), nodes=drained) is None
    assert told(nodes=[node(1, "down*"), node(2, "drained")]) is None


def test_a_node_that_is_out_for_a_reservation_of_today_is_back_for_that_of_tomorrow() -> None:
    today = reserved(1, starts=500, ends=1_500)
    assert told(today, reserved(2), nodes=[node(1, "idle+maint"), node(2)]) is None


def test_several_reservations_close_a_partition_together_and_prolong_each_other() -> None:
    parts = [reserved(1, starts=1_500, ends=2_800, name="b"), reserved(2, name="a")]
    assert told(*parts) == (2_000, 2_800)
    found = tell(*parts)
    assert found is not None
    assert found.name == "a, b"
    assert told(reserved(1, 2, ends=2_500), reserved(1, 2, starts=2_500, ends=4_000)) == (2_000, 4_000)


def test_nodes_that_are_taken_in_turn_close_no_partition() -> None:
    assert told(reserved(1, ends=2_500), reserved(2, starts=2_500)) is None


def test_only_nodes_with_the_partitions_own_devices_count() -> None:
    other = Node("n3", "gpu", "idle", 8, 0, 4000, gres={})
    assert told(reserved(1, 2), nodes=[node(1), node(2), other, node(4, partition="cpu")]) == (2_000, 3_000)


@pytest.mark.parametrize(
    ("more", "closes"),
    [
        ({"cores": 8}, True),
        ({"cores": 7}, False),
        ({"cores": 8, "picks_cores": True}, False),
        ({"cores": 2, "picks_cores": True, "flags": frozenset({"MAINT"})}, True),
        ({"cores": 0}, True),
    ],
    ids=["all cores", "some cores", "told which", "maintenance", "not told"],
)
def test_a_reservation_that_leaves_cores_to_others_closes_nothing(more: dict[str, Any], closes: bool) -> None:
    assert (told(reserved(1, 2, **more)) is not None) is closes


@pytest.mark.parametrize(
    ("options", "closes"),
    [(("--reservation=course,upgrade",), False), (("--reservation=other", "--exclusive"), True), ((), True)],
)
def test_a_reservation_that_our_jobs_name_is_not_in_their_way(options: tuple[str, ...], closes: bool) -> None:
    mine = MINE.model_copy(update={"options": options})
    ours = reserved(1, 2, accounts=frozenset({"fabrica"}))
    assert (told(ours, mine=mine, accounts=("fabrica",)) is not None) is closes
    maintenance = reserved(1, 2, name="maint", flags=frozenset({"MAINT"}))
    assert told(ours, maintenance, mine=mine) == (2_000, 3_000)  # Slurm keeps jobs of a reservation out of it too


@pytest.mark.parametrize(("account", "closes"), [("fabrica", False), ("others", True)])
def test_a_magnetic_reservation_for_one_of_our_accounts_draws_our_jobs_in(account: str, closes: bool) -> None:
    course = reserved(1, 2, flags=frozenset({"MAGNETIC"}), accounts=frozenset({account}))
    assert (told(course, accounts=("fabrica", "project")) is not None) is closes


_WINDOWS = st.lists(
    st.tuples(st.sets(st.integers(1, 3), min_size=1), st.integers(0, 12), st.integers(1, 8)), max_size=6
).map(lambda drawn: [reserved(*some, starts=at, ends=at + length) for some, at, length in drawn])


@given(_WINDOWS, st.integers(0, 14))
def test_what_is_told_is_the_first_time_at_which_no_node_is_open_and_the_first_after_it(
    windows: list[Reservation], now: int
) -> None:
    nodes = [node(1), node(2), node(3)]
    found = next_maintenance(MINE, nodes, windows, accounts=(), now=now)
    to_come = [one for one in windows if one.ends > now]

    def is_closed(at: int) -> bool:
        return {"n1", "n2", "n3"} <= {name for one in to_come if one.starts <= at < one.ends for name in one.nodes}

    closed = [at for at in range(25) if is_closed(at)]
    if found is None:
        assert not closed
    else:
        assert found.starts_at.timestamp() == closed[0]
        opened = next(at for at in range(closed[0], 25) if not is_closed(at))
        assert found.ends_at.timestamp() == opened > now
