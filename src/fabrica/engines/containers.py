"""Runs a command inside an image with Apptainer: unprivileged, and of the site's files only the attempt's own.

This module is also in the archive that runs on a site's nodes: plain Python 3.6, and nothing of ours beside it.
"""

import os
import re
import subprocess
from pathlib import Path

PROGRAM = "apptainer"
OLDEST = (1, 1)  # before it, Apptainer needed a helper with root's rights
_SECONDS_MAX = 20
_ACCELERATORS = {"cuda-x86": "--nv", "cuda-arm": "--nv", "rocm": "--rocm"}
_NETWORK_DEVICES = "/dev/infiniband"
_OF_THE_SITE = frozenset({"PATH", "HOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LD_PRELOAD"})


def version_of(program: str, path: "str | None" = None) -> "str | None":
    """Return the version of an Apptainer, such as `1.4.5`; None: there is none here that we could use.

    `path`: where a program without a folder is looked for; None: where this process looks.
    """
    variables = {"PATH": path if path is not None else os.environ.get("PATH", ""), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [program, "--version"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_version(done.stdout.decode(errors="replace")) if done.returncode == 0 else None


def read_version(said: str) -> "str | None":
    """Return the version that `apptainer --version` has printed; None: too old, or another program."""
    found = re.match(r"apptainer version (([0-9]+)\.([0-9]+)[0-9A-Za-z.+~-]*)", said.strip())
    if found is None or (int(found.group(2)), int(found.group(3))) < OLDEST:
        return None
    return found.group(1)


def container_of(image: str, program: str, software_stack: "str | None") -> "dict[str, str | None]":
    """Return what an order keeps of the image that its command runs in."""
    return {"image": image, "program": program, "accelerators": _ACCELERATORS.get(software_stack or "")}


def command_inside(
    container: "dict[str, str | None]", folder: str, command: "list[str]", variables: "dict[str, str]"
) -> "list[str]":
    """Return the command line that runs a command inside an image. `folder`: the attempt's own.

    No home but the attempt's folder for temporary files, no variable but ours, no right that this account has not.
    """
    options = ["--cleanenv", "--contain", "--no-eval", "--no-privs", "--no-umask"]
    if os.geteuid() == 0:
        options.append("--userns")  # root, too, is nobody else inside
    if container["accelerators"]:
        options.append(container["accelerators"])
    options += ["--home", str(Path(folder, "tmp")), "--pwd", str(Path(folder, "work"))]
    for place, rights in _binds(folder, variables):
        options += ["--bind", f"{place}:{place}:{rights}"]
    return [str(container["program"]), "--quiet", "exec", *options, str(container["image"]), *command]


def _binds(folder: str, variables: "dict[str, str]") -> "list[tuple[str, str]]":
    """Return what of the site can be seen inside, and whether it can be changed."""
    found = [(f"{folder}/{part}", "rw") for part in ("work", "record", "attached")]
    found.append((f"{folder}/data", "ro"))
    found += [(place, "ro") for place in variables.get("PYTHONPATH", "").split(":") if place.startswith("/")]
    found.append((_NETWORK_DEVICES, "rw"))
    return [(place, rights) for place, rights in found if Path(place).exists()]


def variables_inside(folder: str, variables: "dict[str, str]") -> "dict[str, str]":
    """Return the variables that Apptainer itself runs with: what is meant for the command carries its prefix."""
    temporary = str(Path(folder, "tmp"))
    inside = {"APPTAINERENV_" + name: value for name, value in variables.items() if name not in _OF_THE_SITE}
    found = dict(variables)
    found.update(inside)
    found.update({"APPTAINER_TMPDIR": temporary, "APPTAINER_CACHEDIR": f"{temporary}/.apptainer"})
    return found
