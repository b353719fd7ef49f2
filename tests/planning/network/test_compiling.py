"""Compiled code is kept under a name that changes with every file it is made of."""

import ast

import pytest

pytest.importorskip("numba")

from fabrica.planning.network.compiling import LOOPS
from tests.architecture.source import SOURCE

NOT_COMPILED = {"fabrica.placement", "fabrica.values.quantities", "fabrica.values.time", "fabrica.wire.placement"}
"""What the policy's defaults stand in reads snapshots with; no compiled code uses it."""


@pytest.mark.parametrize("name", [name for name in LOOPS if not name.endswith("snapshot.py")])
def test_whatever_a_file_of_the_loops_uses_is_one_of_them(name: str) -> None:
    used = {
        node.module
        for node in ast.walk(ast.parse((SOURCE / name).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fabrica.")
    }
    files = {f"{module.removeprefix('fabrica.').replace('.', '/')}.py" for module in used - NOT_COMPILED}
    assert files <= set(LOOPS)
