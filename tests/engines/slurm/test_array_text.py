"""Numbers of an array's tasks as Slurm prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.array_text import Indices, array_of, elements_of, index_of, read_indices
from fabrica.engines.slurm.jobs import Garbled, Job, read_queue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", {7}),
        ("5-9%50", {5, 6, 7, 8, 9}),
        ("[0-6:3,10]", {0, 3, 6, 10}),
        ("1,3,5-7%2", {1, 3, 5, 6, 7}),
    ],
)
def test_numbers_are_read_in_every_form_that_slurm_prints(text: str, expected: set[int]) -> None:
    assert read_indices(text) == Indices(frozenset(expected))


def test_a_list_that_slurm_cut_off_says_so_and_keeps_no_half_number() -> None:
    assert read_indices("1,3,5-7,12...") == Indices(frozenset({1, 3, 5, 6, 7}), cut=True)


_INDICES = st.sets(st.integers(0, 10_000), min_size=1, max_size=60)


@given(_INDICES, st.none() | st.integers(1, 500), st.booleans())
def test_what_slurm_writes_of_numbers_is_read_back(numbers: set[int], at_once: int | None, brackets: bool) -> None:
    text = _as_slurm_writes(sorted(numbers)) + (f"%{at_once}" if at_once else "")
    assert read_indices(f"[{text}]" if brackets else text) == Indices(frozenset(numbers))


def _as_slurm_writes(numbers: list[int]) -> str:
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


@given(st.text(alphabet="0123456789-,:%[]. x", max_size=20))
def test_any_other_text_is_garbled_and_nothing_worse(text: str) -> None:
    try:
        read = read_indices(text)
    except Garbled:
        return
    assert read.known or read.cut


@pytest.mark.parametrize("text", ["", "a", "1--2", "0-99999999999", "5-3:0", "٣"])
def test_what_are_no_numbers_of_tasks_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        read_indices(text)


def test_ids_are_taken_apart() -> None:
    assert [(array_of(one), index_of(one)) for one in ("12", "12_3", "12_[4-9%2]")] == [
        ("12", None),
        ("12", 3),
        ("12", None),
    ]


def _line(task: str, state: str) -> str:
    return f"2|{task}|9|fab-att_x|{state}|0|N/A|N/A|0:00|0|||me|None|"


def test_a_line_of_its_own_says_more_than_one_that_tasks_share() -> None:
    jobs = read_queue("\n".join([_line("2-4%1", "PENDING"), _line("3", "REQUEUE_HOLD"), _line("0", "COMPLETED")]))
    elements = elements_of(jobs, tasks=5)
    states = [job.state if (job := elements.of(index)) else None for index in range(5)]
    assert states == ["COMPLETED", None, "PENDING", "REQUEUE_HOLD", "PENDING"]


def test_tasks_that_slurm_left_out_of_a_long_line_wait_with_it() -> None:
    job = Job("fab-x", "2_[1,3,...]", "PENDING")
    elements = elements_of([job, Job("fab-x", "2_0", "RUNNING")], tasks=9)
    assert {index for index in range(9) if elements.of(index) is job} == set(range(1, 9))
