"""YAML and JSON in which each key is written once: the languages themselves let the last one win unseen."""

import json
from typing import Any, NoReturn

import yaml


class KeyTwice(yaml.YAMLError, ValueError):
    """A key stands twice in one mapping; `where` tells which key, and of YAML the line of the second."""

    def __init__(self, key: str, line: int | None = None) -> None:
        place = "" if line is None else f"line {line}: "
        self.where = f"{place}{key[:80]!r} is written twice"
        super().__init__(self.where)


class KeysOnce:
    """Makes a loader of YAML refuse a key that is written twice in one mapping, and name it with its line."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise KeyTwice(name, key.start_mark.line + 1)
            seen.add(name)
        return super().construct_mapping(node, deep)  # type: ignore[misc]  # the loader it is mixed into has it


class PersonsLoader(KeysOnce, yaml.SafeLoader):
    """Reads what people write. It is not the one in C: there deep nesting ends the process."""


class StrangersLoader(PersonsLoader):
    """Reads what came from outside: nothing in it refers to something else, so that a small file stays small."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


def read_json(content: bytes | str) -> Any:
    """Return what JSON text holds.

    Raises:
        KeyTwice: an object holds a key twice.
        ValueError: it is no JSON, or holds NaN or Infinity, which only look like it.
        RecursionError: it is nested too deeply.
    """
    return json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise KeyTwice(name)
        found[name] = value
    return found
