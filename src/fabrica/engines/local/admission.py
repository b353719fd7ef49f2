"""Which waiting attempts start now: first in, first out, nobody overtakes. Plus what a dead keeper left undone."""

import time
from pathlib import Path
from typing import Any

from fabrica.engines.files import read_json, write_json
from fabrica.engines.local.processes import Identity, boot_id, is_alive, kill_all, left_behind
from fabrica.engines.local.store import AttemptFolder, Record, Store
from fabrica.values.states import EndReason


def fitting_devices(asked: Record, settings: Record, claims: dict[str, Record]) -> Record | None:
    """Return the devices an attempt would hold beside the given claims; None when it does not fit now.

    The answer's `cores` and `gpus` name devices; a run on GPUs holds no cores of its own.
    """
    memory_free = settings["memory_bytes"] - sum(claim["memory_bytes"] for claim in claims.values())
    if asked["memory_bytes"] > memory_free:
        return None
    if asked["resource_class"] == "cpu.core":
        kind, usable = "cores", settings["cores"]
    else:
        kind = "gpus"
        usable = [gpu for gpu, partition in settings["gpus"].items() if partition == asked.get("partition")]
    held = {device for claim in claims.values() for device in claim[kind]}
    free = [device for device in usable if device not in held]
    if asked["devices"] > len(free):
        return None
    devices = {"cores": [], "gpus": []} | {kind: free[: asked["devices"]]}
    return devices | {"memory_bytes": asked["memory_bytes"]}


def next_to_start(store: Store) -> tuple[str, Record, Record] | None:
    """Return the oldest waiting attempt with its record and the devices it gets; None when it must wait.

    The caller holds the lock.
    """
    settings, claims = store.settings(), store.claims()
    for attempt, record in store.waiting_records():
        if record["boot"] != boot_id():
            _end_unkept(store, attempt, record, "The machine restarted while the run waited here.")
            continue
        devices = fitting_devices(record, settings, claims)
        return None if devices is None else (attempt, record, devices)
    return None


def settle_dead_claims(store: Store) -> None:
    """Settle every claim whose keeper is dead. The caller holds the lock."""
    for attempt, claim in store.claims().items():
        if not is_alive(Identity.from_list(claim["keeper"])):
            settle(store, attempt)


def settle(store: Store, attempt: str) -> None:
    """Bring one attempt that nobody keeps to a truth: ended, or waiting again when it never ran.

    The caller holds the lock. An attempt that is kept, waits or has ended is left as it is.
    """
    record, claim = store.attempt(attempt), store.claim(attempt)
    if claim is not None and is_alive(Identity.from_list(claim["keeper"])):
        return
    if record is None:
        store.release(attempt)
        return
    folder = AttemptFolder(Path(record["folder"]))
    if folder.ended.exists():
        store.leave_queue(attempt, record)
    elif folder.started.exists() or record["boot"] != boot_id():
        _end_unkept(store, attempt, record, "The keeper of the run vanished; what the run left behind was ended.")
    elif folder.folder.exists():
        store.requeue(attempt, record)
    store.release(attempt)


def _end_unkept(store: Store, attempt: str, record: Record, words: str) -> None:
    """End an attempt without a keeper at its last proof of life, and what it left running."""
    folder = AttemptFolder(Path(record["folder"]))
    started, usage = read_json(folder.started), read_json(folder.usage) or {}
    store.leave_queue(attempt, record)
    if not folder.engine.exists():
        return
    seen = [Identity.from_list(value) for value in usage.get("processes", [])]
    seen.append(Identity.from_list((started or {}).get("command_process")))
    all_gone = kill_all(lambda: left_behind(attempt, [one for one in seen if one]), within_seconds=5.0)
    stop = read_json(folder.stop)
    end: dict[str, Any] = {
        "reason": stop["reason"] if stop else EndReason.PROCESS_VANISHED.value,
        "words": words if all_gone else f"{words} Some processes could not be ended.",
        "exit_code": None,
        "started_at": started["started_at"] if started else None,
        "ended_at": started["started_at"] + usage.get("elapsed_seconds", 0.0) if started else time.time(),
        "usage": usage,
    }
    write_json(folder.ended, end, durable=True)
