"""Reservations as scontrol of each release printed them, and the names of nodes in one expression."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.jobs import Garbled
from fabrica.engines.slurm.reservations import node_names, read_reservations

_22_05 = (
    "ReservationName=maint_all StartTime=1795491307 EndTime=1795527307 Duration=10:00:00 Nodes=north-n[1-3] NodeCnt=3 "
    "CoreCnt=12 Features=(null) PartitionName=(null) Flags=MAINT,IGNORE_JOBS,SPEC_NODES,ALL_NODES TRES=cpu=12 "
    "Users=root Groups=(null) Accounts=(null) Licenses=(null) State=INACTIVE BurstBuffer=(null) Watts=n/a "
    "MaxStartDelay=(null)\n"
    "ReservationName=course StartTime=1795322107 EndTime=1795325707 Duration=01:00:00 Nodes=north-n[1-2] NodeCnt=2 "
    "CoreCnt=8 Features=(null) PartitionName=(null) Flags=SPEC_NODES TRES=cpu=8 Users=(null) Groups=(null) "
    "Accounts=users Licenses=(null) State=INACTIVE BurstBuffer=(null) Watts=n/a MaxStartDelay=(null)\n"
    "ReservationName=cores StartTime=1795329307 EndTime=1795332907 Duration=01:00:00 Nodes=north-n1 NodeCnt=1 "
    "CoreCnt=2 Features=(null) PartitionName=gpu Flags= TRES=cpu=2 Users=root Groups=(null) Accounts=(null) "
    "Licenses=(null) State=INACTIVE BurstBuffer=(null) Watts=n/a MaxStartDelay=(null)\n"
)
_24_11 = (
    "ReservationName=tres StartTime=1795476983 EndTime=1795480583 Duration=01:00:00 Nodes=north-n1 NodeCnt=1 CoreCnt=3 "
    "Features=(null) PartitionName=gpu Flags=   NodeName=north-n1 CoreIDs=0-2 TRES=cpu=3,gres/gpu=1 Users=root "
    "Groups=(null) Accounts=(null) Licenses=(null) State=INACTIVE BurstBuffer=(null) MaxStartDelay=(null)\n"
)
_26_05 = (
    "ReservationName=maint_all StartTime=1795491394 EndTime=1795527394 Duration=10:00:00 Nodes=north-n[1-3] NodeCnt=3 "
    "CoreCnt=12 Features=(null) PartitionName=(null) Flags=MAINT,IGNORE_JOBS,SPEC_NODES,ALL_NODES TRES=cpu=12 "
    "AllowedPartitions=(null) QOS=(null) Users=root Groups=(null) Accounts=(null) Licenses=(null) State=INACTIVE "
    "BurstBuffer=(null) MaxStartDelay=(null)\n"
)


def test_each_reservation_is_read_with_its_times_nodes_cores_and_whom_it_is_for() -> None:
    maintenance, course, cores = read_reservations(_22_05)
    assert (maintenance.name, maintenance.starts, maintenance.ends) == ("maint_all", 1_795_491_307, 1_795_527_307)
    assert maintenance.nodes == {"north-n1", "north-n2", "north-n3"}
    assert maintenance.flags == {"MAINT", "IGNORE_JOBS", "SPEC_NODES", "ALL_NODES"}
    assert (course.accounts, course.flags, course.cores) == (frozenset({"users"}), frozenset({"SPEC_NODES"}), 8)
    assert (cores.nodes, cores.cores, cores.picks_cores) == (frozenset({"north-n1"}), 2, False)
    assert not cores.flags | cores.accounts


def test_newer_releases_are_read_too_and_say_which_cores_are_taken() -> None:
    (picked,) = read_reservations(_24_11)
    assert (picked.picks_cores, picked.cores, picked.nodes) == (True, 3, frozenset({"north-n1"}))
    (whole,) = read_reservations(_26_05)
    assert (whole.picks_cores, whole.cores, len(whole.nodes)) == (False, 12, 3)


@pytest.mark.parametrize("text", ["No reservations in the system\n", ""])
def test_a_site_without_reservations_has_none(text: str) -> None:
    assert read_reservations(text) == []


def test_a_reservation_of_licences_alone_has_no_nodes() -> None:
    text = _26_05.replace("Nodes=north-n[1-3] NodeCnt=3 CoreCnt=12", "Nodes=(null) NodeCnt=0 CoreCnt=0")
    assert read_reservations(text)[0].nodes == frozenset()


def test_a_comment_changes_nothing_that_was_told_before_it() -> None:
    text = _22_05.splitlines()[1] + " Comment=see Nodes=other EndTime=0 Accounts=fabrica\n"
    assert read_reservations(text) == read_reservations(_22_05)[1:2]


@pytest.mark.parametrize("spoilt", ["StartTime=2026-12-01T08:00:00", "StartTime=", "Nothing=1"])
def test_a_reservation_without_its_times_is_not_guessed(spoilt: str) -> None:
    with pytest.raises(Garbled, match="printed a reservation"):
        read_reservations(_26_05.replace("StartTime=1795491394", spoilt))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", {"n1"}),
        ("n[1-3,7],login", {"n1", "n2", "n3", "n7", "login"}),
        ("n[08-11]", {"n08", "n09", "n10", "n11"}),
        ("r[0-1]n[1-2]-ib", {"r0n1-ib", "r0n2-ib", "r1n1-ib", "r1n2-ib"}),
        ("(null)", set()),
        ("", set()),
    ],
)
def test_an_expression_stands_for_all_its_nodes(text: str, names: set[str]) -> None:
    assert node_names(text) == names


@pytest.mark.parametrize(
    "text", ["n[1-", "n]1[", "n1,,n2", "n[a-b]", "n[3-1]", "n[]", "n[1-999999999]", "n[1-900][1-900]"]
)
def test_what_is_no_expression_or_names_more_nodes_than_any_site_has_is_told(text: str) -> None:
    with pytest.raises(Garbled):
        node_names(text)


@given(st.sets(st.integers(0, 2000), min_size=1, max_size=40), st.integers(1, 5))
def test_numbers_of_any_width_come_back(numbers: set[int], width: int) -> None:
    text = ",".join(str(one).zfill(width) for one in sorted(numbers))
    assert node_names(f"n[{text}]") == {f"n{str(one).zfill(width)}" for one in numbers}
