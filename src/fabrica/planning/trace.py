"""A trace: the jobs of a cluster as columns of integers, in the order in which they queue."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trace:
    """Jobs sorted by submit time; jobs of one instant in the order of their file.

    Each column: shape (jobs,). Times in seconds; a negative limit stands for a job without one.
    `notices`: what reading changed or left out, in sentences.
    """

    ids: Sequence[str] | Sequence[int]
    submit_seconds: "array[int]"
    runtime_seconds: "array[int]"
    units: "array[int]"
    limit_seconds: "array[int]"
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.submit_seconds)
