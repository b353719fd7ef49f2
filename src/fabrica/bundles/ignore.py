"""Which files of a folder stay out of its bundle."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from fabrica.wire.runs import BundleRefused

IGNORE_FILE = ".fabricaignore"
ALWAYS_OUT = (
    ".git/", ".hg/", ".svn/",
    ".venv/", "venv/", "node_modules/",
    "__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".mypy_cache/", ".ruff_cache/", ".pytest_cache/",
    ".fabrica/", "/record/",
    ".env", ".DS_Store",
)  # fmt: skip
"""Never needed to run, or not for other eyes. `/record/` is what a script leaves that runs outside Fabrica."""


def ignored_by(folder: Path) -> Callable[[str, bool], bool]:
    """Return the question `(path, is_folder) -> is it out?` for a folder, by its `.fabricaignore` and `ALWAYS_OUT`.

    One pattern a line: `*`, `?` and `[…]` match within names; a pattern with a `/` inside or in front counts from the
    folder, any other at every depth; a `/` at the end means folders only; `#` starts a comment.

    Raises:
        BundleRefused: the file is not UTF-8 text, or has a pattern that starts with `!`.
    """
    patterns = [*ALWAYS_OUT, *_patterns(folder / IGNORE_FILE)]
    return lambda path, is_folder: any(_matches(pattern, path, is_folder) for pattern in patterns)


def _patterns(file: Path) -> Iterable[str]:
    if not file.is_file():
        return
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise BundleRefused(f"{IGNORE_FILE} is not UTF-8 text.", remedy="Save it as UTF-8.") from None
    for number, line in enumerate(lines, start=1):
        pattern = line.strip()
        if pattern.startswith("!"):
            raise BundleRefused(
                f"{IGNORE_FILE} line {number} starts with `!`: Fabrica cannot take files back in.",
                remedy="Write patterns that match only what stays out.",
                line=number,
            )
        if pattern.strip("/") and not pattern.startswith("#"):
            yield pattern


def _matches(pattern: str, path: str, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    names = path.split("/")
    forms = pattern.strip("/").split("/")
    if "/" not in pattern.rstrip("/"):
        names = names[-1:]  # at every depth
    return len(names) == len(forms) and all(map(fnmatchcase, names, forms))
