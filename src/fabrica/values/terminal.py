"""Text that a program wrote for a terminal, made safe to show: what steers a terminal is taken out."""

import re

HELD_CHARACTERS_MAX = 256
"""A sequence that has not ended after so many characters is no sequence."""

# Source: ECMA-48, sections 5.3 (escape sequences), 5.4 (control sequences) and 5.6 (control strings).
_SEQUENCE = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-OQ-WYZ`-~\\]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z")


def clean(text: str, *, colours: bool = False) -> str:
    """Return text without escape sequences and control characters; with `colours` those that only colour stay."""
    return _SEQUENCE.sub(lambda found: (found["colour"] or "") if colours else "", text)


def unfinished(text: str) -> str:
    """Return the end of a text that may be the begin of an escape sequence, or nothing."""
    found = _UNFINISHED.search(text, max(0, len(text) - HELD_CHARACTERS_MAX))
    return found[0] if found else ""


class Cleaner:
    """Cleans a text that comes in pieces, wherever they are cut."""

    def __init__(self, *, colours: bool = False) -> None:
        self.colours = colours
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what of the text so far is complete and was not returned before."""
        text = self._held + piece
        self._held = unfinished(text)
        return clean(text[: len(text) - len(self._held)], colours=self.colours)
