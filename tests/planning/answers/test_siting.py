"""A study of sites as a result: repeatable, complete, and its hostile names stay text."""

import subprocess
import sys

import pytest

from fabrica.planning.answers import siting
from fabrica.wire.siting import CandidatesRefused

TEXT = """
[candidates.north]
name = "<script>"
pue = { low = 1.05, high = 1.12, source = "invented" }

[candidates.south]
pue = { low = 1.1, high = 1.3, source = "invented" }
"""


def told(share: float | None, words: str) -> None:
    assert share is None or 0 <= share <= 1
    assert words


def test_the_same_text_and_seed_give_the_same_result() -> None:
    one, other = (siting.answer(TEXT, 7, told) for _ in range(2))
    assert one == other
    assert one != siting.answer(TEXT, 8, told)
    assert {figure.key for figure in one.figures} == {"north", "south"}
    assert {table.name for table in one.tables} == {"ranks", "limits", "figures"}
    assert "<script>" not in one.report


def test_a_mistake_is_told_before_it_runs() -> None:
    with pytest.raises(CandidatesRefused, match="line 2"):
        siting.check("\n[candidate.x]")


def test_sites_are_compared_where_no_optional_package_is_installed() -> None:
    program = (
        "import sys; sys.modules.update(numpy=None, numba=None)\n"
        "from fabrica.planning.answers import siting\n"
        "print(len(siting.answer('include=[\"hosts\"]', 1, lambda share, words: None).figures))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
