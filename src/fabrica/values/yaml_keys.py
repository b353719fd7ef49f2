"""YAML in which each key is written once: the language itself lets the last one win unseen."""

from typing import Any

import yaml


class KeyTwice(yaml.YAMLError):
    """A key stands twice in one mapping; `where` tells which key, and the line of the second."""

    def __init__(self, key: str, mark: yaml.Mark) -> None:
        self.where = f"line {mark.line + 1}: {key!r} is written twice"
        super().__init__(self.where)


class KeysOnce:
    """Makes a loader of YAML refuse a key that is written twice in one mapping, and name it with its line."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise KeyTwice(name, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)  # type: ignore[misc]  # the loader it is mixed into has it


class PersonsLoader(KeysOnce, yaml.SafeLoader):
    """Reads what people write. It is not the one in C: there deep nesting ends the process."""
