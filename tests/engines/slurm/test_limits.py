"""The ledger refuses first and Slurm never stops what the ledger allowed; what goes round is held to what is left."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm import limits
from fabrica.engines.slurm.limits import Offered, OutsideRunning, OwnRunning, Standing, Wanted
from fabrica.wire.limits import Remaining

H100 = "gpu.h100"
OVERHEAD = 120
GOOD = {
    "AccountingStorageEnforce": "associations,limits,qos,safe",
    "PriorityType": "priority/multifactor",
    "PriorityDecayHalfLife": "00:00:00",
    "PriorityUsageResetPeriod": "NONE",
}


def offer(devices: int = 8, kind: str = H100, **uses: int) -> Offered:
    return Offered(kind, devices, uses or {"gres/gpu": 1, "gres/gpu:h100": 1, "cpu": 2}, OVERHEAD)


def left(available_seconds: int, held_seconds: int = 0, kind: str = H100) -> Remaining:
    return Remaining(
        resource_class=kind,
        available_milliseconds=available_seconds * 1000,
        of_network_milliseconds=0,
        held_milliseconds=held_seconds * 1000,
    )


def standing(counted: int = 0, committed: int = 0, **limit: int) -> Standing:
    return Standing("proj_a", {"gres/gpu": counted}, {"gres/gpu": committed}, limit)


def wanted(stands: Standing, *remaining: Remaining, own: Any = (), outside: Any = (), devices: int = 8) -> Wanted:
    return limits.wanted("gres/gpu", stands, [offer(devices)], remaining, own, outside)


@dataclass
class Job:
    devices: int
    limit_seconds: int  # the run's own
    used_seconds: int

    @property
    def slurm_minutes(self) -> int:
        return math.ceil((self.limit_seconds + 60) / 60)  # grace and spare of thirty seconds each


JOBS = st.builds(Job, st.integers(1, 8), st.integers(1, 20_000), st.integers(0, 20_000))


@given(
    devices=st.integers(8, 64),
    finished=st.integers(0, 10**6),
    running=st.lists(JOBS, max_size=5),
    outside=st.lists(st.tuples(st.integers(1, 8), st.integers(0, 5000), st.integers(0, 5000)), max_size=3),
    later=st.lists(JOBS, max_size=12),
    spare=st.integers(0, 10_000),
)
def test_slurm_starts_every_run_that_the_ledger_allowed(
    devices: int, finished: int, running: list[Job], outside: list[tuple[int, int, int]], later: list[Job], spare: int
) -> None:
    """Slurm's own check, with `safe`, for each run of a queue that the ledger let in after the limit was set."""
    for job in (*running, *later):
        job.used_seconds = min(job.used_seconds, job.limit_seconds)
    held = sum(job.devices * (job.limit_seconds - job.used_seconds) for job in running)
    available = sum(job.devices * job.limit_seconds for job in later) + spare
    used = finished + sum(job.devices * job.used_seconds for job in running) + sum(d * s for d, s, _ in outside)
    committed = sum(job.devices * (job.slurm_minutes * 60 - job.used_seconds) for job in running)
    committed += sum(d * rest for d, _, rest in outside)
    want = wanted(
        standing(used // 60, committed // 60),
        left(available, held),
        own=[OwnRunning(H100, job.devices * (job.limit_seconds - job.used_seconds)) for job in running],
        outside=[OutsideRunning({"gres/gpu": d * rest}) for d, _, rest in outside],
        devices=devices,
    )
    rest_outside = sum(d * rest for d, _, rest in outside)
    assert want.low <= want.minutes <= want.high
    busy: list[Job] = []
    for job in later:
        while busy and sum(one.devices for one in busy) + job.devices > devices:
            ended = busy.pop(0)
            used += ended.devices * ended.used_seconds
        taken = used + committed - rest_outside + sum(one.devices * one.slurm_minutes * 60 for one in busy)
        assert taken + job.devices * job.slurm_minutes * 60 <= 60 * want.low
        busy.append(job)


@given(
    counted=st.integers(0, 10**6),
    available=st.integers(0, 10**6),
    commits=st.lists(st.integers(1, 10**5), max_size=4),
)
def test_however_often_it_is_set_jobs_outside_get_no_more_than_is_left(
    counted: int, available: int, commits: list[int]
) -> None:
    """A user sends job after job and the limit is set anew after each: together they are held to what is left."""
    committed = 0
    for commit in commits:
        its = [OutsideRunning({"gres/gpu": committed * 60})]
        want = wanted(standing(counted, committed), left(available * 60), outside=its)
        if counted + committed + commit <= want.high:  # Slurm's own check
            committed += commit
        overhead = math.ceil(OVERHEAD * min(8, available * 60) / 60)
        assert committed <= available + 2 + overhead + 2 * max(1, overhead // 4)


@pytest.mark.parametrize(("stands", "met"), [(None, False), (77, False), (78, True), (86, True), (87, False)])
def test_a_limit_may_stand_a_little_beside_what_is_wanted(stands: int | None, met: bool) -> None:
    want = wanted(standing(), left(3600))
    assert (want.low, want.minutes, want.high) == (78, 82, 86)
    assert want.is_met(stands) is met


def test_what_a_running_run_holds_is_not_counted_beside_what_slurm_committed_for_it() -> None:
    own = [OwnRunning(H100, 1200)]
    running = wanted(standing(counted=10, committed=20), left(600, held_seconds=1200), own=own)
    assert running == wanted(standing(counted=30), left(600))


def test_nothing_left_leaves_no_room() -> None:
    want = wanted(standing(counted=7), left(0))
    assert (want.minutes, want.high) == (7, 9)
    assert want.is_met(0)


def test_an_allocation_of_a_class_that_is_not_offered_counts_for_nothing() -> None:
    assert wanted(standing(counted=7), left(3600, kind="gpu.a100")).minutes == 7


def test_cpus_are_limited_where_cores_are_offered_and_cover_what_accelerators_take() -> None:
    both = [offer(), Offered("cpu.core", 16, {"cpu": 2}, OVERHEAD)]
    tracked = ["cpu", "mem", "gres/gpu"]
    assert limits.mirrored([offer()], tracked) == ["gres/gpu"]
    assert limits.mirrored(both, tracked) == ["cpu", "gres/gpu"]
    want = limits.wanted("cpu", Standing("proj_a"), both, [left(600), left(600, kind="cpu.core")], (), ())
    assert want.low >= (2 * 600 + 2 * 600) // 60


def test_two_partitions_of_one_class_are_one_offer() -> None:
    [both] = limits.together([offer(8), Offered(H100, 4, {"gres/gpu": 1, "cpu": 5}, 300)])
    assert (both.devices, both.uses["cpu"], both.overhead_seconds) == (12, 5, 300)


def test_devices_that_are_not_tracked_are_told() -> None:
    assert limits.untracked([offer()], ["gres/gpu"]) == []
    [words] = limits.untracked([offer()], [])
    assert "gres/gpu" in words


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, None),
        ({"AccountingStorageEnforce": "none"}, "no wall"),
        ({"AccountingStorageEnforce": "associations,limits"}, "no safe"),
        ({"PriorityType": "priority/basic"}, "multifactor"),
        ({"PriorityDecayHalfLife": "7-00:00:00"}, "fades"),
        ({"PriorityUsageResetPeriod": "MONTHLY"}, "reset"),
    ],
)
def test_what_makes_limits_no_wall_is_said(changed: dict[str, str], words: str | None) -> None:
    found = limits.weaknesses(GOOD | changed)
    assert (found == []) if words is None else (len(found) == 1 and words in found[0])


def test_what_slurm_prints_of_accounts_is_read() -> None:
    stand, parents = limits.read_limits(
        "root|||\nroot|root||\nproj_a||root|gres/gpu=10,cpu=77\nproj_a|ada||\nkid||proj_a|\nother||root|\n"
    )
    assert stand["proj_a"] == {"gres/gpu": 10, "cpu": 77}
    assert limits.owners(["proj_a"], parents) == {"proj_a": "proj_a", "kid": "proj_a"}
    usage = limits.read_usage("proj_a||cpu=1,gres/gpu=3|cpu=3,gres/gpu=12\n proj_a|ada|cpu=1|cpu=3\n")
    assert usage == {"proj_a": ({"cpu": 1, "gres/gpu": 3}, {"cpu": 3, "gres/gpu": 12})}


def test_accounts_in_a_ring_do_not_hang() -> None:
    assert limits.owners(["z"], {"a": "b", "b": "a"}) == {"z": "z"}


@pytest.mark.parametrize(("stands", "words"), [(None, "no limit"), (1, "too low"), (99, "too high")])
def test_a_drift_says_what_it_means(stands: int | None, words: str) -> None:
    assert words in limits.words_of(Wanted("gres/gpu", 50, 45, 55), stands)
