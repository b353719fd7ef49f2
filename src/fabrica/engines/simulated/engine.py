"""The simulated engine: the five verbs over one small state file. Nothing it reports has really run."""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import fabrica
from fabrica.engines.contract import Handle, Observation, StartOrder, declined
from fabrica.engines.files import read_json, write_json
from fabrica.engines.simulated.schedule import SimulatedAttempt, advance, fitting_nodes, pretend
from fabrica.values.states import EndReason
from fabrica.values.time import show_duration
from fabrica.wire.agents import Inventory, PartitionInventory
from fabrica.wire.runs import Usage


class SimulatedEngine:
    """Pretended partitions on a pretended clock, first in, first out in each partition.

    Simulated time begins at the real time of the first start and passes `speed` times as fast; it never goes back,
    and goes on where it was after a restart. `clock` gives real seconds since 1970.
    """

    name: Literal["simulated"] = "simulated"

    def __init__(
        self,
        folder: Path,
        *,
        partitions: Sequence[PartitionInventory],
        country: str | None = None,
        speed: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder.absolute()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._partitions = {one.name: one for one in partitions}
        self._country = country
        self._speed = speed
        self._clock = clock

    def capacity(self) -> Inventory:
        """Return the pretended partitions with what is free now; marked as simulated."""
        with self._now() as state:
            running = [one for one in state.attempts if one.running and one.partition in self._partitions]
            now = state.now
        held = dict.fromkeys(self._partitions, 0)
        for one in running:
            held[one.partition] += one.nodes * one.devices
        return Inventory(
            engine="simulated",
            engine_version=fabrica.__version__,
            simulated=True,
            country=self._country,
            partitions=tuple(
                one.model_copy(update={"devices_free": (one.devices_total or 0) - held[name]})
                for name, one in self._partitions.items()
            ),
            taken_at=_instant(now),
        )

    def start(self, order: StartOrder) -> Handle:
        """Let the attempt wait in its pretended partition, once."""
        taken = self._accept(order)
        with self._now() as state:
            if not any(one.attempt == order.attempt for one in state.attempts):
                _tell(taken, "waits for its devices")
                state.attempts = self._advance((*state.attempts, taken), since=state.now, now=state.now)
        return Handle(order.attempt)

    def _accept(self, order: StartOrder) -> SimulatedAttempt:
        asked = order.resources
        pretence = pretend(order.attempt, order.command, time_limit_seconds=asked.time_limit_seconds)
        taken = SimulatedAttempt(
            attempt=order.attempt,
            folder=str(order.folder.absolute()),
            name=order.name,
            partition=order.partition,
            nodes=asked.nodes,
            devices=asked.devices,
            memory_bytes=asked.memory_bytes,
            lasts_seconds=pretence.lasts_seconds,
            exit_code=pretence.exit_code,
            reason=pretence.reason,
        )
        partition = self._partitions.get(order.partition)
        if partition is None:
            words = f"There is no simulated partition {order.partition!r}; there are {', '.join(self._partitions)}."
            raise declined(words)
        if partition.resource_class != asked.resource_class or fitting_nodes(taken, partition, ()) is None:
            words = (
                f"The simulated partition {partition.name} has {partition.nodes} nodes of {partition.devices_per_node} "
                f"{partition.resource_class} and can never hold {asked.nodes} nodes of {asked.devices} "
                f"{asked.resource_class} with {asked.memory_bytes} bytes of memory each."
            )
            raise declined(words)
        return taken

    def observe(self, handles: Iterable[Handle]) -> dict[Handle, Observation]:
        """Return the state of each handle at the simulated now."""
        with self._now() as state:
            known = {one.attempt: one for one in state.attempts}
            now = state.now
        return {handle: _observation(known.get(handle), now) for handle in handles}

    def stop(self, handle: Handle, reason: EndReason) -> None:
        """End a pretended run at the simulated now; one that has ended stays as it ended."""
        with self._now() as state:
            stopped = tuple(_stopped(one, handle, reason, state.now) for one in state.attempts)
            state.attempts = self._advance(stopped, since=state.now, now=state.now)

    def usage(self, handle: Handle) -> Usage:
        """Return the device time that was pretended so far."""
        return self.observe([handle])[handle].usage

    @contextmanager
    def _now(self) -> Iterator["_State"]:
        """Hold the state, brought to the simulated now; write it back when it changed."""
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = _State(read_json(self._folder / "state.json") or {}, self._clock())
            before = state.attempts
            now = max(state.now, state.origin + (self._clock() - state.origin) * self._speed)
            state.attempts = self._advance(before, since=state.now, now=now)
            state.now = now
            yield state
            if state.attempts != before:
                write_json(self._folder / "state.json", state.to_json(), durable=True)
        finally:
            os.close(lock)

    def _advance(
        self, attempts: tuple[SimulatedAttempt, ...], *, since: float, now: float
    ) -> tuple[SimulatedAttempt, ...]:
        moved = advance(attempts, self._partitions, since=since, now=now)
        ended_before = {one.attempt for one in attempts if one.ended_at is not None}
        for one in moved:
            if one.ended_at is not None and one.attempt not in ended_before:
                _tell(one, f"ended after {show_duration(one.ended_at - (one.started_at or one.ended_at))}")
        return moved


class _State:
    """What the state file holds: the beginning of simulated time, the last simulated now, the attempts."""

    def __init__(self, kept: dict[str, Any], clock_seconds: float) -> None:
        self.origin: float = kept.get("origin", clock_seconds)
        self.now: float = kept.get("now", self.origin)
        self.attempts = tuple(_from_json(one) for one in kept.get("attempts", ()))

    def to_json(self) -> dict[str, Any]:
        return {"origin": self.origin, "now": self.now, "attempts": [asdict(one) for one in self.attempts]}


def _from_json(kept: dict[str, Any]) -> SimulatedAttempt:
    return SimulatedAttempt(
        **kept | {"reason": EndReason(kept["reason"]), "nodes_held": tuple(kept["nodes_held"])},
    )


def _stopped(one: SimulatedAttempt, handle: Handle, reason: EndReason, now: float) -> SimulatedAttempt:
    if one.attempt != handle or one.ended_at is not None:
        return one
    stopped = replace(one, reason=reason, exit_code=None, ended_at=now)
    _tell(stopped, f"was stopped: {reason.value.replace('_', ' ')}")
    return stopped


def _tell(one: SimulatedAttempt, what: str) -> None:
    """Add a line to the run's log, when its folder still exists."""
    try:
        with (Path(one.folder) / "log").open("a", encoding="utf-8") as log:
            log.write(f"[fabrica] simulated run {one.name}: {what}; nothing really runs\n")
    except OSError:
        return  # the agent removed the folder: nobody reads this log


def _observation(one: SimulatedAttempt | None, now: float) -> Observation:
    if one is None:
        return Observation("unknown", words="This simulated engine has never started it.")
    if one.ended_at is not None:
        return Observation(
            "ended",
            reason=one.reason,
            exit_code=one.exit_code,
            started_at=None if one.started_at is None else _instant(one.started_at),
            ended_at=_instant(one.ended_at),
            words="A simulated run: it ended on the simulated clock.",
            usage=_usage(one, one.ended_at),
        )
    if one.started_at is None:
        return Observation("queued", words="A simulated run: it waits for simulated devices.", usage=_usage(one, now))
    words = f"A simulated run: {show_duration(round(now - one.started_at))} of simulated time have passed."
    return Observation("running", started_at=_instant(one.started_at), words=words, usage=_usage(one, now))


def _usage(one: SimulatedAttempt, now: float) -> Usage:
    """Return simulated device time. Nothing ran: no processor time, memory or energy is pretended."""
    elapsed = 0.0 if one.started_at is None else max(0.0, now - one.started_at)
    return Usage(elapsed_seconds=elapsed, devices=one.nodes * one.devices)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
