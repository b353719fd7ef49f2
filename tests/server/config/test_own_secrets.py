"""A server's secrets are drawn once and read by their owner alone."""

from pathlib import Path

import pytest

from fabrica.server.config.own_secrets import secret


def test_a_secret_is_drawn_once_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_HOME", str(tmp_path))
    drawn = secret("signing-key")
    assert secret("signing-key") == drawn != secret("secret-key")
    files = list((tmp_path / "server").iterdir())
    assert {file.name for file in files} == {"signing-key", "secret-key"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
