"""Access tokens: kept while they last, renewed before they end, with the key that the server knows."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent.keys import Identity, KeyFile
from fabrica.agent.tokens import Tokens
from fabrica.values.ids import AgentId
from fabrica.wire import signatures
from fabrica.wire.agents import AgentRefused
from fabrica.wire.enrolment import AgentToken, Challenge
from tests.agent.http_server import IDENTITY


class Server:
    """Gives numbered tokens to whoever holds the key it knows."""

    def __init__(self, knows: Identity, clock_ahead: timedelta = timedelta()) -> None:
        self.knows = knows
        self.ahead = clock_ahead
        self.given = 0

    def ask(self, path: str, body: Any, server_key: str) -> bytes:
        now = datetime.now(UTC) + self.ahead
        if path == "/challenge":
            return Challenge(challenge="c", server_time=now).model_dump_json().encode()
        try:
            signatures.signed_claims("fabrica-assertion+jwt", body.assertion, self.knows.public_key)
        except signatures.SignatureWrong as trouble:
            raise AgentRefused("The agent shows another key.") from trouble
        self.given += 1
        return AgentToken(token=str(self.given), expires_in_seconds=100, server_time=now).model_dump_json().encode()


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    KeyFile(tmp_path / "agent.key").write(IDENTITY)
    return KeyFile(tmp_path / "agent.key")


def test_a_token_is_used_until_a_fifth_of_its_time_is_left(file: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("fabrica.agent.tokens.time.monotonic", lambda: now[0])
    tokens = Tokens(file, Server(IDENTITY).ask)
    assert [tokens.current(), tokens.current()] == ["1", "1"]
    now[0] += 79
    assert tokens.current() == "1"
    now[0] += 2
    assert tokens.current() == "2"


def test_a_token_that_was_refused_is_asked_for_anew_and_only_that_one(file: KeyFile) -> None:
    tokens = Tokens(file, Server(IDENTITY).ask)
    first = tokens.current()
    tokens.refused(first)
    assert tokens.current() == "2"
    tokens.refused(first)  # told late by another thread
    assert tokens.current() == "2"


def test_a_key_changed_by_another_process_is_read_again(file: KeyFile) -> None:
    server = Server(IDENTITY)
    tokens = Tokens(file, server.ask)
    tokens.refused(tokens.current())
    server.knows = IDENTITY.model_copy(update={"private_key": signatures.new_private_key()})
    file.write(server.knows)
    assert tokens.current() == "2"


def test_an_agent_enrolled_anew_beside_a_running_one_is_taken_up_while_the_old_token_lasts(file: KeyFile) -> None:
    tokens = Tokens(file, Server(IDENTITY).ask)
    tokens.current()
    replacement = IDENTITY.model_copy(update={"agent": AgentId.new()})
    file.write(replacement)
    assert [tokens.current(), tokens.current()] == ["2", "2"]
    assert tokens.identity == replacement


def test_a_next_key_that_the_server_knows_already_takes_its_place(file: KeyFile) -> None:
    following = IDENTITY.model_copy(update={"private_key": signatures.new_private_key()})
    file.next.write(following)
    tokens = Tokens(file, Server(following).ask)
    assert tokens.current() == "1"
    assert file.read() == following
    assert not file.next.path.exists()


def test_an_agent_that_the_server_does_not_know_is_refused(file: KeyFile) -> None:
    other = IDENTITY.model_copy(update={"private_key": signatures.new_private_key()})
    with pytest.raises(AgentRefused):
        Tokens(file, Server(other).ask).current()


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_an_hour_off_gets_a_token_and_is_told_once(
    file: KeyFile, caplog: pytest.LogCaptureFixture, hours: int
) -> None:
    tokens = Tokens(file, Server(IDENTITY, timedelta(hours=hours)).ask)
    with caplog.at_level(logging.WARNING, "fabrica.agent"):
        for _ in range(2):
            tokens.refused(tokens.current())
    assert tokens.clock_difference_seconds == pytest.approx(hours * 3600, abs=60)
    assert len(caplog.records) == 1
    assert "timedatectl" in caplog.text
