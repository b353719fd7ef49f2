"""What is written as TOML reads back as it was."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.toml import write_value

plain = (
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(plain | st.lists(plain))
def test_a_value_reads_back(value: Any) -> None:
    assert tomllib.loads(f"key = {write_value(value)}")["key"] == value
