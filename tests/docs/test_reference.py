"""The reference pages say what the code says."""

import pytest

from fabrica.wire.problems import FabricaError, all_problems
from tools.write_reference import FOLDER, PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_reference_page_is_up_to_date(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), f"docs/reference/{name} is not up to date: run `make reference`"


def test_every_problem_has_an_entry_in_the_reference() -> None:
    text = (FOLDER / "problems.md").read_text(encoding="utf-8")
    without = [code for code, kind in all_problems().items() if kind is not FabricaError and f"## {code}\n" not in text]
    assert not without
