"""Which Slurm account a project's jobs are charged to, and what the wall is told of a partition."""

from pathlib import Path

import pytest

from fabrica.engines.registry import open_wall
from fabrica.engines.slurm.settings import read_slurm_settings
from fabrica.values.ids import ProjectId
from fabrica.wire.agents import AgentSettingsRefused

PROJECT, OTHER = ProjectId.new(), ProjectId.new()
PARTITIONS = [{"name": "gpu", "resource_class": "gpu.h100", "account": "shared"}]


def test_a_project_s_jobs_go_to_its_own_account_and_others_to_the_partition_s() -> None:
    settings = read_slurm_settings({"partitions": PARTITIONS, "project_accounts": {PROJECT: "Proj_A"}})
    [partition] = settings.partitions
    assert settings.account_of(PROJECT, partition) == "proj_a"  # as Slurm keeps it
    assert settings.account_of(OTHER, partition) == "shared"
    assert settings.account_of(None, partition) == "shared"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({PROJECT: "same", OTHER: "SAME"}, "two projects"),
        ({PROJECT: "a b"}, "project_accounts"),
        ({PROJECT: "-x"}, "project_accounts"),
        ({"no-project": "proj_a"}, "project_accounts"),
    ],
)
def test_an_account_of_two_projects_or_of_a_strange_name_is_refused(table: dict[str, str], words: str) -> None:
    with pytest.raises(AgentSettingsRefused, match=words):
        read_slurm_settings({"partitions": PARTITIONS, "project_accounts": table})


def test_only_slurm_has_a_wall(tmp_path: Path) -> None:
    assert open_wall("local", tmp_path) is None
    wall = open_wall("slurm", tmp_path, partitions=PARTITIONS, project_accounts={PROJECT: "proj_a"})
    assert wall is not None
    assert wall.accounts == {PROJECT: "proj_a"}
