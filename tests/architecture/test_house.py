"""The map of the main flow in docs/explanation/house.md leads to code that is there."""

import ast
import re

import pytest

from tests.architecture.source import ROOT, SOURCE, tree

HOUSE = (ROOT / "docs" / "explanation" / "house.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^\| \d+ \| `(\S+) · (\w+)` \|", HOUSE, re.MULTILINE)


def test_the_main_flow_has_its_fifteen_steps() -> None:
    assert len(STEPS) == 15


@pytest.mark.parametrize(("file", "function"), STEPS)
def test_a_step_of_the_main_flow_is_where_the_map_says(file: str, function: str) -> None:
    nodes = ast.walk(tree(SOURCE / file))
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert function in names, f"house.md, section 3, names {function} in {file}; update the map or the code"
