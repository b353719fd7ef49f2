"""The archive that runs on the nodes: old Pythons read it, and it needs nothing of ours beside it."""

import ast
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from fabrica.engines.slurm.archive import archive


def test_python_3_6_can_parse_every_module() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as zipped:
        names = zipped.namelist()
        for name in names:
            ast.parse(zipped.read(name), feature_version=(3, 6))
    assert "__main__.py" in names


def test_it_runs_a_command_with_nothing_inherited_and_marks_how_it_ended(tmp_path: Path) -> None:
    for part in ("work", "engine"):
        (tmp_path / part).mkdir()
    (tmp_path / "engine" / "keeper.pyz").write_bytes(archive())
    order = {
        "attempt": "att_x",
        "command": ["sh", "-c", "echo $MINE $FABRICA_NODE_RANK of $FABRICA_NODES; echo [$NOT_MINE]; exit 5"],
        "variables": {"PATH": "/usr/bin:/bin", "MINE": "yes"},
        "opens_folder": False,
        "nodes": 1,
        "cpus": 1,
        "tasks": 1,
        "srun": "srun",
        "log_bytes_max": 2**16,
        "limits": {
            "time_limit_seconds": 60,
            "run_seconds": 60,
            "disk_bytes": 2**20,
            "signal_seconds": 0,
            "grace_seconds": 1,
        },
    }
    (tmp_path / "engine" / "order.json").write_text(json.dumps(order))
    done = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "engine" / "keeper.pyz", tmp_path],
        env={"NOT_MINE": "leaks", "SLURM_JOB_ID": "7", "PATH": "/usr/bin:/bin"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 5
    assert (tmp_path / "log").read_text() == "yes 0 of 1\n[]\n"
    mark = json.loads((tmp_path / "engine" / "ended-0.json").read_text())
    assert (mark["reason"], mark["exit_code"], mark["job"]) == ("exit_nonzero", 5, "7")
