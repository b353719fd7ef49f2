"""Small JSON files that are whole or absent."""

import os
from pathlib import Path

import pytest

from fabrica.engines.files import read_json, set_space_aside, write_json, write_json_in_place_of


def test_what_is_written_is_read_again_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"one": 1}, durable=True)
    write_json(tmp_path / "a.json", {"two": 2})
    assert read_json(tmp_path / "a.json") == {"two": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut could leave an empty file under the name."""
    named: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: named.append((tmp_path / "a.json").exists()))
    write_json(tmp_path / "a.json", {"one": 1}, durable=True)
    assert named == [False, True]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_broken_file_reads_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None


def test_a_last_word_takes_no_more_disk_than_was_set_aside(tmp_path: Path) -> None:
    reserve = tmp_path / "reserve"
    set_space_aside(reserve)
    size_bytes = reserve.stat().st_size
    write_json_in_place_of(reserve, tmp_path / "ended.json", {"reason": "completed"})
    assert read_json(tmp_path / "ended.json") == {"reason": "completed"}
    assert (tmp_path / "ended.json").stat().st_size == size_bytes
    assert not reserve.exists()
