"""What is written is whole or not there."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fabrica.planning.outputs import check_outputs, write_page, write_starts
from fabrica.planning.replay import Cluster, Policy, replay
from fabrica.wire.planning import OutputNotWritten
from tests.planning.builders import make_trace

DONE = replay(make_trace([(0, 5, 4, -1), (1, 1, 4, -1)]), Cluster(4), Policy.FIFO, plain=True)


def test_every_start_is_written_in_the_order_of_the_trace(tmp_path: Path) -> None:
    write_starts(DONE, tmp_path / "starts.csv")
    assert (tmp_path / "starts.csv").read_text() == "job_id,start_s\n1,0\n2,5\n"
    assert [path.name for path in tmp_path.iterdir()] == ["starts.csv"]


def test_starts_are_on_the_clock_of_the_trace(tmp_path: Path) -> None:
    on_a_clock = replace(DONE, trace=replace(DONE.trace, clock_seconds=1_700_000_000))
    write_starts(on_a_clock, tmp_path / "starts.csv")
    assert (tmp_path / "starts.csv").read_text() == "job_id,start_s\n1,1700000000\n2,1700000005\n"


def test_a_full_disk_leaves_the_old_file_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "starts.csv").write_text("old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputNotWritten, match="No space"):
        write_starts(DONE, tmp_path / "starts.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["starts.csv"]
    assert (tmp_path / "starts.csv").read_text() == "old"


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritten, match="cannot be written: No such file"):
        write_page("<p>", tmp_path / "nowhere" / "report.html")


def test_a_link_stays_one_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "report.html").symlink_to(tmp_path / "kept" / "report.html")
    write_page("<p>", tmp_path / "report.html")
    assert (tmp_path / "report.html").is_symlink()
    assert (tmp_path / "kept" / "report.html").read_text() == "<p>"


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_page("<p>", pipe)
    reader.join()
    assert read == ["<p>"]
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs a device that is always full")
def test_a_full_device_is_told_and_stays_a_device() -> None:
    with pytest.raises(OutputNotWritten, match="No space"):
        write_page("<p>", Path("/dev/full"))
    assert Path("/dev/full").is_char_device()


def test_files_that_cannot_be_written_are_refused_beforehand(tmp_path: Path) -> None:
    trace, starts = tmp_path / "jobs.csv", tmp_path / "starts.csv"
    check_outputs((starts, None), (trace,))
    for outputs, words in (
        ((tmp_path / "nowhere" / "starts.csv",), "there is no folder"),
        ((starts, tmp_path / "." / "starts.csv"), "named twice"),
        ((trace,), "named twice"),
    ):
        with pytest.raises(OutputNotWritten, match=words):
            check_outputs(outputs, (trace,))
    assert list(tmp_path.iterdir()) == []
