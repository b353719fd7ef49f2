"""Promises of files and locks."""

from pathlib import Path

import pytest

from fabrica.values.files import HeldElsewhere, held_alone, write_private


def test_a_private_file_is_read_by_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_private(tmp_path / "token", "secret")
    assert (tmp_path / "token").read_text() == "secret"
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_private(tmp_path / "token", "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "token", "\ud800")
    assert (tmp_path / "token").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    with held_alone(tmp_path / "lock"), pytest.raises(HeldElsewhere), held_alone(tmp_path / "lock"):
        pass
    with held_alone(tmp_path / "lock"):
        pass
