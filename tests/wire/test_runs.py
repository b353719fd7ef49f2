"""Tasks of a job array in words and in figures."""

import pytest
from pydantic import ValidationError

from fabrica.wire.runs import TASKS_MAX, Resources, tell_tasks


def test_tasks_are_told_in_one_sentence_with_those_that_failed_by_number() -> None:
    assert tell_tasks("sss") == "3 of 3 tasks succeeded."
    assert tell_tasks("sfrwcf") == "1 of 6 tasks succeeded, 2 failed (1, 5), 1 run, 1 wait, 1 were cancelled."
    assert tell_tasks("f" * 12).endswith("12 failed (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …).")


def test_an_array_reserves_the_time_limit_of_every_task() -> None:
    one, many = Resources(devices=2, time_limit_seconds=60), Resources(devices=2, time_limit_seconds=60, tasks=1_000)
    assert many.reserved_milliseconds == 1_000 * one.reserved_milliseconds


@pytest.mark.parametrize("tasks", [0, -1, TASKS_MAX + 1])
def test_an_array_of_no_tasks_or_too_many_is_refused(tasks: int) -> None:
    with pytest.raises(ValidationError):
        Resources(tasks=tasks)
