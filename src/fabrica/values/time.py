"""Time: aware UTC inside, RFC 3339 with Z outside, durations as integer seconds."""

import functools
import re
from datetime import UTC, datetime

_PART = re.compile(r"(\d+)\s*(seconds?|sec|s|minutes?|min|m|hours?|h|days?|d)\b", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration_seconds(text: str) -> int:
    """Return the seconds of `10 min`, `1 h 30 min`, `2 days` or Slurm's `1-12:00:00`, `04:30:00`.

    Raises:
        ValueError: the text is no such duration, or it is zero.
    """
    text = text.strip().lower()
    slurm = re.fullmatch(r"(?:(\d+)-)?(\d{1,3}):(\d{2}):(\d{2})", text, re.ASCII)
    if slurm:
        days, hours, minutes, seconds = (int(part or 0) for part in slurm.groups())
        total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    elif text and not _PART.sub("", text).strip():
        total = sum(int(number) * _SECONDS[unit[0]] for number, unit in _PART.findall(text))
    else:
        total = 0
    if not 0 < total <= 366 * 86400:
        raise ValueError(f"{text!r} is not a duration; write for example '10 min', '1 h 30 min' or '1-12:00:00'")
    return total


@functools.lru_cache(maxsize=4096)  # placement shows the same limits, waits and ages for every candidate
def show_duration(seconds: float) -> str:
    """Return a duration as people read it: `42 s`, `3 min 5 s`, `2 h 10 min`, `3 days 4 h`."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    if whole < 86_400:
        minutes = whole // 60
        return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    hours = whole // 3600
    days = f"{hours // 24} day" + ("" if hours < 48 else "s")
    return days + (f" {hours % 24} h" if hours % 24 else "")


def to_rfc3339(instant: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with milliseconds, `2026-11-20T12:00:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Read an RFC 3339 instant as aware UTC.

    Raises:
        ValueError: no such instant, or it carries no offset.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} carries no offset; write it in UTC with a final Z")
    return instant.astimezone(UTC)
