"""A trace: the jobs of a cluster as columns of integers, in the order in which they queue."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trace:
    """Jobs sorted by submit time; jobs of one instant in the order of their file.

    Each column: shape (jobs,). Times in seconds; a negative limit stands for a job without one.
    `accounts`: for each job the place of its account in `account_names`; null where the trace names none.
    `levels`: for each job how urgent it is, 0 the least; null where the trace does not say.
    `clock_seconds`: what second 0 is on the clock of the file; 0 where the file counts from 0 itself.
    `notices`: what reading changed or left out, in sentences.
    """

    ids: Sequence[str] | Sequence[int]
    submit_seconds: "array[int]"
    runtime_seconds: "array[int]"
    units: "array[int]"
    limit_seconds: "array[int]"
    notices: tuple[str, ...] = ()
    accounts: "array[int] | None" = None
    account_names: tuple[str, ...] = ()
    levels: "array[int] | None" = None
    clock_seconds: int = 0

    def __len__(self) -> int:
        return len(self.submit_seconds)
