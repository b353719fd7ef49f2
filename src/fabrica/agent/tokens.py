"""Access tokens: asked for with the agent's key, renewed before they end, asked for anew when the key changes."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from fabrica.agent.keys import Identity, KeyFile
from fabrica.wire.agents import AgentRefused
from fabrica.wire.enrolment import AgentToken, Challenge, ChallengeRequest, TokenRequest

_RENEW_AT_SHARE = 0.2
"""A token is renewed when less than this share of its time is left."""
_CLOCK_SECONDS_MAX = 30
_log = logging.getLogger("fabrica.agent")

Ask = Callable[[str, ChallengeRequest | TokenRequest, str], bytes]
"""Sends a body to a path and returns the answer, checked against the server's key."""


class Tokens:
    """The agent's access token. No clock of the site takes part: times are the server's, or counted from the answer."""

    def __init__(self, file: KeyFile, ask: Ask) -> None:
        self._file = file
        self._ask = ask
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._version = (0, 0)
        self._said = False
        self.identity: Identity | None = None
        self.clock_difference_seconds: float | None = None

    def current(self) -> str:
        """Return a token that still has time, a new one when needed, or when the key file was written anew.

        Raises:
            AgentSettingsRefused: the key file cannot be used.
            AnswerRefused: somebody else than the server answered.
            ServerUnreachable, FabricaError: as `Transport.sync`.
        """
        with self._lock:
            if time.monotonic() >= self._renew_at or self._file.version() != self._version:
                self._renew()
            return self._token

    def refused(self, token: str) -> None:
        """Note that the server did not take a token: the next one is asked for anew."""
        with self._lock:
            if token == self._token:
                self._renew_at = 0.0

    def server_key(self) -> str:
        """Return the key that the server's answers are checked with; raises as `KeyFile.read`."""
        if self.identity is None:
            self.identity = self._file.read()
        return self.identity.server_key

    def _renew(self) -> None:
        version = self._file.version()  # before the reading, so that no writing in between is missed
        self.identity = self._file.read()
        try:
            given = self._get(self.identity)
        except AgentRefused:
            if not self._file.next.path.exists():
                raise
            self.identity = self._file.next.read()  # the server learned the next key, and we did not hear of it
            given = self._get(self.identity)
            self._file.promote_next()
        self._token, self._version = given.token, version
        self._renew_at = time.monotonic() + given.expires_in_seconds * (1 - _RENEW_AT_SHARE)

    def _get(self, identity: Identity) -> AgentToken:
        asked_at = datetime.now(UTC)
        answer = self._ask("/challenge", ChallengeRequest(agent=identity.agent), identity.server_key)
        challenge = Challenge.model_validate_json(answer)
        self._compare_clocks(asked_at, challenge.server_time)
        answer = self._ask("/token", TokenRequest(assertion=identity.assertion(challenge)), identity.server_key)
        return AgentToken.model_validate_json(answer)

    def _compare_clocks(self, asked_at: datetime, server_time: datetime) -> None:
        self.clock_difference_seconds = (server_time - asked_at).total_seconds()
        is_wrong = abs(self.clock_difference_seconds) > _CLOCK_SECONDS_MAX
        if is_wrong and not self._said:
            _log.warning(
                "the clock of this machine is %.0f s from the server's, which corrects the times it is told. "
                "Set it right: 'timedatectl set-ntp true'.",
                -self.clock_difference_seconds,
            )
        self._said = is_wrong
