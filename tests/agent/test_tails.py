"""Tails: text and points are told once, in order, whole."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabrica.agent.tails import CHUNK_BYTES, MetricsTail, next_log_piece


def _all_text(log: Path, *, bytes_max: int = 10**7, ended: bool = True) -> str:
    read, told, text = 0, 0, ""
    while piece := next_log_piece(log, read=read, told=told, bytes_max=bytes_max, ended=ended):
        assert piece.offset == len(text.encode())
        assert len(piece.text.encode()) <= CHUNK_BYTES + 200
        text += piece.text
        read, told = piece.read, piece.told
    return text


@given(content=st.binary(max_size=3000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_told_as_text_at_offsets_without_gaps(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log").write_bytes(content)
    assert _all_text(tmp_path / "log") == content.decode("utf-8", "replace").replace("\0", "\ufffd")


def test_a_letter_cut_in_two_waits_for_its_end(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes("né".encode()[:-1])
    assert _all_text(tmp_path / "log", ended=False) == "n"
    (tmp_path / "log").write_bytes("né".encode())
    assert _all_text(tmp_path / "log", ended=False) == "né"


def test_a_log_over_its_limit_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    lines = [f"line {number}\n" for number in range(100_000)]
    (tmp_path / "log").write_text("".join(lines))
    text = _all_text(tmp_path / "log", bytes_max=4 * CHUNK_BYTES)
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 99999\n")
    assert "of the log were left out here" in text
    assert len(text) <= 4 * CHUNK_BYTES + 200


def test_a_log_over_its_limit_waits_while_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("x" * 10 * CHUNK_BYTES)
    assert len(_all_text(tmp_path / "log", bytes_max=4 * CHUNK_BYTES, ended=False)) == 3 * CHUNK_BYTES


def test_a_missing_log_has_nothing_to_tell(tmp_path: Path) -> None:
    assert _all_text(tmp_path / "log") == ""


def _metric(name: str, value: float | None, step: int | None = None) -> str:
    return json.dumps({"name": name, "value": value, "step": step}) + "\n"


def test_points_come_once_and_in_order_and_a_half_line_waits(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    tail = MetricsTail(file)
    assert tail.next() == ()
    whole = _metric("loss", 1.5, 10) + _metric("loss", 1.0, 20)
    half = _metric("loss", 0.5, 30)
    file.write_text(whole + half[:-9])
    assert [series.points for series in tail.next()] == [((10, 1.5), (20, 1.0))]
    assert tail.next() == ()
    file.write_text(whole + half)
    assert [series.points for series in tail.next()] == [((30, 0.5),)]


def test_values_without_steps_are_counted_on_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_text(_metric("mae", 3) + _metric("mae", 2))
    first = MetricsTail(file)
    first.next()
    with file.open("a") as more:
        more.write(_metric("mae", 1) + _metric("mae", None))
    (series,) = MetricsTail.after(file, first.read).next()
    assert series.points == ((2, 1.0), (3, None))


def test_lines_that_are_no_metrics_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_text("no json\n[]\n{}\n" + _metric("mae", 1, 0))
    assert [series.name for series in MetricsTail(file).next()] == ["mae"]
