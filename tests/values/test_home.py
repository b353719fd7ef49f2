"""One folder holds all state, and a variable names another."""

from pathlib import Path

import pytest

from fabrica.values.home import home


def test_the_variable_goes_before_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FABRICA_HOME", "")
    assert home() == tmp_path / ".fabrica"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FABRICA_HOME", "elsewhere")
    assert home() == tmp_path / "elsewhere"
