"""Accounts of this machine for a test, and what sudo lets one of them do: made and removed. Needs root."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.system_needs import install

_PROGRAMS = {"sudo": "sudo", "setfacl": "acl", "useradd": "passwd"}
_RULES = Path("/etc/sudoers.d")


@contextmanager
def unix_accounts(*names: str, home: Path) -> Iterator[list[str]]:
    """Yield accounts whose names begin as told; without root, or without sudo and setfacl, the test is skipped."""
    if os.geteuid() != 0:
        pytest.skip("accounts are made and removed by root alone")
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if missing and not install(*missing):
        pytest.skip(f"these packages are not here and cannot be installed: {', '.join(missing)}")
    made: list[str] = []
    try:
        for name in names:
            account = f"{name}-{os.getpid()}"
            _run("useradd", "--no-create-home", f"--home-dir={home}", "--shell=/bin/sh", "--user-group", account)
            made.append(account)
        yield made
    finally:
        for account in made:
            _run("userdel", account)


@contextmanager
def sudo_rule(text: str) -> Iterator[None]:
    """Have a rule of sudo meanwhile, checked before it counts."""
    rule = _RULES / f"fabrica-test-{os.getpid()}-{secrets.token_hex(4)}"
    _run("visudo", "--check", "--file=-", stdin=text)
    rule.write_text(text)
    rule.chmod(0o440)
    try:
        yield
    finally:
        rule.unlink()


def done_as(account: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as an account, and return how it ended and what it said."""
    return subprocess.run(
        [*become(account), *command],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
        timeout=60,
    )


def become(account: str) -> Sequence[str]:
    """Return what is put before a command so that it runs as an account, with its groups and none of root's rights."""
    return ("setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", "--inh-caps=-all", "--")


def _run(*command: str, stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}".strip())
