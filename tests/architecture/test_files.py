"""The tree is tidy: files are short, tests mirror sources, nothing is left unfinished."""

import ast
import re
import subprocess
from pathlib import Path

from tests.architecture.source import ROOT, SERVER, SOURCE, modules, place, slices, tree

LINES_IN_A_SITTING = 400
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")))
OF_ONE_MACHINE = re.compile("/" + "work/|/" + "root/|/" + "home/[a-z]+/")
# Tests that tell a story or a promise of the whole, and so mirror no single file.
NOT_MIRRORS = ("architecture", "browser", "contracts", "docs", "flows", "services", "tools")
NOT_MIRRORS_NAMES = ("test_faults",)  # of one folder: kills real processes


def test_a_file_is_read_in_one_sitting() -> None:
    long = [
        f"{place(path)} has {length} lines; split it by noun"
        for path in modules()
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > LINES_IN_A_SITTING
    ]
    assert not long, "\n".join(long)


def test_every_module_says_what_it_is_for() -> None:
    silent = [place(path) for path in modules() if path.stat().st_size and not ast.get_docstring(tree(path))]
    assert not silent, "no module docstring: " + ", ".join(silent)


def test_every_test_mirrors_a_source_file() -> None:
    astray = [
        f"{place(test)} mirrors no file of src/fabrica"
        for test in sorted((ROOT / "tests").rglob("test_*.py"))
        if test.relative_to(ROOT / "tests").parts[0] not in NOT_MIRRORS and not _mirrored(test)
    ]
    assert not astray, "\n".join(astray)


def _mirrored(test: Path) -> bool:
    relative = test.relative_to(ROOT / "tests")
    if relative.stem in NOT_MIRRORS_NAMES:
        return True
    name = relative.stem.removeprefix("test_").removesuffix("_properties")
    folder = SOURCE / relative.parent
    return (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()


def test_nothing_tracked_is_unfinished_or_tied_to_one_machine() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in _tracked()
        for number, line in enumerate(_text(name).splitlines(), start=1)
        if UNFINISHED.search(line) or OF_ONE_MACHINE.search(line)
    ]
    assert not found, "\n".join(found)


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _text(name: str) -> str:
    content = (ROOT / name).read_bytes()
    return "" if b"\0" in content[:8000] else content.decode("utf-8", errors="replace")


def test_a_slice_has_a_page_about_itself() -> None:
    without = [name for name in slices() if not (SERVER / name / "README.md").exists()]
    assert not without, "no README.md in: " + ", ".join(without)


def test_lock_files_name_no_address() -> None:
    locks = [*(ROOT / "requirements").glob("*.lock"), ROOT / "tests" / "services" / "package-lock.json"]
    assert len(locks) > 3
    addressed = [place(lock) for lock in locks if re.search(r"index-url|find-links|\"resolved\"", lock.read_text())]
    assert not addressed, "a lock file must not say where packages come from: " + ", ".join(addressed)
