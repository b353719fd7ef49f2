"""Compiled code is kept for this version of the engine and the last ones, and no others."""

import os
from pathlib import Path

import pytest

pytest.importorskip("numba")

from fabrica.planning.engine.compiling import kept_folder


def test_of_older_versions_the_newest_two_stay_and_nothing_of_others_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source, home = tmp_path / "engine.py", tmp_path / "fabrica"
    (home / "results-1").mkdir(parents=True)
    made = []
    for version in range(5):
        source.write_text(f"version = {version}")
        folder = kept_folder("twin", [source])
        assert folder is not None
        assert kept_folder("twin", [source]) == folder
        (folder / "code.nbc").write_text("compiled")
        os.utime(folder, (version, version))
        made.append(folder)
    assert [folder.exists() for folder in made] == [False, False, True, True, True]
    assert (home / "results-1").exists()


def test_where_nothing_can_be_kept_there_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fabrica").write_text("a file in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kept_folder("twin", []) is None
