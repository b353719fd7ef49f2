"""What every loop is given: the jobs of a trace as arrays, in the order in which they queue."""

from typing import Any, NamedTuple

# An array of integers: NumPy for the compiled loops, array('q') or a list for the plain ones.
Integers = Any


class Jobs(NamedTuple):
    """Jobs sorted by submit time; jobs of one instant in the order of the trace. Each array: shape (jobs,), seconds.

    `limit`: what the job is planned with; the run times themselves where estimates are exact.
    `start`: filled by the loop.
    """

    submit: Integers
    runtime: Integers
    units: Integers
    limit: Integers
    start: Integers
