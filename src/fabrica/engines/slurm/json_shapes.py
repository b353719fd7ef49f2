"""What slurmrestd says, in any of its versions, as plain values.

Up to v0.0.38 figures are bare numbers and states single words; later a figure is `{"set": …, "number": …}` and states
are lists whose first word is the state itself. Both are read wherever either may stand.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fabrica.engines.slurm.cluster_text import asked_gres, read_gres
from fabrica.engines.slurm.controller import Node, Reservation, Waiting
from fabrica.engines.slurm.jobs import REQUEUED, Garbled, Job, Row, read_tres, split_status
from fabrica.engines.slurm.reservations import listed, node_names

_NEVER = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFE})


def number(value: Any) -> int | None:
    """Return a figure; None when it is not set, or stands for none or without end."""
    if isinstance(value, Mapping):
        if not value.get("set", True) or value.get("infinite"):
            return None
        value = value.get("number")
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


def instant(value: Any) -> int | None:
    """Return epoch seconds; None for never."""
    seconds = number(value)
    return None if seconds is None or seconds in _NEVER else seconds


def words(value: Any) -> list[str]:
    """Return the words of a state, in capitals."""
    if isinstance(value, str):
        return [value.upper()]
    return [str(one).upper() for one in value] if isinstance(value, list) else []


_ON_THE_WAY = ("COMPLETING", "CONFIGURING", "REQUEUE_HOLD", "SPECIAL_EXIT", "REQUEUED", "STAGE_OUT", "LAUNCH_FAILED")


def state_of(value: Any) -> str:
    """Return one state word, as squeue's text has it: a flag that says more than the state goes before it."""
    told = words(value)
    if not told:
        raise Garbled("slurmrestd told a job without a state")
    return next((flag for flag in _ON_THE_WAY if flag in told[1:]), told[0])


def _status(value: Any) -> tuple[int | None, int | None]:
    """Return exit code and signal of either form."""
    if isinstance(value, Mapping):
        if "return_code" not in value:
            return split_status(number(value) or 0)
        signalled = value.get("signal") or {}
        told = signalled.get("id", signalled.get("signal_id")) if isinstance(signalled, Mapping) else signalled
        return number(value["return_code"]), number(told) or None
    return split_status(number(value) or 0)


def read_job(told: Mapping[str, Any], *, now: int) -> Job:
    """Read one job of `/slurm/…/jobs`. The answer does not say how long it has run: `now` is the controller's clock.

    Raises:
        Garbled: it has no id or no state.
    """
    job_id = number(told.get("job_id"))
    if job_id is None:
        raise Garbled("slurmrestd told a job without an id")
    state = state_of(told.get("job_state"))
    code, signal_number = _status(told.get("exit_code"))
    started, ended = instant(told.get("start_time")), instant(told.get("end_time"))
    nodes = str(told.get("nodes") or "")
    if state == "COMPLETING" and (words(told.get("job_state"))[0] == "PENDING" or (ended or 0) > now):
        state = REQUEUED
    over = state in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "PREEMPTED", "NODE_FAIL")
    until = ended if over and ended is not None else now
    suspended = number(told.get("pre_sus_time")) or 0  # seconds it ran before it was suspended; 0: never was
    elapsed = suspended if state == "SUSPENDED" else until - (started or until)
    array, index = number(told.get("array_job_id")), number(told.get("array_task_id"))
    waiting = str(told.get("array_task_string") or "")
    job = str(job_id)
    if array and (index is not None or waiting):
        job = f"{array}_{index}" if index is not None else f"{array}_[{waiting}]"
    return Job(
        name=str(told.get("name", "")),
        job=job,
        state=state,
        reason="" if told.get("state_reason") in (None, "None") else str(told.get("state_reason")),
        exit_code=code,
        signal_number=signal_number,
        restarts=number(told.get("restart_cnt")) or 0,
        started_at=started,
        ended_at=ended if over else None,
        elapsed_seconds=max(0, elapsed) if nodes else 0,
        allocated=read_tres(str(told.get("tres_alloc_str") or "")),
        nodes=nodes,
        user=str(told.get("user_name", "")),
    )


def read_row(told: Mapping[str, Any]) -> Row:
    """Read one start of `/slurmdb/…/jobs`.

    Raises:
        Garbled: it has no id or no state.
    """
    times, state = _part(told, "time"), _part(told, "state")
    array = _part(told, "array")
    array_id, index = number(array.get("job_id")), number(array.get("task_id", array.get("task")))
    job_id = number(told.get("job_id"))
    if job_id is None:
        raise Garbled("slurmrestd told a row without an id")
    code, signal_number = _status(told.get("exit_code"))
    allocated = _tres(_part(told, "tres").get("allocated"))
    if "mem" in allocated:
        allocated["mem"] *= 2**20  # here it is told in MiB, of steps in bytes
    used, steps = _part(times, "total"), told.get("steps") or []
    peaks = [_tres(_part(_part(step, "tres"), "requested").get("total")).get("mem", 0) for step in steps]
    joules = _tres(_part(told, "tres").get("allocated")).get("energy")
    return Row(
        cluster=str(told.get("cluster", "")),
        job=f"{array_id}_{index}" if array_id and index is not None else str(job_id),
        name=str(told.get("name", "")),
        state=state_of(state.get("current")),
        cancelled_by=str(told.get("kill_request_user") or ""),
        exit_code=code,
        signal_number=signal_number,
        submitted_at=instant(times.get("submission")),
        started_at=instant(times.get("start")) if allocated else None,
        ended_at=instant(times.get("end")),
        elapsed_seconds=number(times.get("elapsed")) or 0,
        allocated=allocated,
        cpu_seconds=(number(used.get("seconds")) or 0) + (number(used.get("microseconds")) or 0) / 1e6,
        memory_peak_bytes=max(peaks, default=0) or None,
        joules=float(joules) if joules else None,
    )


def _part(value: Any, key: str) -> Mapping[str, Any]:
    part = value.get(key) if isinstance(value, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _tres(value: Any) -> dict[str, int]:
    """Read a list of resources as `cpu`, `mem`, `gres/gpu`."""
    found = {}
    for one in value if isinstance(value, list) else []:
        count = number(one.get("count")) if isinstance(one, Mapping) else None
        if count is not None and count >= 0:
            found[f"{one.get('type')}/{one['name']}" if one.get("name") else str(one.get("type"))] = count
    return found


def read_node(told: Mapping[str, Any], limits: Mapping[str, int | None]) -> list[Node]:
    """Read one node of `/slurm/…/nodes`, once for each of its partitions; `limits`: of partitions, in seconds."""
    states = [*words(told.get("state")), *words(told.get("state_flags"))]
    cpus = number(told.get("cpus")) or 0
    idle = number(told.get("alloc_idle_cpus", told.get("idle_cpus")))
    reason = str(told.get("reason") or "")
    return [
        Node(
            name=str(told.get("name", "")),
            partition=partition,
            state="+".join(states).lower(),
            cpus=cpus,
            cpus_held=cpus - idle if idle is not None else number(told.get("alloc_cpus")) or 0,
            memory_mib=number(told.get("real_memory")) or 0,
            threads_per_core=number(told.get("threads")) or 1,
            gres=read_gres(str(told.get("gres") or "")),
            gres_held=read_gres(str(told.get("gres_used") or "")),
            time_limit_seconds_max=limits.get(partition),
            reason=reason,
            since=instant(told.get("reason_changed_at")) if reason else None,
        )
        for partition in told.get("partitions") or []
    ]


def read_limit(told: Mapping[str, Any]) -> int | None:
    """Read the longest time of a partition of `/slurm/…/partitions`, in seconds; None: without end."""
    minutes = number(told["max_time_limit"] if "max_time_limit" in told else _part(told, "maximums").get("time"))
    return None if minutes is None or minutes in _NEVER else minutes * 60


def read_waiting(told: Mapping[str, Any]) -> Waiting | None:
    """Read one job of `/slurm/…/jobs` as part of the queue; None: it has ended."""
    state = state_of(told.get("job_state"))
    running = state in ("RUNNING", "COMPLETING", "SUSPENDED", "CONFIGURING")
    if not running and state not in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"):
        return None
    asked = read_tres(str(told.get("tres_alloc_str" if running else "tres_req_str") or ""))
    nodes = number(told.get("node_count")) or 1
    gres = asked_gres(asked, str(told.get("tres_per_node") or ""), nodes=nodes)
    partition = str(told.get("partition", "")).partition(",")[0]
    return Waiting(partition, running, nodes, asked.get("cpu", 0), gres)


def read_reservation(told: Mapping[str, Any]) -> Reservation:
    """Read one reservation of `/slurm/…/reservations`.

    Raises:
        Garbled: it has no times, or its nodes cannot be read.
    """
    starts, ends = number(told.get("start_time")), number(told.get("end_time"))
    if starts is None or ends is None:
        raise Garbled("slurmrestd told a reservation without its times")
    return Reservation(
        name=str(told.get("name", "")),
        starts=starts,
        ends=ends,
        nodes=node_names(str(told.get("node_list") or "")),
        cores=number(told.get("core_count")) or 0,
        picks_cores=bool(told.get("core_specializations") or number(told.get("core_spec_cnt"))),
        flags=frozenset(words(told.get("flags"))),
        accounts=listed(str(told.get("accounts") or "").lower()),
    )


def version_of(answer: Mapping[str, Any]) -> str:
    """Return Slurm's version from the heading of any answer."""
    meta = _part(answer, "meta")
    return str((_part(meta, "Slurm") or _part(meta, "slurm")).get("release", ""))


def read_epoch(header: str) -> int:
    """Return the epoch seconds of an HTTP date; now, when there is none."""
    try:
        return int(datetime.strptime(header, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return int(datetime.now(UTC).timestamp())
