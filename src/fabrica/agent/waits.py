"""How long work waits at this site: what the engine remembers, or what the agent itself has seen."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from fabrica.engines.contract import JobWait
from fabrica.values.ids import AttemptId
from fabrica.waits.classes import WaitClass, forecasts
from fabrica.waits.history import Forecast, Wait
from fabrica.wire.agents import Inventory, WaitForecast
from fabrica.wire.runs import Resources

_KEPT_MAX = 5_000
_log = logging.getLogger("fabrica.agent")


class WaitLog:
    """The waits that the agent has seen itself, one line of JSON each: for engines that keep no history.

    A wait that an earlier agent process saw begin is not counted: when it began is not on the disk.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began: dict[AttemptId, datetime] = {}

    def begin(self, attempt: AttemptId, at: datetime) -> None:
        """Note that the engine has an attempt now."""
        self._began.setdefault(attempt, at)

    def end(self, attempt: AttemptId, partition: str, resources: Resources, started_at: datetime | None) -> None:
        """Keep the wait of an attempt that has started, or drop that of one that never did.

        A disk that is full loses a sample, nothing else.
        """
        began = self._began.pop(attempt, None)
        if began is None or started_at is None:
            return
        waited = JobWait(
            partition=partition,
            waited_seconds=max(0, int((started_at - began).total_seconds())),
            devices=resources.devices_total,
            limit_seconds=resources.time_limit_seconds,
            started_at=int(started_at.timestamp()),
        )
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(waited)) + "\n")
        except OSError as trouble:
            _log.warning("a wait is not kept: %s", trouble)

    def waits(self, since: datetime) -> list[JobWait]:
        """Return what is kept of jobs that started after `since`; shorten a file that has grown long."""
        try:
            lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        if len(lines) > 2 * _KEPT_MAX:
            lines = lines[-_KEPT_MAX:]
            shorter = self._file.with_suffix(".shorter")
            shorter.write_text("\n".join(lines) + "\n", encoding="utf-8")
            shorter.replace(self._file)
        return [wait for line in lines if (wait := _parse(line)) and (wait.started_at or 0) >= since.timestamp()]


def _parse(line: str) -> JobWait | None:
    """Return a line's wait; None for one that a full disk or a crash cut off."""
    try:
        return JobWait(**json.loads(line))
    except (ValueError, TypeError):
        return None


def with_forecasts(inventory: Inventory, waits: Iterable[JobWait]) -> Inventory:
    """Return the inventory with the forecast of each partition that has enough history."""
    started: dict[str, list[Wait]] = {}
    waiting: dict[str, list[Wait]] = {}
    for one in waits:
        wait = Wait(one.started_at or 0, one.waited_seconds, one.devices, one.limit_seconds)
        (waiting if one.started_at is None else started).setdefault(one.partition, []).append(wait)
    partitions = []
    for partition in inventory.partitions:
        made = forecasts(started.get(partition.name, ()), waiting.get(partition.name, ()))
        told = tuple(_told(one, its) for one, its in sorted(made.items(), key=_order))
        partitions.append(partition.model_copy(update={"waits": told}))
    return inventory.model_copy(update={"partitions": tuple(partitions)})


def _order(item: tuple[WaitClass, Forecast]) -> tuple[float, float, bool]:
    one = item[0]
    return one.devices_max or float("inf"), one.limit_seconds_max or float("inf"), one.of_all_limits


def _told(one: WaitClass, its: Forecast) -> WaitForecast:
    return WaitForecast(
        devices_max=one.devices_max,
        limit_seconds_max=one.limit_seconds_max,
        of_all_limits=one.of_all_limits,
        q50_seconds=its.q50_seconds,
        q90_seconds=its.q90_seconds,
        q50_bound_seconds=its.q50_bound_seconds,
        q90_bound_seconds=its.q90_bound_seconds,
        samples=its.samples,
        newest_at=datetime.fromtimestamp(its.newest_at, UTC),
        changed_at=None if its.changed_at is None else datetime.fromtimestamp(its.changed_at, UTC),
    )
