"""Every job of a year as it ran, whichever of the two programs ran it."""

from typing import Any, NamedTuple

NEVER_PLACED = -1


class Ran(NamedTuple):
    """What came of jobs, in the order in which they arrived. Each array but the last: shape (jobs,); times in seconds.

    `runtime`, `asked`: where it went; on the reference device where it went nowhere. `start`: of the first attempt, -1
    where there was none. `began`, `end`: of the last attempt. `lost`: device-seconds. `stopped`, `preempted`: how
    often. `partition`: where the broker sent it, or `NEVER_PLACED`. `cause`: why it did not start at once, see
    codes.py. `use`: shape (partitions, classes + 1, hours), device-seconds by class, and last of nodes in repair.
    """

    submit: Any
    runtime: Any
    asked: Any
    units: Any
    start: Any
    began: Any
    end: Any
    attempts: Any
    lost: Any
    stopped: Any
    preempted: Any
    is_refused: Any
    is_given_up: Any
    partition: Any
    cause: Any
    use: Any
