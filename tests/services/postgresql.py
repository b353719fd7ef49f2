"""A real PostgreSQL on a free port, in a folder of its own, ended with the tests.

From the command line, `python -m tests.services.postgresql COMMAND...` runs a command with FABRICA_DATABASE_URL set.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.services.kept import kept
from tools.system_needs import MissingProgram, postgresql_programs

SETTINGS = {  # nothing here outlives the tests, so nothing waits for the disk
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",  # two servers keep one for each of their threads
}
START_SECONDS = 60


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of an empty database whose owner may create others.

    Raises:
        MissingProgram: no PostgreSQL is on this machine, and none could be installed.
    """
    programs = postgresql_programs()
    folder = Path(tempfile.mkdtemp(prefix="fabrica-postgresql-"))
    user = _unprivileged_user()
    if user != "-":
        shutil.chown(folder, user)
    password, port = secrets.token_hex(16), _free_port()
    _create(programs, folder, user, password)
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    command: list[str | Path] = [programs / "postgres", "-D", folder / "data", *options]
    with kept(command, folder=folder, user=user) as keeper:
        url = f"postgresql://fabrica:{password}@127.0.0.1:{port}/postgres"
        _wait_until_it_answers(url, keeper)
        yield url


def _unprivileged_user() -> str:
    """Return who runs the server: the present user, or another one in the place of root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return "-"
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _create(programs: Path, folder: Path, user: str, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if user != "-":
        shutil.chown(secret, user)
    subprocess.run(
        [
            programs / "initdb",
            f"--pgdata={folder / 'data'}",
            "--username=fabrica",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        user=None if user == "-" else user,
        extra_groups=None if user == "-" else [],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    secret.unlink()


def _wait_until_it_answers(url: str, keeper: subprocess.Popen[str]) -> None:
    import psycopg

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if keeper.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main(command: list[str]) -> int:
    """Run the command with a database; without PostgreSQL say so, and fail only in continuous integration."""
    try:
        with postgresql() as url:
            return subprocess.run(command, env={**os.environ, "FABRICA_DATABASE_URL": url}, check=False).returncode
    except MissingProgram as missing:
        print(f"Skipped: {missing}")
        return int(os.environ.get("CI") == "true")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
