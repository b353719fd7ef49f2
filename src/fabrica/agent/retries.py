"""When a step that failed is tried again, and what was said of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fabrica.agent.transport import Backoff

_LAST_SECONDS = 30.0


@dataclass(slots=True)
class _Row:
    """The failures in a row of one attempt, or of the agent itself."""

    backoff: Backoff = field(default_factory=lambda: Backoff(last_seconds=_LAST_SECONDS))
    due: float = 0.0
    words: str = ""


class Retries:
    """The failures in a row of each attempt: the pause before the next try grows, and a reason is said once.

    Only a step that was done ends a row; one that is merely given to somebody does not.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._rows: dict[str, _Row] = {}

    def due(self, who: str) -> bool:
        """Say whether the next try may be made."""
        row = self._rows.get(who)
        return row is None or self._monotonic() >= row.due

    def failed(self, who: str, words: str) -> bool:
        """Count a failure. Return whether its words are new, so that they are to be said."""
        row = self._rows.setdefault(who, _Row())
        row.due = self._monotonic() + row.backoff.failed()
        new, row.words = words != row.words, words
        return new

    def done(self, who: str) -> None:
        """End a row of failures."""
        self._rows.pop(who, None)

    def hasten(self) -> None:
        """Let everything be tried now, by short pauses again: what they all waited for may be back."""
        for row in list(self._rows.values()):
            row.due = 0.0
            row.backoff.succeeded()
