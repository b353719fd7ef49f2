"""Every kind of scenario: how its text is checked, and how it is run."""

import importlib
from typing import Protocol, cast

from fabrica.planning.progress import Progress
from fabrica.wire.scenarios import Result, ScenarioKind


class Kind(Protocol):
    """What a kind's module offers."""

    def check(self, text: str) -> None:
        """Read a text without running it; raises the kind's own problems, and ScenarioRefused."""

    def answer(self, text: str, seed: int, progress: Progress) -> Result:
        """Run a text; the same text and seed give the same result. Raises as `check`."""


def kind_of(name: ScenarioKind) -> Kind:
    """Return a kind. Its module is loaded only here, for some stand on packages that are optional."""
    return cast(Kind, importlib.import_module(f"fabrica.planning.answers.{name}"))
