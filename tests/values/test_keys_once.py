"""A key that is written twice is never lost unseen, in YAML or JSON, however deep it stands."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.keys_once import KeyTwice, PersonsLoader, read_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN)
def test_json_without_a_double_key_is_read_as_it_is(value: object) -> None:
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2, "a": 1}', '[{"b": {"c": 1, "a": 1, "a": 2}}]', '{"a": 1, "\\u0061": 2}']
)
def test_a_key_twice_in_json_is_named_even_where_both_say_the_same(text: str) -> None:
    with pytest.raises(KeyTwice, match="'a' is written twice"):
        read_json(text)


def test_a_key_twice_in_yaml_is_named_with_its_line() -> None:
    with pytest.raises(KeyTwice, match="line 2: 'a' is written twice"):
        yaml.load("a: 1\na: 1\n", Loader=PersonsLoader)


def test_what_is_no_json_is_told_as_such() -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_json(b"{")
