"""Reading a record: tolerant of what a crash leaves, and of nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

import fabrica
from fabrica.record.folder import METRICS, read_chain, read_json, series
from fabrica.run import append_line
from fabrica.wire.record import RecordRefused

SOURCE_FOLDER = Path(fabrica.__file__).parent.parent


def test_a_file_that_is_missing_has_no_lines(tmp_path: Path) -> None:
    assert read_chain(tmp_path / "none.jsonl").lines == ()
    assert read_json(tmp_path / "none.json") == {}


def test_values_without_a_step_count_from_zero_in_order_of_arrival(tmp_path: Path) -> None:
    for name, value, step in (("a", 1.0, None), ("b", 5.0, 10), ("a", None, None), ("b", 6.0, 5)):
        append_line(tmp_path / METRICS, {"name": name, "value": value, "step": step})
    assert series(tmp_path) == {"a": [(0, 1.0), (1, None)], "b": [(10, 5.0), (5, 6.0)]}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_a_file_that_is_not_one_object_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(RecordRefused, match=r"run\.json"):
        read_json(tmp_path / "run.json")


def test_lines_of_any_bytes_are_read_as_torn(tmp_path: Path) -> None:
    (tmp_path / METRICS).write_bytes(b"\xff\xfe\n{}\nnull\n\n")
    chain = read_chain(tmp_path / METRICS)
    assert (chain.lines, chain.torn) == ((), (1, 2, 3, 4))


@pytest.mark.faults
def test_a_writer_killed_at_any_moment_leaves_a_chain_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / METRICS
    endless = "from fabrica.run import log\nlog.event('go')\nwhile True: log.metric('loss', 1.0)"
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", endless],
            env={"FABRICA_RECORD": str(tmp_path), "PYTHONPATH": str(SOURCE_FOLDER)},
            cwd=tmp_path,
        ) as writer:
            seen = len(read_chain(path).lines)
            while len(read_chain(path).lines) < seen + 20 and writer.poll() is None:
                pass  # bounded: the writer writes, or has ended
            writer.kill()
    append_line(path, {"name": "after"})
    chain = read_chain(path)
    assert len(chain.lines) > 60
    assert chain.broken == ()
    assert chain.lines[-1]["name"] == "after"
