"""Ids of job arrays as Slurm prints them: `12_3` for one task, `12_[5-999%50]` for all that wait, in one line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fabrica.engines.slurm.jobs import Garbled, Job

_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+)(?::([0-9]+))?)?", re.ASCII)
_AT_ONCE = re.compile(r"%[0-9]+$", re.ASCII)
_INDEX_MAX = 4_000_001
_CUT = "..."


@dataclass(frozen=True, slots=True)
class Indices:
    """Numbers of tasks. `cut`: Slurm left out the end of a long list."""

    known: frozenset[int]
    cut: bool = False


def array_of(job: str) -> str:
    """Return the array's own id of a task's, and any other job's as it is."""
    return job.partition("_")[0]


def index_of(job: str) -> int | None:
    """Return the number of a task; None for any other job, and for several tasks in one line."""
    index = job.partition("_")[2]
    return int(index) if index.isascii() and index.isdecimal() else None


def read_indices(text: str) -> Indices:
    """Read `5-999%50`, `[0-10:2,15]` or `1,3,5-...` as numbers of tasks.

    Raises:
        Garbled: it is none of these.
    """
    inner = _AT_ONCE.sub("", text.strip().removeprefix("[").removesuffix("]"))
    cut = inner.endswith(_CUT)
    if cut:  # what stands before the dots may itself have lost its end
        inner = inner.removesuffix(_CUT).rpartition(",")[0]
    found: set[int] = set()
    for part in inner.split(",") if inner else ():
        match = _RANGE.fullmatch(part)
        if not match:
            raise Garbled(f"{text!r} are no numbers of tasks")
        first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
        if last > _INDEX_MAX or step < 1:
            raise Garbled(f"{text!r} are no numbers of tasks")
        found.update(range(first, last + 1, step))
    if not found and not cut:
        raise Garbled(f"{text!r} are no numbers of tasks")
    return Indices(frozenset(found), cut)


@dataclass(frozen=True, slots=True)
class Elements:
    """The tasks of one array in the queue. `rest` stands for tasks whose numbers Slurm left out; None: it left none."""

    by_index: Mapping[int, Job] = field(default_factory=dict)
    rest: Job | None = None

    def of(self, index: int) -> Job | None:
        """Return what the queue says of a task."""
        return self.by_index.get(index, self.rest)


def elements_of(jobs: Sequence[Job], *, tasks: int) -> Elements:
    """Return each task of an array by its number; a line of its own says more than one that it shares.

    Raises:
        Garbled: a line shared by several tasks cannot be read.
    """
    shared = [job for job in jobs if index_of(job.job) is None]
    by_index: dict[int, Job] = {}
    rest = None
    for job in shared:
        text = job.job.partition("_")[2]
        indices = read_indices(text) if text else Indices(frozenset(), cut=True)
        by_index |= dict.fromkeys((index for index in indices.known if index < tasks), job)
        rest = job if indices.cut else rest
    own = {index: job for job in jobs if (index := index_of(job.job)) is not None and index < tasks}
    return Elements(by_index | own, rest)
