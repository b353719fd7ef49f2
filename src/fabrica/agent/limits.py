"""The second wall, as the agent keeps it: tells who went round, compares limits with allocations, mends when asked."""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from fabrica.engines.contract import MirrorsLimits
from fabrica.wire.limits import (
    STARTS_MAX,
    LimitDrift,
    LimitsAnswer,
    LimitsQuestion,
    LimitsReport,
    OutsideAnswer,
    OutsideReport,
    OutsideReported,
)
from fabrica.wire.problems import FabricaError

_OVERLAP_SECONDS = 86_400  # accounting hears of an end late when its database was away
_log = logging.getLogger("fabrica.agent")


class LimitsTransport(Protocol):
    """What is asked of the server; see `transport.HttpTransport`."""

    def remaining(self, question: LimitsQuestion) -> LimitsAnswer:
        """Ask what projects may still use at this site."""

    def tell_outside(self, report: OutsideReport) -> OutsideAnswer:
        """Tell who went round."""

    def tell_limits(self, report: LimitsReport) -> None:
        """Tell how the limits stand."""


class ToldStarts:
    """What the server has taken of use outside Fabrica, in a file of the agent's folder: each is told until then.

    Of an account nothing is told that ended before it was first looked at.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        with closing(self._open()) as database, database:
            database.executescript(
                "CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, first_at INTEGER, looked_at INTEGER);"
                "CREATE TABLE IF NOT EXISTS told (start TEXT PRIMARY KEY, content TEXT, at INTEGER);"
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=30)

    def since(self, accounts: Sequence[str], now: int) -> dict[str, int]:
        """Return from when on each account is to be looked at, in epoch seconds; remember those that are new."""
        with closing(self._open()) as database, database:
            database.executemany(
                "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?)", [(account, now, now) for account in accounts]
            )
            rows = database.execute("SELECT name, first_at, looked_at FROM accounts").fetchall()
        known = {name: max(first_at, looked_at - _OVERLAP_SECONDS) for name, first_at, looked_at in rows}
        return {account: known[account] for account in accounts}

    def untold(self, starts: Sequence[OutsideReported]) -> list[OutsideReported]:
        """Return those of which the server has not taken just this."""
        with closing(self._open()) as database:
            told = dict(database.execute("SELECT start, content FROM told").fetchall())
        return [one for one in starts if told.get(_key(one)) != one.model_dump_json()]

    def taken(self, starts: Sequence[OutsideReported], now: int) -> None:
        """Note that the server has taken these."""
        with closing(self._open()) as database, database:
            rows = [(_key(one), one.model_dump_json(), now) for one in starts]
            database.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?)", rows)

    def looked(self, accounts: Sequence[str], now: int) -> None:
        """Note that all up to now was told; drop what no later look will bring again."""
        with closing(self._open()) as database, database:
            database.executemany("UPDATE accounts SET looked_at = ? WHERE name = ?", [(now, one) for one in accounts])
            database.execute("DELETE FROM told WHERE at < ?", (now - 2 * _OVERLAP_SECONDS,))


def _key(one: OutsideReported) -> str:
    return json.dumps([one.start.cluster, one.start.job, int(one.start.started_at.timestamp())])


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of telling who went round: newly counted, ours after all, refused in words."""

    counted: int = 0
    own: int = 0
    refused: tuple[str, ...] = ()


def import_outside(wall: MirrorsLimits, transport: LimitsTransport, told: ToldStarts) -> Imported:
    """Tell the server of jobs that went round Fabrica, as often as needed; it counts each once.

    Raises:
        LimitsUnread: the scheduler does not answer.
        ServerUnreachable: nor does the server; the same is told at the next look.
    """
    accounts, now = sorted(wall.accounts.values()), int(time.time())
    news = iter(told.untold(wall.outside(told.since(accounts, now))))
    counted, own, refused = 0, 0, list[str]()
    while part := tuple(islice(news, STARTS_MAX)):
        answer = transport.tell_outside(OutsideReport(starts=part))
        told.taken(part, now)
        counted, own = counted + answer.counted, own + answer.own
        refused += answer.refused
    told.looked(accounts, now)
    return Imported(counted, own, tuple(refused))


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the wall: what was imported, what drifted, what was mended of it."""

    imported: Imported
    report: LimitsReport
    mended: tuple[LimitDrift, ...] = ()


def look(wall: MirrorsLimits, transport: LimitsTransport, told: ToldStarts, *, mends: bool = False) -> Look:
    """Tell who went round, compare the limits with what is left, mend them when asked, and tell the server.

    Use outside is told first, so that what is left has it taken off already.

    Raises:
        LimitsUnread, LimitsNotSet: the scheduler does not answer, or does not take a limit.
        FabricaError: as the transport.
    """
    imported = import_outside(wall, transport, told)
    projects = transport.remaining(LimitsQuestion(projects=tuple(sorted(wall.accounts)))).projects
    found = wall.compare(projects)
    for drift in found.drifts if mends else ():
        wall.mend(drift)
    after = wall.compare(projects) if mends and found.drifts else found
    transport.tell_limits(after)
    return Look(imported, after, found.drifts if mends else ())


def keep_looking(
    wall: MirrorsLimits, transport: LimitsTransport, told: ToldStarts, stop: threading.Event, every_seconds: float
) -> None:
    """Look every so often until `stop`; it reports and never sets a limit. Trouble is said, and tried again later."""
    said = ""
    while not stop.is_set():
        words = ""
        try:
            seen = look(wall, transport, told)
            if seen.report.drifts:
                words = (
                    f"{len(seen.report.drifts)} limits are not as allocations say; 'fabrica agent limits' shows them"
                )
        except (FabricaError, OSError, sqlite3.Error) as trouble:
            words = f"limits could not be looked at: {trouble}"
        if words and words != said:
            _log.warning("%s", words)
        said = words
        stop.wait(every_seconds)
