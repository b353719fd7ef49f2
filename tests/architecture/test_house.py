"""What docs/explanation/house.md shows of the code is there: its folders, its excerpts, the map of the main flow."""

import ast
import re

import pytest

from tests.architecture.source import ROOT, SERVER, SOURCE, tree

HOUSE = (ROOT / "docs" / "explanation" / "house.md").read_text(encoding="utf-8")
FOLDERS = re.findall(r"^[├└]── (\w+)/ +(\(not built yet\))?", HOUSE, re.MULTILINE)
EXCERPTS = re.findall(r"`(server/\w+/\w+\.py)`:\n\n```python\n(.*?)```", HOUSE, re.DOTALL)
STEPS = re.findall(r"^\| \d+ \| `(\S+) · (\w+)` \|", HOUSE, re.MULTILINE)


def test_the_main_flow_has_its_fifteen_steps() -> None:
    assert len(STEPS) == 15


@pytest.mark.parametrize(("file", "function"), STEPS)
def test_a_step_of_the_main_flow_is_where_the_map_says(file: str, function: str) -> None:
    nodes = ast.walk(tree(SOURCE / file))
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert function in names, f"house.md, section 3, names {function} in {file}; update the map or the code"


def test_the_map_names_every_folder_and_says_which_are_not_built_yet() -> None:
    built = {name for name, missing in FOLDERS if not missing}
    there = {path.parent.name for path in (*SOURCE.glob("*/__init__.py"), *SERVER.glob("*/__init__.py"))}
    assert built == there


@pytest.mark.parametrize(("file", "excerpt"), EXCERPTS, ids=[file for file, _ in EXCERPTS])
def test_an_excerpt_is_what_stands_in_the_code(file: str, excerpt: str) -> None:
    code = {_bare(line) for line in (SOURCE / file).read_text(encoding="utf-8").splitlines()}
    changed = [line for line in excerpt.splitlines() if _bare(line) not in code | {"", "..."}]
    assert not changed, f"house.md shows lines that {file} does not have: {changed}"


def _bare(line: str) -> str:
    """Return a line without its remark and without the end of its docstring."""
    return line.partition("  #")[0].strip().removesuffix('"""')
