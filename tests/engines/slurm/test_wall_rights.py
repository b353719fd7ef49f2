"""Who may set the limits of projects' accounts on a real Slurm, as `docs/how-to/mirror-limits.md` tells it."""

import os
from pathlib import Path

import pytest

from fabrica.engines.slurm.wall import open_slurm_wall
from fabrica.values.ids import ProjectId
from fabrica.wire.limits import LimitDrift, LimitsNotSet
from tests.engines.slurm.bench import fake_commands
from tests.services.slurm.cluster import SlurmCluster

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account"),
]
AGENT = "nobody"
"""The agent's account: of this machine, and no operator of Slurm."""


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
            "partitions": [{"name": "gpu", "resource_class": "gpu.h100"}],
        },
    )
    wanted = LimitDrift(
        project=ProjectId.new(),
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
