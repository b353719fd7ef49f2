"""Submits each attempt once: the intent on disk first, then Slurm, then the id; after a doubt, by name, both places."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fabrica.engines.contract import StartOrder, StartRefused
from fabrica.engines.slurm.accounts import account_or_refusal, give_folder, is_other
from fabrica.engines.slurm.archive import archive
from fabrica.engines.slurm.controller import Begun, Controller, Silent
from fabrica.engines.slurm.marks import ENGINE_FOLDER, FIRST_JOB, KEEPER, ORDER
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings
from fabrica.engines.slurm.store import Record, Store
from fabrica.engines.slurm.submission import (
    Submission,
    TimeLimit,
    cpus_per_node,
    make_submission,
    order_as_kept,
    time_limit,
)
from fabrica.values.files import write_private
from fabrica.values.states import EndReason

_log = logging.getLogger("fabrica.engines.slurm")


def prepare(
    order: StartOrder,
    partition: SlurmPartition,
    settings: SlurmSettings,
    *,
    limit_seconds_max: int | None,
    threads_per_core: int,
) -> Record:
    """Write the private file and the keeper into the attempt's folder; return the attempt's first record.

    Raises:
        StartRefused: the folder is missing, cannot be named in a script, or the disk is full.
    """
    account = account_or_refusal(order.site_account) if order.site_account and is_other(order.site_account) else None
    limit = time_limit(order.resources.time_limit_seconds, settings, limit_seconds_max)
    try:
        submission = make_submission(order, partition, settings, limit=limit, threads_per_core=threads_per_core)
        _write_files(order, partition, settings, limit, threads_per_core)
        if account is not None:
            give_folder(order.folder, account, variables=order.variables)
    except FileNotFoundError as problem:
        raise StartRefused(EndReason.ENGINE_ERROR, f"The attempt's folder is missing: {problem}.") from problem
    except ValueError as problem:
        raise StartRefused(EndReason.ENGINE_ERROR, f"The attempt cannot be written down: {problem}.") from problem
    except OSError as problem:
        raise StartRefused(EndReason.SITE_DISK_FULL, f"The order cannot be written to disk: {problem}.") from problem
    return {
        "name": submission.name,
        "folder": str(order.folder),
        "partition": order.partition,
        "account": order.site_account,
        "tasks": order.resources.tasks,
        "devices": order.resources.devices_total,
        "limit_seconds": order.resources.time_limit_seconds,
        "charged": {
            "gres": None if partition.on_cores else partition.gres,
            "threads_per_core": threads_per_core,
            "accelerator": partition.accelerator,
            "asked": order.resources.devices_total,
        },
        "submission": asdict(submission),
        "since": int(time.time()),
        "intent_at": time.time(),
        "tries": 1,
        "job": None,
        "stop": None,
        "starts": [],
        "ended": None,
    }


def _write_files(
    order: StartOrder, partition: SlurmPartition, settings: SlurmSettings, limit: TimeLimit, threads_per_core: int
) -> None:
    engine = order.folder / ENGINE_FOLDER
    engine.mkdir(mode=0o700, exist_ok=True)
    cpus = cpus_per_node(order.resources.devices, partition, threads_per_core)
    srun = str(settings.command_folder / "srun") if settings.command_folder else "srun"
    kept = json.dumps(order_as_kept(order, settings, limit=limit, cpus=cpus, srun=srun))
    write_private(engine / ORDER, kept, durable=False)  # as durable as the source and the keeper beside it
    (engine / KEEPER).write_bytes(archive())


@dataclass(frozen=True, slots=True)
class _Unheard:
    """A submission that could not even begin."""

    trouble: Silent

    def finish(self) -> str:
        raise self.trouble

    def drop(self) -> None:
        """Nothing has begun."""


class Starter:
    """Brings written intents to Slurm."""

    def __init__(self, store: Store, settings: SlurmSettings, controller: Callable[[], Controller]) -> None:
        self._store = store
        self._settings = settings
        self._controller = controller
        self._empty_since: dict[str, tuple[float, float]] = {}
        self.doubts: dict[str, str] = {}

    def begin(self, record: Record) -> Begun:
        """Begin to submit an intent, which may be written meanwhile."""
        submission = Submission(**record["submission"] | {"options": tuple(record["submission"]["options"])})
        try:
            return self._controller().begin(submission, user=record["account"])
        except Silent as trouble:
            return _Unheard(trouble)

    def submit(self, attempt: str, record: Record, begun: Begun) -> None:
        """Submit a written intent; leave a doubt when no answer came. The caller holds the attempt's lock.

        Raises:
            Refused: Slurm has said no; there is no job.
        """
        try:
            job = begun.finish()
        except Silent as trouble:
            self.doubts[attempt] = str(trouble)
            _log.warning("%s: it is not known whether Slurm has it: %s", attempt, trouble)
            return
        self.adopt(attempt, record, job)

    def adopt(self, attempt: str, record: Record, job: str) -> None:
        """Write down the job of an attempt. The caller holds the attempt's lock."""
        record["job"] = job
        record["submitted_at"] = time.time()
        self._store.adopt(attempt, job, submitted_at=record["submitted_at"])
        self._empty_since.pop(attempt, None)
        self.doubts.pop(attempt, None)

    def is_lost(self, attempt: str, record: Record) -> bool:
        """Say whether a submission was lost, told that queue and accounting have no such job now.

        It is once both were empty, whenever asked, for as long as the settings say, and no job has left its mark.
        """
        if (Path(record["folder"]) / ENGINE_FOLDER / FIRST_JOB).exists():
            return False
        intent, since = self._empty_since.get(attempt, (0.0, 0.0))
        if intent != record["intent_at"]:
            intent, since = record["intent_at"], time.monotonic()
            self._empty_since[attempt] = (intent, since)
        return time.monotonic() - since >= self._settings.doubt_seconds

    def not_empty(self, attempt: str) -> None:
        """Count the emptiness anew: one of the two gave no answer."""
        self._empty_since.pop(attempt, None)

    def submit_again(self, attempt: str) -> None:
        """Submit an attempt whose submission was lost, unless somebody has done so meanwhile.

        Raises:
            Refused: Slurm has said no; there is no job.
        """
        with self._store.locked(attempt):
            record = self._store.read(attempt)
            if record is None or record["job"] is not None or record["ended"] is not None:
                return
            if record["intent_at"] != self._empty_since.get(attempt, (0.0, 0.0))[0]:
                return  # another process has just submitted it
            record["tries"] += 1
            record["intent_at"] = time.time()
            self._store.write(attempt, record)
            self._empty_since.pop(attempt, None)
            self.submit(attempt, record, self.begin(record))
