"""Which account a project's jobs are charged to, what the wall is told of a partition, and who may set a limit."""

import os
from pathlib import Path

import pytest

from fabrica.engines.registry import open_wall
from fabrica.engines.slurm.settings import read_slurm_settings
from fabrica.engines.slurm.wall import open_slurm_wall
from fabrica.values.ids import ProjectId
from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.limits import LimitDrift, LimitsNotSet
from tests.engines.slurm.bench import fake_commands
from tests.services.slurm.cluster import SlurmCluster

PROJECT, OTHER = ProjectId.new(), ProjectId.new()
PARTITIONS = [{"name": "gpu", "resource_class": "gpu.h100", "account": "shared"}]
AGENT = "nobody"
"""The agent's account: of this machine, and no operator of Slurm."""


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


@pytest.mark.slurm
@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account")
def test_a_coordinator_sets_limits_of_what_stands_under_an_account_and_not_of_the_account(
    slurm_full: SlurmCluster, tmp_path: Path
) -> None:
    slurm_full.add_account("above")
    slurm_full.add_account("below", parent="above")
    as_agent = f'exec setpriv --reuid={AGENT} --regid=nogroup --clear-groups $REAL "$@"'
    commands = fake_commands(tmp_path / "bin", path=slurm_full.environment["PATH"], sacctmgr=as_agent)
    wall = open_slurm_wall(
        tmp_path / "engine",
        {
            "slurm_conf": str(slurm_full.site.slurm_conf_path),
            "command_folder": str(commands),
            "partitions": PARTITIONS,
        },
    )
    wanted = LimitDrift(
        project=PROJECT,
        slurm_account="below",
        resource="gres/gpu",
        stands_minutes=None,
        wanted_minutes=90,
        words="",
    )
    for account in ("below", "above"):
        slurm_full.add_user(AGENT, account)
        with pytest.raises(LimitsNotSet) as refused:
            wall.mend(wanted)
        assert "coordinator of the account above this one" in refused.value.remedy
        slurm_full.command("sacctmgr", "-i", "add", "coordinator", f"account={account}", f"names={AGENT}")
    wall.mend(wanted)
    where = ("where", "account=below", "user=")
    told = slurm_full.command("sacctmgr", "-nP", "show", "assoc", *where, "format=GrpTRESMins")
    assert told.strip() == "gres/gpu=90"
