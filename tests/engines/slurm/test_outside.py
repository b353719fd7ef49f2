"""Whose job it was and as what it counts, from accounting's own text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm import outside
from fabrica.engines.slurm.jobs import Garbled
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.values.ids import AttemptId, ProjectId

PROJECT = ProjectId.new()
OURS = AttemptId.new()
GPU = SlurmPartition(name="big", slurm="gpu", resource_class="gpu.h100", gres_type="h100")
OLD = SlurmPartition(name="old", slurm="gpu", resource_class="gpu.a100", gres_type="a100")
CPU = SlurmPartition(name="cores", slurm="cpu")


def line(**fields: Any) -> str:
    told = {
        "Cluster": "alpha",
        "JobID": "7",
        "Account": "proj_a",
        "User": "ada",
        "Partition": "gpu",
        "Start": "1795263706",
        "End": "1795263726",
        "ElapsedRaw": "20",
        "AllocTRES": "billing=1,cpu=4,gres/gpu=2,mem=100M,node=1",
        "JobName": "wrap",
    }
    return "|".join((told | fields)[name] for name in outside.FIELDS)


def reported(*lines: str, own: AttemptId | None = None) -> Any:
    return outside.reported(
        outside.read_starts("\n".join(lines)),
        [GPU, OLD, CPU],
        {"proj_a": PROJECT},
        is_own=lambda attempt: attempt == own,
        threads_per_core=2,
    )


def test_a_start_is_charged_by_what_was_allocated() -> None:
    [found] = reported(line())
    assert (found.project, found.attempt) == (PROJECT, None)
    assert (found.start.resource_class, found.start.devices, found.start.device_milliseconds) == ("gpu.h100", 2, 40_000)
    assert (found.start.job, found.start.site_user, found.start.slurm_account) == ("7", "ada", "proj_a")


@pytest.mark.parametrize(
    ("allocated", "partition", "resource_class", "devices"),
    [
        ("cpu=4,gres/gpu=2,gres/gpu:a100=2", "gpu", "gpu.a100", 2),
        ("cpu=4,gres/gpu=2,gres/gpu:h100=2", "elsewhere", "gpu.h100", 2),
        ("cpu=5,mem=1G", "cpu", "cpu.core", 3),
        ("cpu=4,mem=1G", "gpu", "cpu.core", 2),
    ],
)
def test_a_job_counts_as_the_class_of_what_it_held(
    allocated: str, partition: str, resource_class: str, devices: int
) -> None:
    [found] = reported(line(AllocTRES=allocated, Partition=partition))
    assert (found.start.resource_class, found.start.devices) == (resource_class, devices)


def test_our_own_jobs_are_left_out_and_a_forged_name_is_asked_about_at_its_end() -> None:
    named = line(JobName=f"fab-{OURS}")
    assert reported(named, own=OURS) == []
    [found] = reported(named)
    assert found.attempt == OURS
    assert reported(line(JobName=f"fab-{OURS}", End="Unknown")) == []
    [plain] = reported(line(JobName="fab-of-my-own"))
    assert plain.attempt is None


def test_a_running_job_has_no_end_and_one_that_never_started_is_none() -> None:
    [found] = reported(line(End="Unknown"), line(JobID="8", Start="None", AllocTRES=""))
    assert found.start.ended_at is None


def test_jobs_of_other_accounts_are_nobody_s_business() -> None:
    assert reported(line(Account="other")) == []


def test_elements_of_arrays_keep_their_own_ids() -> None:
    assert [one.start.job for one in reported(line(JobID="7_1"), line(JobID="7_2"))] == ["7_1", "7_2"]


def test_a_line_cut_short_is_told() -> None:
    with pytest.raises(Garbled):
        outside.read_starts("alpha|7|proj_a")


@given(name=st.text(st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=40))
def test_whatever_a_job_is_called_its_figures_are_read(name: str) -> None:
    [start] = outside.read_starts(line(JobName=name))
    assert (start.job, start.elapsed_seconds, start.name) == ("7", 20, name)
