"""Units: systemd understands them, they keep the agent running, and they give it no more than it needs."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent.settings import AgentSettings
from fabrica.agent.units import system_unit, user_unit
from tests.agent.builders import make_settings


def _settings(folder: Path, **changes: Any) -> AgentSettings:
    settings = make_settings(folder, **changes)
    settings.key_file.touch(mode=0o600)
    return settings


@pytest.mark.parametrize("level", ["system", "user"])
@pytest.mark.parametrize("folder", ["plain", 'a folder with "quotes" and 100%', "$HOME and \\n"])
@pytest.mark.parametrize(
    "settings", [{}, {"engine": "simulated"}, {"engine": "slurm", "site_accounts": {"ada@example.eu": "ada"}}]
)
def test_systemd_understands_the_unit(tmp_path: Path, level: str, folder: str, settings: dict[str, Any]) -> None:
    place = tmp_path / folder
    place.mkdir()
    write = user_unit if level == "user" else system_unit
    unit = tmp_path / "fabrica-agent.service"
    unit.write_text(write(place / "agent.toml", _settings(place, **settings)))
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    command = [program, *(["--user"] if level == "user" else []), "--man=no", "verify", str(unit)]
    told = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    )
    ours = [line for line in told.stderr.splitlines() if "fabrica-agent" in line]
    assert not ours, told.stderr
    assert told.returncode == 0, told.stderr


def test_a_unit_restarts_the_agent_and_stops_no_run(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    for unit in (user_unit(tmp_path / "agent.toml", settings), system_unit(tmp_path / "agent.toml", settings)):
        assert {"Restart=always", "StartLimitIntervalSec=0", "KillMode=process"} <= set(unit.splitlines())
        assert f"agent run {tmp_path}/agent.toml" in unit


def test_an_agent_that_needs_no_sudo_gets_no_new_privileges(tmp_path: Path) -> None:
    unit = system_unit(tmp_path / "agent.toml", _settings(tmp_path))
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(unit.splitlines())
    assert f"User={pwd.getpwuid(os.geteuid()).pw_name}" in unit
    assert f"ReadWritePaths={tmp_path}/agent {tmp_path}" in unit


def test_a_slurm_that_is_asked_by_rest_needs_no_sudo(tmp_path: Path) -> None:
    mapped: dict[str, Any] = {"engine": "slurm", "site_accounts": {"ada@example.eu": "ada"}}
    settings = _settings(tmp_path, **mapped, engine_settings={"form": "rest"})
    assert "NoNewPrivileges=yes" in system_unit(tmp_path / "agent.toml", settings)


def test_what_would_forbid_sudo_is_left_out_where_runs_start_as_other_accounts(tmp_path: Path) -> None:
    settings = _settings(tmp_path, engine="slurm", site_accounts={"ada@example.eu": "ada"})
    for unit in (system_unit(tmp_path / "agent.toml", settings), user_unit(tmp_path / "agent.toml", settings)):
        keys = {line.partition("=")[0] for line in unit.splitlines()}
        forbidding = {"NoNewPrivileges", "RestrictSUIDSGID", "LockPersonality", "ProtectKernelTunables"}
        assert not keys & (forbidding | {"RestrictNamespaces", "MemoryDenyWriteExecute", "CapabilityBoundingSet"})
