"""The systemd units of an agent: restarted for ever, let at as little as it needs, and stopped without its runs."""

import pwd
import sys
from pathlib import Path

from fabrica.agent.settings import AgentSettings

_RESTART = """\
Restart=always
RestartSec=10
TimeoutStopSec=60
# Only the agent is stopped, never a run that it looks after.
KillMode=process
UMask=0077
"""
_NO_SUDO = """\
NoNewPrivileges=yes
RestrictSUIDSGID=yes
LockPersonality=yes
"""
_SYSTEM = """\
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectHostname=yes
RestrictRealtime=yes
CapabilityBoundingSet=
"""
_NOT_FOR_RUNS = """\
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
MemoryDenyWriteExecute=yes
"""


def needs_sudo(settings: AgentSettings) -> bool:
    """Say whether runs are started as other accounts by sudo; a Slurm that is asked by REST takes a token instead."""
    return isinstance(settings.site_accounts, dict) and settings.engine_settings.get("form") != "rest"


def system_unit(path: Path, settings: AgentSettings) -> str:
    """Return a unit for the system's systemd. It runs as the owner of the key file."""
    owner = pwd.getpwuid(settings.key_file.stat().st_uid).pw_name
    lines = [_head(path, "After=network-online.target\nWants=network-online.target\n"), f"User={owner}\n", _RESTART]
    if needs_sudo(settings):
        lines += [
            "# sudo starts runs as people's own accounts, so what would forbid sudo is left out.\n",
            "ProtectSystem=full\n",
        ]
    else:
        places = " ".join(_quoted(place) for place in (settings.folder, settings.key_file.parent))
        lines += [_NO_SUDO, _SYSTEM, f"ProtectSystem=strict\nReadWritePaths={places}\n"]
        lines += [_NOT_FOR_RUNS] if settings.engine != "local" else []  # runs of `local` live under the agent
    lines += ["ProtectControlGroups=yes\n", _install("multi-user.target")]
    return "".join(lines)


def user_unit(path: Path, settings: AgentSettings) -> str:
    """Return a unit for a user's own systemd, which needs no administrator."""
    note = "# It goes on after you log out once you have run: loginctl enable-linger\n"
    hardening = "" if needs_sudo(settings) else _NO_SUDO
    return "".join([note, _head(path, ""), _RESTART, hardening, _install("default.target")])


def _head(path: Path, order: str) -> str:
    program = Path(sys.executable).with_name("fabrica")
    return (
        f"[Unit]\nDescription=Fabrica agent ({_escaped(str(path))})\n{order}StartLimitIntervalSec=0\n\n"
        "[Service]\nType=exec\n"
        f"ExecStart={_quoted(program)} agent run {_quoted(path)}\n"
    )


def _install(target: str) -> str:
    return f"\n[Install]\nWantedBy={target}\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(path: Path) -> str:
    """Return a path as systemd reads it back, whatever letters it has."""
    text = _escaped(str(path)).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{text}"' if text != str(path) or " " in text else text
