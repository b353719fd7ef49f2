"""What Fabrica needs of the system: found where it is, asked for by Debian's name where it is not."""

from pathlib import Path

import pytest

from tools import system_needs


def test_only_what_is_missing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(system_needs, "install", lambda *packages: asked.extend(packages))
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "lib" / "x86_64-linux-gnu").mkdir(parents=True)
    for name in ("libgomp.so.1", "libpango-1.0.so.0", "libharfbuzz-subset.so.0"):
        (tmp_path / "lib" / "x86_64-linux-gnu" / name).touch()
    missing = system_needs.install_libraries(for_tests=False, root=tmp_path)
    assert [library.package for library in missing] == ["libpangoft2-1.0-0", "fonts-liberation"]
    assert asked == ["libpangoft2-1.0-0", "fonts-liberation"]


def test_what_stays_missing_tells_what_does_not_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_needs, "install", lambda *packages: False)
    told = {
        library.package: library.without for library in system_needs.install_libraries(for_tests=False, root=tmp_path)
    }
    assert told["libgomp1"] == "the examples that train with LightGBM do not run"
