"""The ends of an array's tasks and what they come to: letters, the array's own end, and words for people."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fabrica.engines.slurm.jobs import Row
from fabrica.engines.slurm.states import End
from fabrica.values.states import ENDS, EndReason, Fault, RunState

_TOLD_ENDS_MAX = 3
_LAST_LINES = 5
_LAST_WORDS_MAX = 600


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How one task ended, with every start that Slurm made of it, and where their figures are from."""

    task: int
    reason: EndReason
    exit_code: int | None
    words: str
    rows: tuple[Row, ...] = ()
    source: Literal["sacct", "squeue"] = "sacct"
    disk_bytes: int | None = None
    log_bytes_dropped: int = 0

    @property
    def letter(self) -> str:
        """The task's letter in `wire.runs.TaskStates`."""
        if self.reason is EndReason.COMPLETED:
            return "s"
        return "c" if ENDS[self.reason].state is RunState.CANCELLED else "f"

    def as_kept(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def task_end_of(kept: Mapping[str, Any]) -> TaskEnd:
    """Return a task's end from JSON.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    told = dict(kept)
    rows = tuple(Row(**row) for row in told.pop("rows"))
    return TaskEnd(**told | {"rows": rows, "reason": EndReason(told["reason"]), "task": int(told["task"])})


def letters_of(ends: Mapping[int, TaskEnd], running: Collection[int], *, tasks: int) -> str:
    """Return one letter a task."""
    return "".join(ends[index].letter if index in ends else "r" if index in running else "w" for index in range(tasks))


def end_of_array(ends: Collection[TaskEnd], *, asked: EndReason | None) -> End:
    """Return why an array ended whose tasks all have.

    It completed when all did, and ended as it was asked to when that cut a task short. What a site did to some tasks is
    the array's end only when none came to an end of its own, else what the others did would be undone and run again.
    """
    unlike = sorted((end for end in ends if end.reason is not EndReason.COMPLETED), key=lambda end: end.task)
    if not unlike:
        return End(EndReason.COMPLETED, 0, "")
    words = words_of_ends(unlike)
    if asked is not None and any(end.reason is asked for end in unlike):
        return End(asked, None, words)
    by_itself = [end for end in unlike if ENDS[end.reason].fault is Fault.USER]
    if {end.reason for end in ends} == {EndReason.COMMAND_NOT_FOUND}:
        return End(EndReason.COMMAND_NOT_FOUND, unlike[0].exit_code, words)
    if by_itself:
        return End(EndReason.EXIT_NONZERO, by_itself[0].exit_code or 1, words)
    cancelled = next((end for end in unlike if end.letter == "c"), None)
    if cancelled is not None:
        return End(cancelled.reason, None, words)
    if len(unlike) < len(ends):
        return End(EndReason.EXIT_NONZERO, 1, words)
    return End(unlike[0].reason, unlike[0].exit_code, words)


def words_of_ends(unlike: Collection[TaskEnd]) -> str:
    """Say why tasks did not succeed: each kind of end once, with the first task that it came to."""
    told: dict[str, TaskEnd] = {}
    for end in unlike:
        told.setdefault(end.words, end)
    first = list(told.values())[:_TOLD_ENDS_MAX]
    more = f" And {len(told) - len(first)} other ends." if len(told) > len(first) else ""
    return " ".join(f"Task {end.task}: {end.words}" for end in first) + more


def lines_of_failure(end: TaskEnd, output: str, *, tasks: int) -> str:
    """Return what the run's log says of a task that failed: a line, and the end of the task's own output."""
    last = [line.rstrip() for line in output.rstrip().splitlines()[-_LAST_LINES:]]
    kept = "\n".join(last)[-_LAST_WORDS_MAX:].splitlines()
    shown = "".join(f"    {line}\n" for line in kept)
    return f"[fabrica] Task {end.task} of {tasks}: {end.words} Its log is record/tasks/{end.task}.log.\n{shown}"


def line_of_record(end: TaskEnd) -> dict[str, Any] | None:
    """Return a task's line in `tasks.jsonl`; None for one that never started. Times are Slurm's, in epoch seconds."""
    started = [row for row in end.rows if row.started_at is not None]
    if not started:
        return None
    return {
        "task": end.task,
        "exit_code": end.exit_code,
        "reason": end.reason.value,
        "started_at": started[0].started_at,
        "ended_at": started[-1].ended_at,
        "starts": len(started),
    }
