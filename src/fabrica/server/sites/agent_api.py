"""What an agent calls to come in: with a code once, then with its key for each access token."""

from django.http import HttpRequest
from ninja import Router
from ninja.decorators import decorate_view

from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY
from fabrica.server.core.limits import count_try
from fabrica.server.core.requests import Asked
from fabrica.server.sites import keys, queries, service
from fabrica.server.sites.service import signed
from fabrica.wire.agents import Agent
from fabrica.wire.enrolment import (
    AgentToken,
    Challenge,
    ChallengeRequest,
    CodeUse,
    Enrolled,
    KeyChange,
    OwnSite,
    ServerKey,
    TokenRequest,
)

router = Router(tags=["agents"])
open_router = Router(tags=["agents"])
"""For callers who have no token yet: each request carries a proof of its own."""
_TRIES_MAX = 20
_TRIES_SECONDS = 600


@open_router.get("/server-key", response=ServerKey)
@decorate_view(signed)
def server_key(request: HttpRequest) -> ServerKey:
    """The key that agents know this server by. A site compares it before it shows its code."""
    return ServerKey(server_key=service.server_key())


@open_router.post("/enrol", response={201: Enrolled})
def enrol(request: HttpRequest, body: CodeUse) -> Enrolled:
    """Enrol the agent that shows a code, with the public half of a key pair made at the site."""
    count_try(f"enrol:{request.META.get('REMOTE_ADDR')}", tries_max=_TRIES_MAX, seconds=_TRIES_SECONDS)
    return service.enrol_with_code(NOBODY, use=body)


@open_router.post("/challenge", response=Challenge)
@decorate_view(signed)
def challenge(request: HttpRequest, body: ChallengeRequest) -> Challenge:
    """What the agent is to sign for an access token. Anybody gets one; only the key's holder can use it."""
    now = clock.now()
    return Challenge(challenge=keys.new_challenge(body.agent, now), server_time=now)


@open_router.post("/token", response=AgentToken)
@decorate_view(signed)
def token(request: HttpRequest, body: TokenRequest) -> AgentToken:
    """An access token of ten minutes, for the challenge signed with the agent's key."""
    return service.give_token(NOBODY, assertion=body.assertion)


@router.get("/site", response=OwnSite)
@decorate_view(signed)
def own_site(request: Asked) -> OwnSite:
    """The agent's own site as the server sees it; asking is no word of the agent's."""
    return queries.own_site(request.auth)


@router.put("/key", response=Agent)
@decorate_view(signed)
def change_key(request: Asked, body: KeyChange) -> Agent:
    """Give the agent a new key. Its tokens of the old key end at once."""
    return service.change_key(request.auth, public_key=body.public_key, proof=body.proof)
