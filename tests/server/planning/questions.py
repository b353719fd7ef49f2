"""Saved scenarios for tests, and a child that says what a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

from fabrica.server.core.actors import Actor
from fabrica.server.planning import service
from fabrica.values.ids import ScenarioId

SITING = """
[candidates.north]
pue = { low = 1.05, high = 1.12, source = "invented" }
land_hectares = { value = 50, source = "invented" }

[candidates.south]
pue = { low = 1.2, high = 1.3, source = "invented" }
land_hectares = { value = 90, source = "invented" }
"""
RESULT: dict[str, Any] = {
    "words": "North is <b>cooler</b>.",
    "figures": [{"key": "north", "label": "North first", "low": 0.4, "value": 0.5, "high": 0.6, "words": "50%"}],
    "report": "<section><h2>Ranks</h2><svg role='img'><title>Ranks</title></svg></section>",
    "tables": [{"name": "ranks", "title": "Ranks", "head": ["site", "first"], "rows": [["north", "0.5"]]}],
}


def make_scenario(by: Actor, **fields: Any) -> ScenarioId:
    return service.save(by, **{"kind": "siting", "name": "Where?", "text": SITING} | fields)


class ScriptedChild:
    """Stands for the process of a calculation: says one line after another, `None` for a silent second."""

    def __init__(self, lines: Iterator[Callable[[], Any] | dict[str, Any] | None]) -> None:
        self.lines, self.status = lines, 1

    def __call__(self, asked: dict[str, Any]) -> "ScriptedChild":
        self.asked = asked
        return self

    def said(self, seconds: float) -> dict[str, Any] | None:
        line = next(self.lines)
        if callable(line):
            line()
            return None
        return line

    def exit_status(self) -> int:
        return self.status

    def __enter__(self) -> "ScriptedChild":
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True
