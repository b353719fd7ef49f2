"""Text from outside made safe to show: no control characters, and no marks that turn the reading direction."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fabrica.aiact.figures import significant

# C0 and C1 controls but tab and line feed; bidirectional overrides and isolates; what XML cannot hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """Return the text with line ends as line feeds, and a replacement character for each one that hides something."""
    return _UNSEEN.sub(_REPLACED, text.replace("\r\n", "\n").replace("\r", "\n"))


def show_value(value: Any) -> str:
    """Return a value of evidence as people read it; a list as its parts."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and abs(value) < 1_000_000_000:
        return f"{value:,}"
    if isinstance(value, int | float):
        return significant(float(value), 4)
    if isinstance(value, list | tuple):
        return "; ".join(show_value(one).rstrip(".") for one in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {show_value(one)}" for key, one in value.items())
    return clean(str(value))
