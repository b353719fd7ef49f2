"""Options of a replay as people write them: windows, stops, and a file of accounts."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fabrica.planning.options import HOUR_SECONDS, Stops, Window
from fabrica.wire.planning import OptionsImpossible

PUBLISHED = "published"
ACCOUNT, SHARE, DEVICE_HOURS = "account", "share", "device_hours"
_VALUES = "Write a share above 0 and device_hours from 0 on, or leave either empty."


def windows_of(texts: Sequence[str], capacity: int) -> tuple[Window, ...]:
    """Return the windows of texts such as `86400:100800:all`.

    Raises:
        OptionsImpossible: a text of another form.
    """
    return tuple(_window(text, capacity) for text in texts)


def reservations_of(texts: Sequence[str], capacity: int) -> tuple[Window, ...]:
    """Return the windows of texts such as `86400:172800:64:ana,ben`: the last part names accounts.

    Raises:
        OptionsImpossible: a text of another form.
    """
    return tuple(_reservation(text, capacity) for text in texts)


def _reservation(text: str, capacity: int) -> Window:
    *parts, accounts = text.split(":", 3)
    named = tuple(dict.fromkeys(name for name in accounts.split(",") if name))
    if len(parts) != 3 or not named:
        raise OptionsImpossible(
            f"{text!r} is no reservation.", remedy="Write START:END:UNITS:ACCOUNTS, such as 86400:172800:64:ana,ben."
        )
    return replace(_window(":".join(parts), capacity), accounts=named)


def _window(text: str, capacity: int) -> Window:
    parts = text.split(":")
    if len(parts) == 3 and parts[2] == "all":
        parts[2] = str(capacity)
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 13 for part in parts):
        raise OptionsImpossible(
            f"{text!r} is no window.", remedy="Write START:END:UNITS in seconds, such as 86400:100800:all."
        )
    start, end, units = map(int, parts)
    return Window(start, end, units)


def stops_of(
    rate: str | None, checkpoint: int | None, repair: int | None, seed: int, leaf_share: float | None = None
) -> Stops | None:
    """Return how nodes fail; null where no rate is given. `rate`: device-hours of use, or `published`.

    Raises:
        OptionsImpossible: a rate that is no number, or a checkpoint, a repair or a share of leaves without stops.
    """
    if rate is None:
        if checkpoint or repair or leaf_share:
            raise OptionsImpossible("Nothing stops, so nothing is saved or repaired.", remedy="Add --stops.")
        return None
    given = Stops(seed=seed)
    try:
        hours = given.device_hours_per_stop if rate == PUBLISHED else float(rate)
    except ValueError:
        raise OptionsImpossible(
            f"{rate!r} is no number of device-hours.",
            remedy=f"Write one above 0, or nothing for the published {given.device_hours_per_stop:,.0f}.",
        ) from None
    return Stops(hours, checkpoint or 0, given.restart_seconds, repair or given.repair_seconds, seed, leaf_share or 0.0)


def read_accounts(path: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Return shares, and grants in device-seconds, by account. An empty field: a share of 1, and no bound.

    Raises:
        OptionsImpossible: a column is missing, or a line is broken; which one.
    """
    shares: dict[str, float] = {}
    grants: dict[str, int] = {}
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames is None or ACCOUNT not in rows.fieldnames:
            _refuse(path, 1, f"the header lacks {ACCOUNT!r}", f"Start with '{ACCOUNT},{SHARE},{DEVICE_HOURS}'.")
        for row in rows:
            account = row[ACCOUNT] or ""
            try:
                if row.get(SHARE):
                    shares[account] = float(row[SHARE])
                if row.get(DEVICE_HOURS):
                    grants[account] = round(float(row[DEVICE_HOURS]) * HOUR_SECONDS)
            except (ValueError, OverflowError):
                _refuse(path, rows.line_num, "a share or device_hours is no number", _VALUES)
            if not 0 <= grants.get(account, 0) < 2**62 or not 0 < shares.get(account, 1.0) < 1e9:
                _refuse(path, rows.line_num, "a share or device_hours cannot be", _VALUES)
    return shares, grants


def _refuse(path: Path, line: int, words: str, remedy: str) -> None:
    raise OptionsImpossible(f"Line {line} of {path.name}: {words}.", remedy=remedy, line=line)
