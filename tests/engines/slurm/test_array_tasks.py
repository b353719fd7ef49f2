"""What the ends of an array's tasks come to."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.array_tasks import (
    TaskEnd,
    end_of_array,
    letters_of,
    line_of_record,
    lines_of_failure,
    task_end_of,
)
from fabrica.engines.slurm.jobs import Row
from fabrica.values.states import ENDS, EndReason, Fault

R = EndReason


def _ends(*reasons: EndReason) -> list[TaskEnd]:
    return [TaskEnd(index, reason, None, reason.value) for index, reason in enumerate(reasons)]


@pytest.mark.parametrize(
    ("reasons", "asked", "expected"),
    [
        ((R.COMPLETED, R.COMPLETED), None, R.COMPLETED),
        ((R.COMPLETED, R.COMPLETED), R.CANCELLED_BY_USER, R.COMPLETED),
        ((R.COMPLETED, R.TIME_LIMIT), None, R.EXIT_NONZERO),
        ((R.COMPLETED, R.EXIT_NONZERO, R.CANCELLED_BY_USER), R.CANCELLED_BY_USER, R.CANCELLED_BY_USER),
        ((R.COMMAND_NOT_FOUND, R.COMMAND_NOT_FOUND), None, R.COMMAND_NOT_FOUND),
        ((R.COMMAND_NOT_FOUND, R.COMPLETED), None, R.EXIT_NONZERO),
        ((R.COMPLETED, R.CANCELLED_AT_SITE), None, R.CANCELLED_AT_SITE),
        ((R.NODE_FAILED, R.NODE_FAILED), None, R.NODE_FAILED),
        ((R.NODE_FAILED, R.COMPLETED), None, R.EXIT_NONZERO),
        ((R.NODE_FAILED, R.EXIT_NONZERO), None, R.EXIT_NONZERO),
    ],
)
def test_the_arrays_end_follows_from_those_of_its_tasks(
    reasons: tuple[EndReason, ...], asked: EndReason | None, expected: EndReason
) -> None:
    assert end_of_array(_ends(*reasons), asked=asked).reason is expected


@given(st.lists(st.sampled_from(sorted(EndReason)), min_size=1, max_size=8))
def test_an_array_is_never_tried_again_once_a_task_came_to_its_own_end(reasons: list[EndReason]) -> None:
    end = end_of_array(_ends(*reasons), asked=None)
    own = [reason for reason in reasons if reason is R.COMPLETED or ENDS[reason].fault is Fault.USER]
    assert (end.reason is R.COMPLETED) == (set(reasons) == {R.COMPLETED})
    assert not (own and ENDS[end.reason].retried)


@given(st.dictionaries(st.integers(0, 9), st.sampled_from(sorted(EndReason))), st.sets(st.integers(0, 9)))
def test_every_task_has_one_letter(reasons: dict[int, EndReason], running: set[int]) -> None:
    ends = {index: TaskEnd(index, reason, None, "") for index, reason in reasons.items()}
    letters = letters_of(ends, running, tasks=10)
    assert len(letters) == 10
    assert {index for index, letter in enumerate(letters) if letter in "sfc"} == set(ends)


def test_an_end_is_read_back_as_it_was_kept() -> None:
    row = Row("alpha", "2_5", "fab-x", "COMPLETED", started_at=10, ended_at=12, elapsed_seconds=2, allocated={"cpu": 1})
    end = TaskEnd(5, R.COMPLETED, 0, "It ended.", (row,), "squeue", 4096, 7)
    assert task_end_of(json.loads(json.dumps(end.as_kept()))) == end


def test_a_task_that_never_started_has_no_line_in_the_record() -> None:
    assert line_of_record(TaskEnd(3, R.CANCELLED_BY_USER, None, "")) is None


def test_the_log_shows_the_end_of_a_failed_tasks_output() -> None:
    end = TaskEnd(7, R.EXIT_NONZERO, 3, "The command ended with exit status 3.")
    output = "".join(f"line {number}\n" for number in range(20))
    told = lines_of_failure(end, output, tasks=10)
    assert "Task 7 of 10: The command ended with exit status 3." in told
    assert "record/tasks/7.log" in told
    assert told.endswith("    line 19\n")
    assert "line 14\n" not in told


def test_words_tell_each_kind_of_end_once() -> None:
    words = end_of_array(_ends(R.EXIT_NONZERO, R.EXIT_NONZERO, R.TIME_LIMIT), asked=None).words
    assert words == "Task 0: exit_nonzero Task 2: time_limit"
