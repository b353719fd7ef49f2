"""The agent's memory on disk: attempts it has taken and events the server has not acknowledged."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fabrica.agent.entries import Ending, Entry, Notes, event_of
from fabrica.agent.facts import fact_of, is_checkpoint
from fabrica.engines.contract import Handle
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import AttemptSeen, Event, JournalUnusable, WorkOrder
from fabrica.wire.runs import Artifact

_ARTIFACTS = TypeAdapter(tuple[Artifact, ...])

_TABLES = """
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    attempt TEXT PRIMARY KEY,
    work_order TEXT NOT NULL,
    state TEXT NOT NULL,
    accepted_sequence INTEGER NOT NULL,
    variables TEXT,
    start_asked INTEGER NOT NULL DEFAULT 0,
    handle TEXT,
    stop_reason TEXT,
    ending TEXT,
    artifacts TEXT,
    log_read INTEGER NOT NULL DEFAULT 0,
    log_told INTEGER NOT NULL DEFAULT 0,
    metrics_read INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempts_alive ON attempts (accepted_sequence) WHERE state != 'ended';
CREATE INDEX IF NOT EXISTS attempts_in_short
    ON attempts (accepted_sequence, attempt, json_extract(work_order, '$.fence'), state);
CREATE TABLE IF NOT EXISTS environments (attempt TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (
    number INTEGER PRIMARY KEY, attempt TEXT NOT NULL, at TEXT NOT NULL, fact TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS facts_of_attempt ON facts (attempt, fact);
CREATE TABLE IF NOT EXISTS forgotten (attempt TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused, also when all rows are gone
    body TEXT NOT NULL
);
"""


class Journal:
    """SQLite with a write-ahead log; every change is on the disk before the call returns. Safe with many threads.

    Raises:
        JournalUnusable: the file is damaged or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self.has_news = threading.Event()
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_TABLES)
            self._connection.execute("INSERT OR IGNORE INTO memory VALUES ('epoch', ?)", (os.urandom(16).hex(),))
            self._connection.execute("INSERT OR IGNORE INTO memory VALUES ('acknowledged', '0')")
            self.epoch = str(self._remembered("epoch"))
        except sqlite3.DatabaseError as trouble:
            raise JournalUnusable(
                f"the agent's journal {path} cannot be used: {trouble}.",
                remedy="Free the disk or repair the file. If it is lost, move it away: the agent then starts with an "
                "empty journal and knows nothing of runs that are still going.",
            ) from trouble

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def accept(self, order: WorkOrder, at: datetime) -> bool:
        """Take an order, once: the row and its `accepted` event together. Return False for a known attempt."""
        event = event_of(order, "accepted", at)
        with self._transaction():
            if self._knows(order.attempt):
                return False
            self._connection.execute(
                "INSERT INTO attempts (attempt, work_order, state, accepted_sequence) VALUES (?, ?, ?, ?)",
                (order.attempt, order.model_dump_json(), AttemptState.ACCEPTED, self._spool(event)),
            )
        return True

    def _knows(self, attempt: AttemptId) -> bool:
        query = "SELECT 1 FROM attempts WHERE attempt = ? UNION SELECT 1 FROM forgotten WHERE attempt = ?"
        return self._connection.execute(query, (attempt, attempt)).fetchone() is not None

    def decline(self, order: WorkOrder, reason: EndReason, words: str, at: datetime) -> None:
        """Tell once that an order will not be started, and remember that it was."""
        with self._transaction():
            if not self._knows(order.attempt):
                self._spool(event_of(order, "declined", at, reason=reason, words=words))
                self._connection.execute("INSERT INTO forgotten VALUES (?, ?)", (order.attempt, at.timestamp()))

    def write(self, attempt: AttemptId, *events: Event, **columns: object) -> None:
        """Change columns of one attempt and spool what happened, both or neither."""
        with self._transaction():
            for name, value in columns.items():
                self._connection.execute(
                    f"UPDATE attempts SET {_COLUMNS[name]} = ? WHERE attempt = ?",  # noqa: S608  # from a fixed list
                    (_stored(value), attempt),
                )
            for event in events:
                self._spool(event)

    def _spool(self, event: Event) -> int:
        body = event.model_dump_json(exclude={"sequence"}, exclude_defaults=True)
        sequence = self._connection.execute("INSERT INTO events (body) VALUES (?)", (body,)).lastrowid
        assert sequence is not None
        self.has_news.set()
        self._note(event)
        return sequence

    def _note(self, event: Event) -> None:
        """Keep for the record what an event says; it stays when the server has acknowledged the event."""
        body = fact_of(event)
        if body is None or (body["fact"] == "usage" and not self._is_checkpoint(event)):
            return
        self._add_fact(event.attempt, event.at, body)

    def _is_checkpoint(self, event: Event) -> bool:
        last = self._connection.execute(
            "SELECT max(json_extract(body, '$.elapsed_seconds')) FROM facts WHERE attempt = ? AND fact = 'usage'",
            (event.attempt,),
        ).fetchone()[0]
        return is_checkpoint(event.usage.elapsed_seconds if event.usage else 0.0, last)

    def _add_fact(self, attempt: AttemptId, at: datetime, body: Mapping[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO facts (attempt, at, fact, body) VALUES (?, ?, ?, ?)",
            (attempt, at.isoformat(), body["fact"], json.dumps(body)),
        )

    def notes(self, attempt: AttemptId) -> Notes:
        """Return what is kept of an attempt for its record alone."""
        with self._lock:
            query = "SELECT at, body FROM facts WHERE attempt = ? ORDER BY number"
            facts = self._connection.execute(query, (attempt,)).fetchall()
            query = "SELECT body FROM environments WHERE attempt = ?"
            environment = self._connection.execute(query, (attempt,)).fetchone()
            return Notes(
                site=self._remembered("site"),
                environment=json.loads(environment[0]) if environment else None,
                facts=tuple((datetime.fromisoformat(at), json.loads(body)) for at, body in facts),
            )

    def remember_site(self, site: str) -> None:
        """Keep which site the server says we are."""
        if self._remembered("site") != site:
            with self._transaction():
                self._connection.execute("INSERT OR REPLACE INTO memory VALUES ('site', ?)", (site,))

    def end(self, attempt: AttemptId, ending: Ending) -> bool:
        """Keep how an attempt ended; the first word stands. Return whether this was it."""
        with self._transaction():
            changed = self._connection.execute(
                "UPDATE attempts SET ending = ? WHERE attempt = ? AND ending IS NULL",
                (ending.model_dump_json(), attempt),
            )
            return changed.rowcount == 1

    def stage(
        self, attempt: AttemptId, variables: Mapping[str, str], environment: Mapping[str, Any], at: datetime
    ) -> None:
        """Keep that an attempt is staged, unless it has ended meanwhile. From here on it is never staged again."""
        with self._transaction():
            staged = self._connection.execute(
                "UPDATE attempts SET variables = ? WHERE attempt = ? AND ending IS NULL AND handle IS NULL",
                (_stored(variables), attempt),
            )
            if staged.rowcount:
                self._add_fact(attempt, at, {"fact": "staged"})
                self._connection.execute(
                    "INSERT OR REPLACE INTO environments VALUES (?, ?)", (attempt, json.dumps(environment))
                )

    def ask_stop(self, attempt: AttemptId, reason: EndReason, at: datetime) -> None:
        """Keep that an attempt is to be stopped; the first reason stands."""
        with self._transaction():
            asked = self._connection.execute(
                "UPDATE attempts SET stop_reason = ? WHERE attempt = ? AND stop_reason IS NULL", (reason, attempt)
            )
            if asked.rowcount:
                self._add_fact(attempt, at, {"fact": "stop_asked", "reason": reason})

    def entries(self) -> list[Entry]:
        """Return all attempts that the server has not settled, oldest first."""
        return self._entries("SELECT * FROM attempts ORDER BY accepted_sequence")

    def live_entries(self) -> list[Entry]:
        """Return the attempts that have not ended, oldest first."""
        return self._entries("SELECT * FROM attempts WHERE state != 'ended' ORDER BY accepted_sequence")

    def entry(self, attempt: AttemptId) -> Entry | None:
        """Return one attempt; None when the journal does not hold it."""
        return next(iter(self._entries("SELECT * FROM attempts WHERE attempt = ?", attempt)), None)

    def _entries(self, query: str, *values: str) -> list[Entry]:
        with self._lock:
            acknowledged = self.acknowledged
            rows = self._connection.execute(query, values)
            names = [column[0] for column in rows.description]
            return [_entry(dict(zip(names, row, strict=True)), acknowledged) for row in rows.fetchall()]

    def digest(self, attempts: Iterable[AttemptId] | None = None) -> tuple[AttemptSeen, ...]:
        """Return attempts in short, for the server: these, or all."""
        query = "SELECT attempt, json_extract(work_order, '$.fence'), state FROM attempts"
        values: tuple[str, ...] = ()
        if attempts is not None:
            query += " WHERE attempt IN (SELECT value FROM json_each(?))"
            values = (json.dumps(sorted(set(attempts))),)
        with self._lock:
            rows = self._connection.execute(f"{query} ORDER BY accepted_sequence", values).fetchall()
        return tuple(
            AttemptSeen(attempt=AttemptId(attempt), fence=fence, state=AttemptState(state))
            for attempt, fence, state in rows
        )

    @property
    def live_count(self) -> int:
        """How many attempts have not ended."""
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM attempts WHERE state != 'ended'").fetchone()[0])

    @property
    def acknowledged(self) -> int:
        with self._lock:
            return int(self._remembered("acknowledged") or 0)

    @property
    def spooled(self) -> int:
        """How many events the server has not acknowledged."""
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def news(self, *, events_max: int, bytes_max: int) -> tuple[Event, ...]:
        """Return the oldest unacknowledged events, at least one when there is any."""
        events: list[Event] = []
        with self._lock:
            rows = self._connection.execute(
                "SELECT sequence, body FROM events ORDER BY sequence LIMIT ?", (events_max,)
            ).fetchall()
        for sequence, body in rows:
            bytes_max -= len(body)
            if events and bytes_max < 0:
                break
            events.append(Event.model_validate(json.loads(body) | {"sequence": sequence}))
        return tuple(events)

    def acknowledge(self, sequence: int) -> None:
        """Drop events up to `sequence`, which the server has stored. A smaller number than before changes nothing."""
        with self._transaction():
            if sequence > self.acknowledged:
                self._connection.execute("DELETE FROM events WHERE sequence <= ?", (sequence,))
                self._connection.execute("UPDATE memory SET value = ? WHERE name = 'acknowledged'", (str(sequence),))

    def forget(self, attempt: AttemptId, at: datetime) -> None:
        """Drop an ended attempt, and remember its id so that a late offer does not start it again."""
        with self._transaction():
            dropped = self._connection.execute(
                "DELETE FROM attempts WHERE attempt = ? AND state = ?", (attempt, AttemptState.ENDED)
            )
            if dropped.rowcount:
                for table in ("facts", "environments"):
                    self._connection.execute(f"DELETE FROM {table} WHERE attempt = ?", (attempt,))  # noqa: S608
                self._connection.execute("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", (attempt, at.timestamp()))

    def forgotten_before(self, at: datetime) -> list[AttemptId]:
        """Return attempts forgotten before an instant."""
        with self._lock:
            rows = self._connection.execute("SELECT attempt FROM forgotten WHERE at < ?", (at.timestamp(),))
            return [AttemptId(row[0]) for row in rows.fetchall()]

    def drop_forgotten(self, attempt: AttemptId) -> None:
        with self._transaction():
            self._connection.execute("DELETE FROM forgotten WHERE attempt = ?", (attempt,))

    def _remembered(self, name: str) -> str | None:
        with self._lock:
            row = self._connection.execute("SELECT value FROM memory WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


_COLUMNS = {
    name: name
    for name in ("state", "start_asked", "handle", "ending", "artifacts", "log_read", "log_told", "metrics_read")
}


def _stored(value: Any) -> str | int:
    match value:
        case str() | int():
            return value
        case tuple():
            return _ARTIFACTS.dump_json(value).decode()
        case _:
            return json.dumps(dict(value))


def _entry(row: dict[str, Any], acknowledged: int) -> Entry:
    return Entry(
        order=_order(row["work_order"]),
        state=AttemptState(row["state"]),
        confirmed=row["accepted_sequence"] <= acknowledged,
        variables=None if row["variables"] is None else json.loads(row["variables"]),
        start_asked=bool(row["start_asked"]),
        handle=None if row["handle"] is None else Handle(row["handle"]),
        stop_reason=None if row["stop_reason"] is None else EndReason(row["stop_reason"]),
        ending=None if row["ending"] is None else Ending.model_validate_json(row["ending"]),
        artifacts=None if row["artifacts"] is None else _ARTIFACTS.validate_json(row["artifacts"]),
        log_read=row["log_read"],
        log_told=row["log_told"],
        metrics_read=row["metrics_read"],
    )


@lru_cache(maxsize=1000)
def _order(text: str) -> WorkOrder:
    """Read a work order. It never changes, and each tick looks at all that live."""
    return WorkOrder.model_validate_json(text, extra="ignore")
