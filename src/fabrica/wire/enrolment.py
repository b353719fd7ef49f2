"""How an agent comes to speak for a site: invited with a code, known by its key, let in by tokens of a few minutes."""

from pydantic import Field

from fabrica.values.ids import AgentId, SiteId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError

INVITATION_HOURS = 48
INVITATION_HOURS_MAX = 24 * 14
ASSERTION_SECONDS = 60
_TOKEN_LENGTH_MAX = 4000


class NewInvitation(Request):
    """What an operator asks for: a code with which one agent may be enrolled for the site."""

    name: str = Field(default="agent", min_length=1, max_length=80, description="what the agent is called in lists")
    hours: int = Field(default=INVITATION_HOURS, ge=1, le=INVITATION_HOURS_MAX, description="how long the code works")
    replace: bool = Field(default=False, description="the agent that speaks for the site now is withdrawn by it")


class Invitation(Body):
    """What an operator hands to a site. The code is shown once and works once."""

    site: SiteId
    name: str
    code: str
    expires_at: Instant
    server_key: str = Field(description="thumbprint of the key the server signs with: compare it at the site")


class CodeUse(Request):
    """A site's side of an enrolment: the code, the public half of a key pair made there, and a proof of the other."""

    code: str = Field(min_length=1, max_length=100)
    public_key: str = Field(max_length=100)
    proof: str = Field(max_length=_TOKEN_LENGTH_MAX, description="the public key as `nonce`, signed")


class Enrolled(Body):
    """Who the agent is now, and the key by which it knows the server from now on."""

    agent: AgentId
    site: SiteId
    name: str
    server_key: str
    server_time: Instant


class ServerKey(Body):
    """The public key that the server signs its answers to agents with, this one too."""

    server_key: str


class ChallengeRequest(Request):
    agent: AgentId


class Challenge(Body):
    """What the agent signs next. `server_time` is what its assertion's times are counted from, not the site's clock."""

    challenge: str
    server_time: Instant


class TokenRequest(Request):
    assertion: str = Field(max_length=_TOKEN_LENGTH_MAX)


class AgentToken(Body):
    """What lets an agent in for some minutes."""

    token: str
    expires_in_seconds: int
    server_time: Instant


class KeyChange(Request):
    """A new public key for the agent that asks, with a proof of its private half: the agent's id as `nonce`, signed."""

    public_key: str = Field(max_length=100)
    proof: str = Field(max_length=_TOKEN_LENGTH_MAX)


class OwnSite(Body):
    """What an agent may know of itself: its site as the server sees it, and the protocols the server speaks."""

    site: SiteId
    name: str
    agent: AgentId
    draining: bool
    draining_reason: str | None
    last_word_at: Instant | None
    protocols: tuple[int, ...]


class CodeRefused(FabricaError):
    code = "sites.code_refused"
    status = 403
    title = "The code does not work"


class AgentTokenRefused(FabricaError):
    """The agent asks for a new one by itself."""

    code = "agents.token_refused"
    status = 401
    title = "The agent's access token does not work any more"


class AnswerRefused(FabricaError):
    """Raised by the agent. Nothing of such an answer is believed; runs go on."""

    code = "agents.answer_refused"
    status = 502
    title = "The answer is not signed by the server this agent was enrolled with"
