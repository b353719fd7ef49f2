"""Logs as the tools themselves wrote them come out right; everything else is refused by name."""

import io
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fabrica.aiact.evaluations import reading
from fabrica.aiact.evaluations.archive import MEMBER_BYTES_MAX
from fabrica.aiact.evaluations.reading import read_evaluation
from fabrica.wire.evaluations import EvaluationRefused, EvaluationUnfinished, LogReaderMissing
from tests.aiact.evaluations.logs import DATA, HEADER, JSON_LOG, deflate_log, inspect_header, packed

NO_ZSTANDARD: dict[str, Any] = {"backports": None, "compression": None}


def _read(content: bytes, name: str = "a.eval") -> Any:
    return read_evaluation(io.BytesIO(content), name)


@pytest.mark.parametrize(
    ("file", "form", "version"),
    [
        ("inspect.json", "inspect_json", "0.3.285"),
        ("inspect-deflate.eval", "inspect_eval", "0.3.140"),
        ("inspect-zstandard.eval", "inspect_eval", "0.3.285"),
    ],
)
def test_a_real_log_of_inspect_tells_what_was_measured(file: str, form: str, version: str) -> None:
    with (DATA / file).open("rb") as log:
        found = read_evaluation(log, file)
    assert (found.form, found.tool, found.tool_version) == (form, "Inspect AI", version)
    assert (found.task, found.task_version, found.dataset, found.model) == (
        "eu_capitals",
        "3",
        "eu-capitals",
        "mockllm/model",
    )
    by_scorer = {one.scorer: (one.name, one.value, one.samples) for one in found.metrics}
    assert by_scorer == {"match": ("accuracy", 0.5, 4), "includes": ("accuracy", 0.5, 4)}
    assert all(one.standard_error == pytest.approx(0.288675, abs=1e-6) for one in found.metrics)
    assert (found.samples_total, found.samples_completed, found.samples_logged) == (4, 4, 4)
    assert found.completed_at is not None
    assert found.bytes == (DATA / file).stat().st_size


def test_a_missing_unpacker_is_told_and_not_taken_for_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in NO_ZSTANDARD.items():
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(LogReaderMissing, match=r"backports\.zstd"):
        _read((DATA / "inspect-zstandard.eval").read_bytes())


@pytest.mark.parametrize("status", ["error", "cancelled", "started"])
def test_an_evaluation_that_did_not_succeed_is_no_evidence(status: str) -> None:
    with pytest.raises(EvaluationUnfinished, match=status):
        _read(packed({HEADER: inspect_header(status=status)}))


def test_an_evaluation_that_was_declared_invalid_is_no_evidence() -> None:
    with pytest.raises(EvaluationUnfinished, match="invalid"):
        _read(packed({HEADER: inspect_header(invalidated=True)}))


def test_a_log_that_is_still_written_is_no_evidence() -> None:
    with pytest.raises(EvaluationUnfinished, match="still being written"):
        _read(packed({"_journal/start.json": b"{}"}))


def test_another_version_of_the_format_is_not_guessed_at() -> None:
    with pytest.raises(EvaluationRefused, match="version 1 of"):
        _read(packed({HEADER: inspect_header(version=1)}))


def test_a_value_that_is_not_finite_is_no_figure() -> None:
    score = {"name": "match", "metrics": {"accuracy": {"value": float("nan")}, "stderr": {"value": 1}}}
    found = _read(packed({HEADER: inspect_header(results={"scores": [score]})}))
    assert [(one.name, one.value) for one in found.metrics] == [("accuracy", None)]


@given(some.integers(min_value=0))
def test_a_log_cut_off_anywhere_is_refused_by_name(cut: int) -> None:
    for content in (deflate_log(), JSON_LOG):
        with pytest.raises((EvaluationRefused, EvaluationUnfinished)):
            _read(content[: cut % (len(content) - 1)])


@given(some.integers(min_value=0), some.integers(min_value=1, max_value=255))
def test_a_damaged_archive_is_refused_by_name_or_says_the_same(place: int, change: int) -> None:
    content = bytearray(deflate_log())
    content[place % len(content)] ^= change
    try:
        found = _read(bytes(content))
    except (EvaluationRefused, EvaluationUnfinished, LogReaderMissing):
        return
    whole = _read(deflate_log())
    assert (found.metrics, found.model, found.task) == (whole.metrics, whole.model, whole.task)


def test_a_directory_that_points_before_the_file_is_damaged() -> None:
    content = bytearray(deflate_log())
    end = content.rindex(b"PK\x05\x06")
    (offset,) = struct.unpack_from("<I", content, end + 16)
    struct.pack_into("<I", content, end + 16, offset + 100_000)  # zipfile takes the difference off every member's place
    with pytest.raises(EvaluationRefused, match="damaged"):
        _read(bytes(content))


@given(some.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"{"):
        with pytest.raises(EvaluationRefused):
            _read(start + content)


def test_a_bomb_is_refused_while_it_unpacks_and_not_after() -> None:
    bomb = packed({HEADER: b" " * (MEMBER_BYTES_MAX + 1)})
    assert len(bomb) < 20_000
    with pytest.raises(EvaluationRefused, match="more bytes than any log"):
        _read(bomb)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(packed({HEADER: b" " * (MEMBER_BYTES_MAX + 1)}))
    directory = bomb.rindex(b"PK\x01\x02")
    bomb[directory + 24 : directory + 28] = struct.pack("<I", 1000)
    with pytest.raises(EvaluationRefused, match="more bytes than any log"):
        _read(bytes(bomb))


def test_a_directory_without_end_is_refused_before_it_is_read() -> None:
    content = bytearray(deflate_log()) + b"\0" * 17 * 2**20
    end = bytearray(deflate_log()[-22:])
    end[12:20] = struct.pack("<II", 17 * 2**20, len(content) - 17 * 2**20)
    with pytest.raises(EvaluationRefused, match="more members than any log"):
        _read(bytes(content + end))


def test_a_member_that_stands_twice_is_refused() -> None:
    twins = packed({HEADER: inspect_header(), "footer.json": inspect_header(status="error")})
    with pytest.raises(EvaluationRefused, match="twice"):
        _read(twins.replace(b"footer.json", HEADER.encode()))


def test_json_nested_without_end_is_refused() -> None:
    with pytest.raises(EvaluationRefused, match="is no JSON"):
        _read(b'{"eval": ' + b"[" * 200_000)


def test_json_larger_than_memory_allows_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "JSON_BYTES_MAX", 1000)
    with pytest.raises(EvaluationRefused, match="--to eval"):
        _read(JSON_LOG)


def test_a_file_larger_than_any_log_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOG_BYTES_MAX", 1000)
    with pytest.raises(EvaluationRefused, match="more than 1,000 bytes"):
        _read(JSON_LOG)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"{}", b'{"info": 1}', b"[1]", packed({"a.txt": b"a"})])
def test_what_is_no_log_is_refused(content: bytes) -> None:
    with pytest.raises(EvaluationRefused):
        _read(content)


def test_words_of_a_hostile_log_lose_what_hides_and_are_cut(tmp_path: Path) -> None:
    header = inspect_header(eval={"task": "a\u202eb\x00" + "c" * 5000, "model": {"not": "text"}})
    found = _read(packed({HEADER: header}), name="log\u202e.eval")
    assert found.task is not None
    assert found.task.startswith("a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c")
    assert len(found.task) == 300
    assert found.model is None
    assert "\u202e" not in found.file
