"""The MariaDB of one site's accounting."""

import getpass
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.services.slurm.configuration import Site

SETTINGS = {  # a site of the tests waits for no disk
    "bind-address": "127.0.0.1",
    "innodb-buffer-pool-size": "128M",
    "innodb-log-file-size": "32M",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-lock-wait-timeout": "900",
    "max-allowed-packet": "16M",
}


def data_folder(site: Site) -> Path:
    """Return where the site's data is."""
    return site.folder / "db"


def socket_path(site: Site) -> Path:
    """Return the Unix socket of the site's database."""
    return site.folder / "run" / "db.sock"


def create(site: Site, prefix: Sequence[str], environment: dict[str, str]) -> None:
    """Fill the data folder of a site that has none."""
    command = [
        *prefix,
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={data_folder(site)}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        f"--user={getpass.getuser()}",
    ]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def command(site: Site) -> list[str]:
    """Return the command of the site's database server."""
    return [
        "mariadbd",
        "--no-defaults",
        f"--datadir={data_folder(site)}",
        f"--socket={socket_path(site)}",
        f"--pid-file={site.folder}/run/mariadbd.pidfile",
        f"--port={site.database_port}",
        "--skip-name-resolve",
        f"--user={getpass.getuser()}",
        *(f"--{name}={value}" for name, value in SETTINGS.items()),
    ]


def is_up_command(site: Site) -> list[str]:
    """Return the command that succeeds once the server answers."""
    return ["mariadb-admin", "--no-defaults", f"--socket={socket_path(site)}", "--user=root", "ping"]


def prepare_command(site: Site) -> tuple[list[str], str]:
    """Return the command, and its standard input, that makes the accounting database and its user."""
    statements = (
        "create database if not exists slurm_acct_db;"
        f"create user if not exists slurm@127.0.0.1 identified by '{site.slurmdbd_password}';"
        "grant all on slurm_acct_db.* to slurm@127.0.0.1;"
    )
    return ["mariadb", "--no-defaults", f"--socket={socket_path(site)}", "--user=root"], statements
