"""Who calls: the actor of a request, from its session or its bearer token. Everything else is refused."""

from django.http import HttpRequest
from ninja.utils import check_csrf

from fabrica.server.aiact import evaluator_service as evaluators
from fabrica.server.core.actors import Actor
from fabrica.server.people import service as people
from fabrica.server.sites import service as sites
from fabrica.wire.problems import NotAllowed, NotSignedIn


def bearer(request: HttpRequest) -> str | None:
    """Return the bearer token of a request."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def person(request: HttpRequest) -> Actor:
    """Return the person who calls, by access token or signed-in session.

    Raises:
        NotSignedIn: nobody is signed in.
        TokenRefused: the token is unknown, expired or withdrawn.
        NotAllowed: a page of another site sent the request with this person's session.
    """
    token = bearer(request)
    if token is not None:
        return people.actor_of_token(token)
    if request.user.is_authenticated:
        if check_csrf(request) is not None:  # a browser sends the session's cookie for any page; a token it does not
            raise NotAllowed("The request does not come from a page of this server.", remedy="Send X-CSRFToken.")
        return people.actor_of_user(request.user)
    raise NotSignedIn("Nobody is signed in.", remedy="Send an access token, or sign in on the portal.")


def agent(request: HttpRequest) -> Actor:
    """Return the agent that calls, by its token.

    Raises:
        NotSignedIn: no token came.
        AgentTokenRefused: the token is none of this server, expired, or of an older key.
        NotAllowed: the agent was withdrawn.
    """
    token = bearer(request)
    if token is None:
        raise NotSignedIn("The agent sent no token.", remedy="Ask for one: POST /api/v1/agent/challenge.")
    return sites.actor_of_agent(token)


def evaluator(request: HttpRequest) -> Actor:
    """Return the independent evaluator who calls, by what they signed a moment ago.

    Raises:
        NotSignedIn: nothing signed came.
        EvaluatorRefused: it does not hold, or their access ended.
    """
    token = bearer(request)
    if token is None:
        raise NotSignedIn("The evaluator sent nothing signed.", remedy="Use 'fabrica evaluators', which signs.")
    return evaluators.actor_of_evaluator(token)
