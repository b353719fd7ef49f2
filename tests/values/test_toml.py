"""What is written as TOML reads back as it was, and a wrong key is named with its line and the nearest right one."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.toml import line_of, unknown_key, write_value

plain = (
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(plain | st.lists(plain))
def test_a_value_reads_back(value: Any) -> None:
    assert tomllib.loads(f"key = {write_value(value)}")["key"] == value


def test_an_unknown_key_is_told_with_the_nearest_right_one_else_with_all() -> None:
    known = ("layers", "heads")
    assert unknown_key(known, known) is None
    assert unknown_key(["layers", "layer"], known, "[moe]") == (
        "layer",
        "There is no key 'layer' in [moe].",
        "Did you mean 'layers'?",
    )
    far = unknown_key(["z" * 100], known)
    assert far is not None
    assert far.detail == f"There is no key '{'z' * 60}'."
    assert far.remedy == "Known keys: layers, heads."


@pytest.mark.parametrize(
    ("key", "line"), [("name", 1), ("quoted", 2), ("moe", 3), ("rows", 5), ("absent", None), ("", None), ("na.e", None)]
)
def test_a_key_or_table_is_found_on_the_line_where_it_first_stands(key: str, line: int | None) -> None:
    text = """name = "name of quoted"
  "quoted" = 1
[ moe ]
name = 2
[[rows]]
= 3
"""
    assert line_of(text, key) == line
