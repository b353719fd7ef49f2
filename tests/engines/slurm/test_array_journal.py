"""The journal of an array: nothing in it is lost or told twice, whoever writes and whenever it stops."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.array_journal import ArrayJournal
from fabrica.engines.slurm.array_tasks import TaskEnd
from fabrica.values.states import EndReason


def _end(index: int, words: str = "") -> TaskEnd:
    return TaskEnd(index, EndReason.COMPLETED, 0, words)


def _start(at: int) -> dict[str, object]:
    return {"restart": 0, "job": "2_0", "started_at": at, "allocated": {"cpu": 1}}


def test_the_first_end_of_a_task_stands_for_every_process(tmp_path: Path) -> None:
    first, second = ArrayJournal(tmp_path / "a.jsonl"), ArrayJournal(tmp_path / "a.jsonl")
    second.catch_up()
    first.append(starts=[(0, _start(5))], ends=[_end(0, "first")])
    second.append(starts=[(0, _start(5)), (0, _start(9))], ends=[_end(0, "second"), _end(1)])
    for journal in (first, second, ArrayJournal(tmp_path / "a.jsonl")):
        known = journal.catch_up()
        assert {index: end.words for index, end in known.ends.items()} == {0: "first", 1: ""}
        assert [start["started_at"] for start in known.starts[0]] == [5, 9]


@given(st.integers(0, 400))
def test_a_line_cut_off_by_a_crash_costs_that_line_alone(cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a.jsonl"
        ArrayJournal(place).append(starts=[], ends=[_end(0)])
        whole = place.stat().st_size
        ArrayJournal(place).append(starts=[], ends=[_end(1)])
        with place.open("r+b") as file:
            file.truncate(min(whole + cut, place.stat().st_size))
        journal = ArrayJournal(place)
        journal.append(starts=[], ends=[_end(1), _end(2)])
        assert set(ArrayJournal(place).catch_up().ends) == {0, 1, 2}


def test_a_removed_journal_is_empty(tmp_path: Path) -> None:
    journal = ArrayJournal(tmp_path / "a.jsonl")
    journal.append(starts=[], ends=[_end(0)])
    journal.remove()
    journal.remove()
    assert ArrayJournal(tmp_path / "a.jsonl").catch_up().ends == {}
