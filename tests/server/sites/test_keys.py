"""Challenges and assertions: for this server, of this agent, fresh, and used once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, SYSTEM
from fabrica.server.sites import keys, service
from fabrica.values.ids import AgentId
from fabrica.wire.agents import AgentRefused
from fabrica.wire.signatures import new_private_key, public_key_of, sign
from tests.builders import make_site

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = new_private_key()


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> AgentId:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return service.enrol_agent(SYSTEM, site=make_site(), name="agent", public_key=public_key_of(KEY))


def assertion(agent: AgentId, *, key: str = KEY, kind: Any = "fabrica-assertion+jwt", **claims: Any) -> str:
    said = {
        "iss": agent,
        "sub": agent,
        "aud": keys.audience(),
        "nonce": keys.new_challenge(agent, NOW),
        "exp": int(NOW.timestamp()) + 60,
    }
    return sign(kind, said | claims, key)


def test_a_challenge_is_answered_once(agent: AgentId) -> None:
    signed = assertion(agent)
    token = service.give_token(NOBODY, assertion=signed)
    assert token.expires_in_seconds == keys.TOKEN_SECONDS
    with pytest.raises(AgentRefused, match="answered before"):
        service.give_token(NOBODY, assertion=signed)


def test_an_older_challenge_is_not_taken_after_a_newer(agent: AgentId) -> None:
    older = assertion(agent, nonce=keys.new_challenge(agent, NOW - timedelta(seconds=1)))
    service.give_token(NOBODY, assertion=assertion(agent))
    with pytest.raises(AgentRefused, match="answered before"):
        service.give_token(NOBODY, assertion=older)


@pytest.mark.parametrize(
    "altered",
    [
        {"key": new_private_key()},
        {"kind": "fabrica-key-proof+jwt"},
        {"aud": "another server"},
        {"iss": AgentId.new()},
        {"nonce": "made up"},
        {"nonce": keys.new_challenge(AgentId.new(), NOW)},
        {"exp": int(NOW.timestamp()) - 1},
        {"exp": None},
        {"sub": "nobody"},
    ],
)
def test_an_assertion_that_is_not_the_agent_s_for_this_server_is_refused(
    agent: AgentId, altered: dict[str, Any]
) -> None:
    with pytest.raises(AgentRefused):
        service.give_token(NOBODY, assertion=assertion(agent, **altered))


@pytest.mark.parametrize("seconds", [-61, 1, 3600])
def test_a_challenge_that_is_not_of_now_is_refused(agent: AgentId, seconds: int) -> None:
    challenge = keys.new_challenge(agent, NOW + timedelta(seconds=seconds))
    with pytest.raises(AgentRefused, match="too old"):
        service.give_token(NOBODY, assertion=assertion(agent, nonce=challenge))


@pytest.mark.parametrize("text", ["", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_assertion_is_refused(agent: AgentId, text: str) -> None:
    with pytest.raises(AgentRefused):
        service.give_token(NOBODY, assertion=text)
