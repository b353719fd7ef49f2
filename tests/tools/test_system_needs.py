"""What PDF documents need of the system: found where it is, asked for by Debian's name where it is not."""

from pathlib import Path

import pytest

from tools import system_needs


def test_only_what_is_missing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(system_needs, "install", lambda *packages: asked.extend(packages))
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "lib" / "x86_64-linux-gnu").mkdir(parents=True)
    for name in ("libpango-1.0.so.0", "libharfbuzz-subset.so.0"):
        (tmp_path / "lib" / "x86_64-linux-gnu" / name).touch()
    assert system_needs.install_for_documents(tmp_path) == ["libpangoft2-1.0-0", "fonts-liberation"]
    assert asked == ["libpangoft2-1.0-0", "fonts-liberation"]
