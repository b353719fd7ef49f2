"""Runs execute as the person's own account of the site: commands go as that account, and it may enter its attempt.

The attempt's root stays the agent's, so that nothing in it can be put in another's place; the account writes inside
`work`, `record`, `tmp` and `engine`, and to `log`.
"""

import getpass
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fabrica.engines.contract import declined
from fabrica.engines.slurm.marks import ENGINE_FOLDER

_WRITABLE = ("work", "record", "tmp", "attached", ENGINE_FOLDER)
_READABLE = ("data",)


def account_or_refusal(name: str) -> pwd.struct_passwd:
    """Return a site's account.

    Raises:
        StartRefused: there is none of that name, or it is root.
    """
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        raise declined(f"The site has no account {name!r}; its agent's mapping names one that is gone.") from None
    if account.pw_uid == 0:
        raise declined("Runs never execute as root; the agent's mapping has to name another account.")
    return account


def is_other(name: str | None) -> bool:
    """Say whether an account is another than the one this process runs as."""
    return name is not None and pwd.getpwuid(os.geteuid()).pw_name != name


def command_as(command: Sequence[str], user: str, *, root: bool) -> tuple[list[str], dict[str, Any]]:
    """Return a command as another account executes it, and the keywords of `subprocess` that go with it.

    Root becomes the account by itself; anybody else asks sudo, which the site allows for these programs alone.
    """
    if not root:
        return ["sudo", "-n", "-u", user, "--", *command], {}
    account = pwd.getpwnam(user)
    groups = os.getgrouplist(user, account.pw_gid)
    return list(command), {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}


def give_folder(folder: Path, account: pwd.struct_passwd, *, variables: Mapping[str, str]) -> None:
    """Let an account enter an attempt's folder and write inside it, and reach the environment its run needs.

    Raises:
        StartRefused: the file system does not let it be given; the words say what would.
    """
    log = folder / "log"
    log.touch(mode=0o600)
    writable = [folder / part for part in _WRITABLE if (folder / part).exists()]
    readable = [folder, *(folder / part for part in _READABLE)]
    places = [folder, *needed_places(variables)]
    try:
        if shutil.which("setfacl"):
            _give_by_list(account.pw_name, writable, readable, log, ways_to(places))
        elif os.geteuid() == 0:
            _give_by_owner(account, writable, readable, log, ways_to(places))
        else:
            raise declined("The site has no setfacl, which giving a run's folder to its account needs.")
    except (OSError, subprocess.CalledProcessError) as trouble:
        told = trouble.stderr if isinstance(trouble, subprocess.CalledProcessError) else str(trouble)
        words = f"A run's folder cannot be given to the account {account.pw_name}: {str(told).strip()[:200]}"
        raise declined(words) from trouble


def needed_places(variables: Mapping[str, str]) -> list[Path]:
    """Return the folders outside its own that a run's environment names."""
    found = [variables.get("VIRTUAL_ENV", ""), *variables.get("PYTHONPATH", "").split(":")]
    return [Path(one) for one in found if one.startswith("/")]


def ways_to(places: Iterable[Path]) -> list[Path]:
    """Return the folders above these places that are ours and closed to others: those that must be passed through."""
    found = set()
    for place in places:
        for parent in place.parents:
            if parent.exists() and parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
                found.add(parent)
    return sorted(found)


def _give_by_list(
    name: str, writable: Sequence[Path], readable: Sequence[Path], log: Path, ways: Sequence[Path]
) -> None:
    """Give by access control lists: what the account makes, the agent may read and remove."""
    me = getpass.getuser()
    inside = f"u:{name}:rwX,d:u:{name}:rwX,d:u:{me}:rwX"
    _setfacl("--recursive", f"--modify={inside}", *map(str, writable))
    _setfacl(f"--modify=u:{name}:r-X", str(readable[0]))
    _setfacl("--recursive", f"--modify=u:{name}:r-X", *map(str, readable[1:]))
    _setfacl(f"--modify=u:{name}:rw-", str(log))
    if ways:
        _setfacl(f"--modify=u:{name}:--x", *map(str, ways))


def _setfacl(*arguments: str) -> None:
    subprocess.run(["setfacl", *arguments], check=True, capture_output=True, text=True, timeout=60)


def _give_by_owner(
    account: pwd.struct_passwd, writable: Sequence[Path], readable: Sequence[Path], log: Path, ways: Sequence[Path]
) -> None:
    """Give by owner, where there are no lists and the agent is root."""
    for place in writable:
        for parent, folders, files in os.walk(place):
            for entry in (parent, *(os.path.join(parent, name) for name in (*folders, *files))):  # noqa: PTH118
                os.chown(entry, account.pw_uid, account.pw_gid, follow_symlinks=False)
    for place in readable:
        place.chmod(0o750)
        os.chown(place, -1, account.pw_gid)
    os.chown(log, account.pw_uid, -1)
    for way in ways:
        way.chmod(way.stat().st_mode | 0o001)
