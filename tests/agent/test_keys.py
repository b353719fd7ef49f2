"""The key file: read by its owner only, and never shown."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fabrica.agent.accounts import account_name
from fabrica.agent.keys import KeyFile
from fabrica.wire import signatures
from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.enrolment import Challenge
from tests.agent.http_server import IDENTITY


def test_a_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "agent.key")
    file.write(IDENTITY)
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.read() == IDENTITY
    file.path.chmod(0o640)
    with pytest.raises(AgentSettingsRefused, match="others may read") as refused:
        file.read()
    assert "PRIVATE" not in str(refused.value)


@pytest.mark.parametrize(
    "change", [{"private_key": "-----BEGIN PRIVATE KEY-----\nsecret"}, {"server_key": "x" * 43}, {"agent": "secret"}]
)
def test_a_damaged_key_file_is_told_without_its_content(tmp_path: Path, change: dict[str, str]) -> None:
    file = KeyFile(tmp_path / "agent.key")
    file.write(IDENTITY)
    file.path.write_text(json.dumps(json.loads(file.path.read_text()) | change))
    with pytest.raises(AgentSettingsRefused, match="is damaged") as refused:
        file.read()
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_missing_key_file_says_how_to_enrol(tmp_path: Path) -> None:
    with pytest.raises(AgentSettingsRefused, match="fabrica agent enrol"):
        KeyFile(tmp_path / "agent.key").read()


def test_a_key_of_another_account_is_refused_and_says_who_has_to_run_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = KeyFile(tmp_path / "agent.key")
    file.write(IDENTITY)
    owner = account_name(os.geteuid())
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    with pytest.raises(AgentSettingsRefused, match=f"belongs to {owner}.*run by 4000000") as refused:
        file.read()
    assert f"Run it as {owner}" in (refused.value.remedy or "")


def test_an_assertion_has_the_server_s_time_whatever_the_clock_here_says() -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    signed = IDENTITY.assertion(Challenge(challenge="c", server_time=long_ago))
    said = signatures.signed_claims("fabrica-assertion+jwt", signed, IDENTITY.public_key)
    assert (said["iat"], said["exp"]) == (long_ago.timestamp(), long_ago.timestamp() + 60)
    assert (said["nonce"], said["aud"]) == ("c", signatures.thumbprint(IDENTITY.server_key))
