"""Slurm's states in Fabrica's words: where a job is, and why it ended. A word nobody knows ends nothing."""

from dataclasses import dataclass
from typing import Literal

from fabrica.engines.slurm.marks import EndMark
from fabrica.values.signals import signal_name
from fabrica.values.states import ENDS, EndReason

Phase = Literal["queued", "running", "ended", "held"]

_QUEUED = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "POWER_UP_NODE", "EXPEDITING"})
_HELD = frozenset({"REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT", "LAUNCH_FAILED", "RECONFIG_FAIL"})
_RUNNING = frozenset(
    {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING", "UPDATE_DB"}
)
_ENDED = frozenset(
    {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL"}
    | {"DEADLINE", "REVOKED"}
)
START_ENDED = _ENDED | {"REQUEUED"}
"""States of an accounting row whose start is over; the job itself may have started again."""

_HELD_REASONS = ("held", "JobHeld", "Duplicate jobid")
_FREE_SECONDS_MAX = 60
"""Marks are the job's own, so an end that costs nothing is only believed of a job that held devices for a moment."""
_FORGOTTEN = "The job was ended without a last word; Slurm's controller may have forgotten that it had started it."
_NEVER_BEGAN = "The job never said that the command began; Slurm's controller may have lost its start."
_HINTS = "Its node may lack Python or the shared folder; engine/slurm.out beside the log says more."


def phase_of(state: str) -> Phase:
    """Return where a job in a state is; `held`: it neither runs nor will by itself, or the word is unknown."""
    for states, phase in ((_QUEUED, "queued"), (_RUNNING, "running"), (_ENDED, "ended")):
        if state in states:
            return phase  # type: ignore[return-value]  # the tuple above holds nothing else
    return "held"


_WHY_IT_WAITS = {
    "Resources": "It is next in the site's queue and waits for free devices.",
    "Priority": "It waits behind work of higher priority.",
    "BeginTime": "Slurm starts it again a little later.",
    "Dependency": "It waits for a run that it depends on.",
    "PartitionDown": "The partition is down; the site's operators have to bring it back.",
    "PartitionInactive": "The partition is inactive; the site's operators have to bring it back.",
    "ReservedForMaintenance": "The site has reserved its nodes for maintenance.",
    "Licenses": "It waits for a licence.",
}


def words_of_wait(state: str, reason: str) -> str:
    """Say why a job does not run: in plain words, with Slurm's own."""
    if state in _HELD or state not in _QUEUED or any(word in reason for word in _HELD_REASONS):
        told = f"{state}, {reason}" if reason and state != "PENDING" else reason or state
        return f"The site holds it, and an operator there has to release it. Slurm says: {told}."
    if state == "CONFIGURING":
        return "Its nodes are being made ready."
    if reason in _WHY_IT_WAITS:
        return f"{_WHY_IT_WAITS[reason]} Slurm says: {reason}."
    if reason.startswith(("Assoc", "QOS", "Grp", "MaxGRES")):
        return f"A limit of the site's account or QOS holds it back. Slurm says: {reason}."
    if reason.startswith(("ReqNodeNotAvail", "Nodes_required", "Nodes required", "NodeDown")):
        return f"Nodes that it needs are drained, down or reserved. Slurm says: {reason}."
    return f"It waits. Slurm says: {reason}." if reason else "It waits in the site's queue."


@dataclass(frozen=True, slots=True)
class End:
    """The reason of an end, its exit code, and one sentence for people."""

    reason: EndReason
    exit_code: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Told:
    """What Slurm says of an ended job: its state word and what goes with it. `started`: it had nodes."""

    state: str
    started: bool
    reason: str = ""
    cancelled_by: str = ""
    exit_code: int | None = None
    signal_number: int | None = None


def judge(
    told: Told,
    *,
    mark: EndMark | None,
    began: bool,
    elapsed_seconds: int,
    asked: EndReason | None,
    disk_full: bool = False,
) -> End:
    """Return why an attempt ended. `asked` is the reason for which we cancelled it.

    `mark` is the job's own last word, `began` says whether it left its first, `disk_full` whether the agent itself has
    just seen the site's disk full. Slurm's word decides whether it ended by itself; only then the job's says how.
    """
    if told.state in ("COMPLETED", "FAILED"):
        return _by_itself(told, mark, began=began, elapsed_seconds=elapsed_seconds, disk_full=disk_full)
    code = mark.exit_code if mark else None
    if asked is not None:
        words = f"It was asked to end: {asked.value.replace('_', ' ')}."
        return End(asked, code, _with_lost_start(words, told, began) if asked is EndReason.TIME_LIMIT else words)
    match told.state:
        case "TIMEOUT":
            words = _with_lost_start("Slurm ended it at its time limit.", told, began)
            return End(EndReason.TIME_LIMIT, code, words)
        case "OUT_OF_MEMORY":
            return End(EndReason.MEMORY_EXCEEDED, code, "Slurm ended it: it used more memory than it asked for.")
        case "PREEMPTED":
            return End(EndReason.PREEMPTED, code, "Slurm gave its devices to more urgent work.")
        case "NODE_FAIL" | "BOOT_FAIL":
            return End(EndReason.NODE_FAILED, code, f"A node it held failed. Slurm says: {told.state}.")
        case "REVOKED":
            return End(EndReason.SITE_DECLINED, code, "Another cluster of the site's own federation took the job.")
        case "DEADLINE":
            return End(EndReason.CANCELLED_AT_SITE, code, "Slurm ended it at a deadline that the site has set.")
        case "CANCELLED":
            by = f" by the site's user number {told.cancelled_by}" if told.cancelled_by else ""
            return End(EndReason.CANCELLED_AT_SITE, code, f"It was cancelled at the site{by}, not by Fabrica.")
    raise AssertionError(f"{told.state} is no end")


def _with_lost_start(words: str, told: Told, began: bool) -> str:
    """Add that a job which held its devices to its limit left no first word; what it is charged stays as it is.

    The mark lies in the run's own folder, so who takes it away changes these words and nothing else.
    """
    return f"{words} {_NEVER_BEGAN}" if told.started and not began else words


def _by_itself(told: Told, mark: EndMark | None, *, began: bool, elapsed_seconds: int, disk_full: bool) -> End:
    if mark is not None and _is_believed(mark, elapsed_seconds=elapsed_seconds, disk_full=disk_full):
        return End(mark.reason, mark.exit_code, mark.words)
    if told.state == "COMPLETED":
        return End(EndReason.COMPLETED, 0, "The command ended with exit status 0.")
    if not told.started:
        return End(EndReason.SITE_DECLINED, None, f"Slurm did not take it: {told.reason or told.state}.")
    if told.signal_number:
        name = signal_name(told.signal_number)
        return End(EndReason.KILLED_BY_SIGNAL, None, f"The job was ended by {name}, which Fabrica did not send.")
    if disk_full and mark is None:
        return End(EndReason.SITE_DISK_FULL, told.exit_code, "The job failed while the site's disk was full.")
    if mark is None and elapsed_seconds <= _FREE_SECONDS_MAX:
        if began:  # the exit status is none of the command's, which would have been noted
            return End(EndReason.PROCESS_VANISHED, None, _FORGOTTEN)
        words = f"The job ended before the command began, with exit status {told.exit_code}. {_HINTS}"
        return End(EndReason.ENGINE_ERROR, told.exit_code, words)
    own = f" The job's own word, which nobody else confirms: {mark.words}" if mark else ""
    return End(EndReason.EXIT_NONZERO, told.exit_code, f"The command ended with exit status {told.exit_code}.{own}")


def _is_believed(mark: EndMark, *, elapsed_seconds: int, disk_full: bool) -> bool:
    """Say whether the job's own word stands: one that costs nothing does where it holds little, or was seen by us."""
    if ENDS[mark.reason].charged or elapsed_seconds <= _FREE_SECONDS_MAX:
        return True
    return disk_full and mark.reason is EndReason.SITE_DISK_FULL
