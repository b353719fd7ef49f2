"""Environment modules: what the site's `module load` changes is taken over, and nothing else of its login shell."""

import subprocess

_SHELL = "/bin/bash"
_MARK = b"fabrica-module-environment"
_SCRIPT = 'env -0; printf "%s\\0" "$0"; for one in "$@"; do module load "$one" >&2 || exit 1; done; env -0'
_SECONDS_MAX = 300
_NEVER = frozenset({"_", "PWD", "OLDPWD", "SHLVL", "HOME", "TMPDIR", "USER"})


class NotLoaded(Exception):
    """The site's modules cannot be loaded."""


def load(modules: "list[str]", inherited: "dict[str, str]") -> "tuple[dict[str, str], dict[str, str]]":
    """Return the variables that loading these modules changes, before and after; what it makes was empty before.

    Raises:
        NotLoaded: there is no `module`, or it fails; says its last words.
    """
    command = [_SHELL, "-lc", _SCRIPT, _MARK.decode(), *modules]
    named = "The site's modules {} cannot be loaded".format(", ".join(modules))
    try:
        done = subprocess.run(
            command,
            env=inherited,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise NotLoaded("{}: {}".format(named, trouble))  # noqa: B904 - the words are all that is told
    before, mark, after = done.stdout.partition(_MARK + b"\0")
    if done.returncode != 0 or not mark:
        words = " ".join(done.stderr.decode(errors="replace").split())[-300:]
        raise NotLoaded("{}: {}".format(named, words or "no word of why"))
    old, new = _read(before), _read(after)
    changed = {name for name, value in new.items() if old.get(name) != value and name not in _NEVER}
    changed = {name for name in changed if not name.startswith(("BASH_FUNC_", "SLURM_"))}
    return {name: old.get(name, "") for name in changed}, {name: new[name] for name in changed}


def _read(text: bytes) -> "dict[str, str]":
    pairs = (part.decode(errors="surrogateescape").partition("=") for part in text.split(b"\0") if part)
    return {name: value for name, _, value in pairs}


def merged(own: "dict[str, str]", before: "dict[str, str]", after: "dict[str, str]") -> "dict[str, str]":
    """Return a run's own variables with what modules changed. A run's own stand, and of a list of folders come first.

    System folders of a run's own list come last, since a module is loaded to stand before them.
    """
    found = dict(own)
    for name, value in after.items():
        if name not in own:
            found[name] = value
        elif name.endswith("PATH"):
            known = before[name].split(":")
            added = [one for one in value.split(":") if one and one not in known]
            mine = own[name].split(":")
            system = [one for one in mine if one in _SYSTEM]
            found[name] = ":".join([one for one in mine if one not in _SYSTEM] + added + system)
    return found


_SYSTEM = frozenset({"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"})
