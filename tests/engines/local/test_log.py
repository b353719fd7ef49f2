"""The capped log."""

from pathlib import Path

import pytest

from fabrica.engines.local.log import CappedLog


def test_log_keeps_its_first_bytes_and_counts_the_rest(tmp_path: Path) -> None:
    log = CappedLog(tmp_path / "log", bytes_max=10)
    for piece in (b"12345", b"6789abc", b"def"):
        log.take(piece)
    log.close()
    assert log.dropped_bytes == 5
    written = (tmp_path / "log").read_text()
    assert written.startswith("123456789a\n")
    assert "5 bytes of output were not kept" in written


def test_log_within_its_cap_is_left_as_it_is(tmp_path: Path) -> None:
    log = CappedLog(tmp_path / "log", bytes_max=10)
    log.take(b"1234567890")
    log.close()
    assert (tmp_path / "log").read_bytes() == b"1234567890"


def test_log_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        CappedLog(tmp_path / "log", bytes_max=10)
