"""The server's own key, and what it signs for agents: challenges, and access tokens bound to an agent's key."""

import functools
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing

from fabrica.server.core.tokens import PREFIX
from fabrica.values.ids import AgentId
from fabrica.wire import signatures
from fabrica.wire.agents import AgentRefused
from fabrica.wire.enrolment import AgentTokenRefused
from fabrica.wire.problems import Malformed, NotAllowed

TOKEN_SECONDS = 600
CHALLENGE_SECONDS = 60
_CHALLENGE = "fabrica.sites.challenge"
_TOKEN = "fabrica.sites.agent-token"  # noqa: S105  # names the purpose of a signature


@functools.cache
def private_key() -> str:
    """Return the key that signs answers to agents; every process of a server has the same."""
    return signatures.derived_private_key(settings.SIGNING_KEY, "fabrica: answers to agents")


@functools.cache
def public_key() -> str:
    """Return the key that agents know this server by."""
    return signatures.public_key_of(private_key())


def audience() -> str:
    """Return whom an assertion is for: this server, whatever address it is reached at."""
    return signatures.thumbprint(public_key())


def new_challenge(agent: AgentId, now: datetime) -> str:
    """Return what the agent is to sign. It is not stored: it carries its own time and this server's signature."""
    return signing.Signer(salt=_CHALLENGE).sign_object({"agent": agent, "at": _microseconds(now)})


def challenge_time(challenge: str, agent: AgentId, now: datetime) -> int | None:
    """Return when the challenge was made for this agent, in microseconds; None: not here, for another, or too old."""
    try:
        said = signing.Signer(salt=_CHALLENGE).unsign_object(challenge)
        at = int(said["at"])
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None
    age = _microseconds(now) - at
    return at if said["agent"] == agent and 0 <= age <= CHALLENGE_SECONDS * 1_000_000 else None


def _microseconds(now: datetime) -> int:
    return int(now.timestamp() * 1_000_000)


def check_proof(public_key: str, proof: str, *, nonce: str) -> None:
    """Accept a public key whose private half signed `nonce`.

    Raises:
        Malformed: it is no Ed25519 key, or something else was signed.
    """
    try:
        signatures.check_key_proof(public_key, proof, nonce=nonce)
    except signatures.SignatureWrong as trouble:
        raise Malformed(f"The key's proof does not hold: {trouble}.", remedy="Sign what was asked for.") from trouble


def claimed_agent(assertion: str) -> str:
    """Return whose assertion this claims to be. Nothing is checked yet.

    Raises:
        AgentRefused: it cannot be read.
    """
    try:
        return str(signatures.claims_unchecked(assertion).get("sub"))
    except signatures.SignatureWrong as trouble:
        raise AgentRefused(f"The assertion is broken: {trouble}.", remedy="Update the agent.") from trouble


def check_assertion(assertion: str, agent: AgentId, key: str, now: datetime) -> int:
    """Accept what an agent signed over a fresh challenge of this server; return when the challenge was made.

    Raises:
        AgentRefused: another key signed it, it is for another server, or it is too old.
    """
    try:
        said = signatures.signed_claims("fabrica-assertion+jwt", assertion, key)
    except signatures.SignatureWrong as trouble:
        raise AgentRefused(f"The agent shows another key: {trouble}.", remedy="Enrol the site again.") from trouble
    if said.get("iss") != agent or said.get("aud") != audience():
        raise AgentRefused(
            "The assertion is for another server, or of another agent.",
            remedy="Enrol the site again when this server's signing key has changed.",
        )
    at = challenge_time(str(said.get("nonce")), agent, now)
    expires = said.get("exp")
    if at is None or not isinstance(expires, int) or expires < now.timestamp():
        raise AgentRefused("The assertion is too old.", remedy="Ask for a new challenge.")
    return at


def new_token(agent: AgentId, key: str, now: datetime) -> str:
    """Return an access token for the holder of a public key."""
    expires = int(now.timestamp()) + TOKEN_SECONDS
    said = {"agent": agent, "key": signatures.thumbprint(key), "expires": expires}
    return PREFIX + signing.Signer(salt=_TOKEN).sign_object(said)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What an access token says: whose it is, and the thumbprint of the key it is bound to."""

    agent: AgentId
    key: str


def read_token(token: str, now: datetime) -> TokenClaims:
    """Return what a token of this server says.

    Raises:
        AgentTokenRefused: it is damaged, or too old.
    """
    try:
        said = signing.Signer(salt=_TOKEN).unsign_object(token.removeprefix(PREFIX))
    except (signing.BadSignature, ValueError) as trouble:
        remedy = "Get a new one by the agent's key. An agent without a key is too old: update it, and enrol it anew."
        raise AgentTokenRefused("This agent token is not one of this server.", remedy=remedy) from trouble
    if said["expires"] <= now.timestamp():
        raise AgentTokenRefused("This agent token has expired.", remedy="Get a new one.")
    return TokenClaims(AgentId(said["agent"]), said["key"])


def check_holder(claims: TokenClaims, key: str, *, withdrawn: bool, site: str) -> None:
    """Accept a token of an agent that is not withdrawn and has still the key it was given for.

    Raises:
        NotAllowed: the agent was withdrawn.
        AgentTokenRefused: the agent has another key now.
    """
    if withdrawn:
        raise NotAllowed(f"The agent of {site} was withdrawn.", remedy="Enrol the site again.")
    if claims.key != signatures.thumbprint(key):
        raise AgentTokenRefused("This agent token is of an older key.", remedy="Get a new one.")
