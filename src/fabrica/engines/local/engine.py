"""The local engine: five verbs over the files that keepers write."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import fabrica
from fabrica.engines import containers
from fabrica.engines.contract import Handle, Observation, StartOrder, StartRefused, declined
from fabrica.engines.files import read_json, write_json
from fabrica.engines.local import array
from fabrica.engines.local.admission import fitting_devices, settle
from fabrica.engines.local.machine import Machine
from fabrica.engines.local.processes import Identity, is_alive
from fabrica.engines.local.store import AttemptFolder, Record, Store
from fabrica.values.ids import AttemptId
from fabrica.values.states import EndReason
from fabrica.values.time import show_duration
from fabrica.wire.agents import Inventory
from fabrica.wire.runs import Usage

_SOURCE_ROOT = Path(fabrica.__file__).parent.parent
_APPTAINER = shutil.which(containers.PROGRAM) or containers.PROGRAM  # a run is given no PATH of ours
_KEEPER = (
    "import sys; sys.path.insert(0, sys.argv[1]); from fabrica.engines.local import keeper; keeper.main(sys.argv[2])"
)


class LocalEngine:
    """Runs on this machine. All state is on disk: any number of engine objects and keepers share one folder."""

    name: Literal["local"] = "local"

    def __init__(
        self,
        folder: Path,
        *,
        machine: Machine | None = None,
        partition: str = "local",
        grace_seconds: float = 10.0,
        log_bytes_max: int = 64 * 2**20,
    ) -> None:
        self._store = Store(folder.absolute())
        self._machine = machine or Machine.find(partition)
        self._ended: dict[Handle, Observation] = {}
        self._starter: subprocess.Popen[bytes] | None = None
        self._settings = self._machine.settings() | {"grace_seconds": grace_seconds, "log_bytes_max": log_bytes_max}
        self._store.make()
        with self._store.locked():
            self._store.save_settings(self._settings)
            self._store.forget_removed()

    def capacity(self) -> Inventory:
        """Return this machine's devices, one partition for each resource class."""
        claims = self._store.claims().values()
        cores_held = sum(len(claim["cores"]) for claim in claims)
        gpus_held = {gpu for claim in claims for gpu in claim["gpus"]}
        return Inventory(
            engine="local",
            engine_version=fabrica.__version__,
            partitions=self._machine.partitions(cores_held=cores_held, gpus_held=gpus_held, folder=self._store.folder),
            taken_at=datetime.now(UTC),
        )

    def start(self, order: StartOrder) -> Handle:
        """Let the attempt wait for its devices, once, and start it when they are free."""
        handle = Handle(order.attempt)
        with self._store.locked():
            record = self._store.attempt(order.attempt)
            if record is None:
                self._refuse_what_can_never_run(order)
                self._take(order)
            else:
                settle(self._store, order.attempt)
        self._start_what_fits()
        return handle

    def _refuse_what_can_never_run(self, order: StartOrder) -> None:
        names = {one.name: one for one in self.capacity().partitions}
        partition = names.get(order.partition)
        words = None
        if partition is None:
            words = f"This machine has no partition {order.partition!r}; it has {', '.join(names)}."
        elif partition.resource_class != order.resources.resource_class:
            words = f"Partition {order.partition} has {partition.resource_class}, not {order.resources.resource_class}."
        elif order.resources.nodes != 1:
            words = f"This machine is one node; {order.resources.nodes} were asked."
        elif fitting_devices(_asked(order), self._settings, {}) is None:
            words = (
                f"This machine has {partition.devices_total} devices and {partition.memory_bytes_per_node} bytes of "
                f"memory; {order.resources.devices} devices and {order.resources.memory_bytes} bytes were asked."
            )
        elif order.image and not partition.containers:
            words = "This machine has no Apptainer, which running an image needs."
        elif order.image and order.resources.tasks > 1:
            words = "The engine of one machine runs no array of tasks inside an image."
        if words is not None:
            raise declined(words)

    def _take(self, order: StartOrder) -> None:
        folder = AttemptFolder(order.folder.absolute())
        try:
            folder.engine.mkdir(mode=0o700, exist_ok=True)
            kept = _order_as_kept(order, folder, self._container_of(order))
            write_json(folder.order, kept)  # no power cut matters: no order outlives a boot
            self._store.enqueue(order.attempt, _asked(order) | {"folder": str(folder.folder)})
        except FileNotFoundError as problem:
            raise StartRefused(EndReason.ENGINE_ERROR, f"The attempt's folder is missing: {problem}.") from problem
        except OSError as problem:
            raise StartRefused(
                EndReason.SITE_DISK_FULL, f"The order cannot be written to disk: {problem}."
            ) from problem

    def _container_of(self, order: StartOrder) -> Record | None:
        if order.image is None:
            return None
        partition = next(one for one in self.capacity().partitions if one.name == order.partition)
        return dict(containers.container_of(str(order.image), _APPTAINER, partition.software_stack))

    def _start_what_fits(self) -> None:
        """Start the oldest waiting attempts, when devices are free for them and nobody is doing so already."""
        if self._starter is not None and self._starter.poll() is None:
            return
        oldest = next(iter(self._store.waiting()), None)
        asked = self._store.attempt(oldest) if oldest else None
        if asked is None or fitting_devices(asked, self._settings, self._living_claims()) is None:
            return
        self._starter = subprocess.Popen(
            # -I -S: neither the environment nor any installed package reaches the keeper, and it starts fast
            [sys.executable, "-I", "-S", "-c", _KEEPER, str(_SOURCE_ROOT), str(self._store.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={},
        )

    def _living_claims(self) -> dict[str, Record]:
        """Return the claims whose keeper lives; a starter settles the others before it counts what is free."""
        claims = self._store.claims()
        return {one: claim for one, claim in claims.items() if is_alive(Identity.from_list(claim["keeper"]))}

    def observe(self, handles: Iterable[Handle]) -> dict[Handle, Observation]:
        """Return the state of each handle; also start what fits, and settle what a dead keeper left."""
        places = {attempt: place for place, attempt in enumerate(self._store.waiting())}
        seen = {handle: self._observe(handle, places) for handle in handles}
        self._start_what_fits()
        return seen

    def _observe(self, handle: Handle, places: dict[str, int]) -> Observation:
        if handle in self._ended:
            return self._ended[handle]
        if handle in places:
            return Observation("queued", words=f"It waits for its devices; {places[handle]} wait before it.")
        record = self._known(handle)
        if record is None:
            return Observation("unknown", words="This engine has never started it.")
        seen = self._look(handle, record)
        if seen is None:  # neither ended, kept nor waiting: between two steps, or its keeper is dead
            with self._store.locked():
                settle(self._store, handle)
            seen = self._look(handle, record) or _unsettled(record)
        if seen.state == "ended":
            self._ended[handle] = seen
        return seen

    def _known(self, handle: Handle) -> Record | None:
        try:
            return self._store.attempt(AttemptId.parse(handle))
        except ValueError:
            return None

    def _look(self, handle: Handle, record: Record) -> Observation | None:
        folder = AttemptFolder(Path(record["folder"]))
        ended = read_json(folder.ended)
        if ended is not None:
            return _ended_observation(ended, self._usage_of(record, ended["usage"]), _tasks(folder))
        if self._store.is_waiting(handle, record):
            return Observation("queued", words="It waits for its devices.")
        claim = self._store.claim(handle)
        if claim is None or not is_alive(Identity.from_list(claim["keeper"])):
            return None
        started = read_json(folder.started)
        if started is None:
            return Observation("queued", words="It is about to start.")
        usage = self._usage_of(record, read_json(folder.usage) or {})
        words = f"It has run for {show_duration(usage.elapsed_seconds)}."
        return Observation(
            "running", started_at=_instant(started["started_at"]), words=words, usage=usage, tasks=_tasks(folder)
        )

    def stop(self, handle: Handle, reason: EndReason) -> None:
        """End an attempt: at once when it waits, by its keeper when it runs. The first reason stays."""
        record = self._known(handle)
        if record is None:
            return
        folder = AttemptFolder(Path(record["folder"]))
        words = f"It was asked to end: {reason.value.replace('_', ' ')}."
        with self._store.locked():
            if folder.ended.exists() or folder.stop.exists():
                return
            if self._store.is_waiting(handle, record):
                end: Record = {"reason": reason.value, "words": words, "exit_code": None, "usage": {}}
                write_json(folder.ended, end | {"started_at": None, "ended_at": time.time()}, durable=True)
                self._store.leave_queue(handle, record)
                return
            write_json(folder.stop, {"reason": reason.value, "words": words}, durable=True)

    def usage(self, handle: Handle) -> Usage:
        """Return what the attempt has used so far."""
        return self.observe([handle])[handle].usage

    def _usage_of(self, record: Record, figures: dict[str, Any]) -> Usage:
        elapsed = float(figures.get("elapsed_seconds", 0.0))
        if elapsed == 0.0:
            return Usage(devices=record["devices"])
        return Usage(
            elapsed_seconds=elapsed,
            devices=record["devices"],
            cpu_seconds=figures.get("cpu_seconds"),
            memory_peak_bytes=figures.get("memory_peak_bytes"),
            disk_bytes=figures.get("disk_bytes"),
            energy=self._machine.energy_of(record, figures),
            flop=self._machine.flop_of(record, figures),
        )


def _unsettled(record: Record) -> Observation:
    """Say what is left to say of an attempt that neither ended, runs nor waits."""
    if Path(record["folder"]).exists():
        return Observation("queued", words="It is about to start.")
    return Observation("unknown", words="Its folder was removed, and with it what happened to it.")


def _asked(order: StartOrder) -> Record:
    asked = order.resources
    return {
        "partition": order.partition,
        "resource_class": asked.resource_class,
        "devices": asked.devices_total,
        "memory_bytes": asked.memory_bytes,
    }


def _order_as_kept(order: StartOrder, folder: AttemptFolder, container: Record | None) -> dict[str, Any]:
    asked = order.resources
    return {
        "attempt": order.attempt,
        "name": order.name,
        "container": container,
        "command": _array_command(order, folder) if asked.tasks > 1 else list(order.command),
        "variables": dict(order.variables),
        "limits": {
            "memory_bytes": asked.memory_bytes,
            "disk_bytes": asked.disk_bytes,
            "time_limit_seconds": asked.time_limit_seconds * asked.tasks,
        },
    }


def _array_command(order: StartOrder, folder: AttemptFolder) -> list[str]:
    """Return the command that runs the tasks one after the other: this machine gives an array one task's devices."""
    program = [sys.executable, "-I", "-S", str(Path(array.__file__)), str(order.resources.tasks)]
    limit, record = str(order.resources.time_limit_seconds), str(folder.folder / "record" / "tasks.jsonl")
    return [*program, limit, str(folder.tasks), record, "--", *order.command]


def _tasks(folder: AttemptFolder) -> str:
    """Return the letters of a job array; what neither succeeded nor failed when it was killed stands as it stood."""
    try:
        return folder.tasks.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def _ended_observation(ended: dict[str, Any], usage: Usage, tasks: str) -> Observation:
    started_at = ended["started_at"]
    return Observation(
        "ended",
        reason=EndReason(ended["reason"]),
        exit_code=ended["exit_code"],
        started_at=None if started_at is None else _instant(started_at),
        ended_at=_instant(ended["ended_at"]),
        words=ended["words"],
        usage=usage,
        tasks=tasks.replace("r", "c").replace("w", "c"),
        log_bytes_dropped=int(ended["usage"].get("log_dropped_bytes", 0)),
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
