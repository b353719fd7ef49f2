"""Waits of everybody's jobs, read from what sacct prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.contract import JobWait
from fabrica.engines.slurm.jobs import Garbled
from fabrica.engines.slurm.past_waits import read_waits, sacct_options
from fabrica.engines.slurm.settings import SlurmPartition

GPU = SlurmPartition(name="h100", slurm="gpu", resource_class="gpu.h100", gres_type="h100")
CPU = SlurmPartition(name="cores", slurm="cpu")
NOW = 2_000


def waits(text: str, *partitions: SlurmPartition) -> list[JobWait]:
    return read_waits(text, partitions or (GPU, CPU), now=NOW, threads=lambda: 2)


def test_a_job_waits_from_when_it_may_start() -> None:
    line = "gpu|1000|1200|1500|COMPLETED|cpu=4,gres/gpu:h100=4,gres/gpu=4,mem=1G|90\n"
    assert waits(line) == [JobWait("h100", 300, 4, 5_400, 1_500)]


def test_a_job_that_waits_counts_what_it_has_waited_so_far() -> None:
    assert waits("cpu|1000|1000|Unknown|PENDING|cpu=5,mem=1G|60\n") == [JobWait("cores", 1_000, 3, 3_600, None)]


@pytest.mark.parametrize(
    "line",
    [
        "cpu|1000|Unknown|Unknown|CANCELLED by 0|cpu=5|60",  # never started, never will
        "cpu|1000|9000|Unknown|PENDING|cpu=5|60",  # may not start yet
        "other|1000|1000|1500|COMPLETED|cpu=5|60",  # at a partition that Fabrica does not use
        "gpu|1000|1000|1500|COMPLETED|cpu=5|60",  # waits for no accelerator
        "gpu|1000|1000|1500|COMPLETED|cpu=5,gres/gpu:a100=1,gres/gpu=1|60",  # waits for another one
        "cpu|1000|1000|1500|COMPLETED|cpu=5,gres/gpu=1|60",  # waits for an accelerator, not for cores
    ],
)
def test_what_is_no_wait_for_our_devices_is_left_out(line: str) -> None:
    assert waits(line) == []


def test_an_untyped_request_waits_for_the_devices_of_its_partition() -> None:
    assert waits("gpu|1000|1000|1500|RUNNING|cpu=1,gres/gpu=2|UNLIMITED\n") == [JobWait("h100", 500, 2, 0, 1_500)]


def test_a_clock_that_went_back_makes_no_negative_wait() -> None:
    assert waits("cpu|1500|1500|1400|COMPLETED|cpu=2|1\n") == [JobWait("cores", 0, 1, 60, 1_400)]


@given(st.text(max_size=200))
def test_whatever_is_printed_is_read_or_refused(text: str) -> None:
    try:
        waits(text)
    except Garbled:
        return


def test_no_name_of_a_person_is_asked_for() -> None:
    assert not any(word in option for option in sacct_options(60) for word in ("User", "JobName", "Account"))
