"""The root of the REST API: every slice's router, and how a problem is sent."""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from fabrica import __version__
from fabrica.server.access.agent_api import router as agent_limits
from fabrica.server.access.api import router as access
from fabrica.server.aiact.answers_api import router as answers
from fabrica.server.aiact.api import router as systems
from fabrica.server.aiact.document_api import router as documents
from fabrica.server.aiact.evaluation_api import router as evaluations
from fabrica.server.aiact.evaluator_api import evaluator_router as evaluators_inside
from fabrica.server.aiact.evaluator_api import open_router as evaluators_outside
from fabrica.server.aiact.evaluator_api import router as evaluators
from fabrica.server.aiact.question_api import router as questions
from fabrica.server.attachments.agent_api import router as agent_attachments
from fabrica.server.attachments.api import router as attachments
from fabrica.server.config import callers
from fabrica.server.config.bodies import StrictParser, too_large
from fabrica.server.evidence.api import router as evidence
from fabrica.server.ledger.api import router as ledger
from fabrica.server.people.api import router as people
from fabrica.server.planning.api import router as planning
from fabrica.server.runs.agent_api import router as agents
from fabrica.server.runs.api import router as runs
from fabrica.server.sites.agent_api import open_router as agents_outside
from fabrica.server.sites.agent_api import router as agent_keys
from fabrica.server.sites.api import router as sites
from fabrica.wire.problems import FabricaError, Malformed, ServerFailed

_log = logging.getLogger("fabrica.api")


def problem_response(problem: FabricaError) -> HttpResponse:
    """Return a problem as `application/problem+json` (RFC 9457)."""
    return JsonResponse(problem.to_problem(), status=problem.status, content_type="application/problem+json")


api = NinjaAPI(title="Fabrica", version=__version__, urls_namespace="api", docs_url=None, parser=StrictParser())
for path, router, caller in (
    ("", people, callers.person),
    ("", access, callers.person),
    ("", runs, callers.person),
    ("", attachments, callers.person),
    ("", evidence, callers.person),
    ("", ledger, callers.person),
    ("", systems, callers.person),
    ("", answers, callers.person),
    ("", documents, callers.person),
    ("", evaluations, callers.person),
    ("", evaluators, callers.person),
    ("", questions, callers.person),
    ("/evaluator", evaluators_inside, callers.evaluator),
    ("/evaluator", evaluators_outside, None),
    ("/plan", planning, callers.person),
    ("/sites", sites, callers.person),
    ("/agent", agents, callers.agent),
    ("/agent", agent_keys, callers.agent),
    ("/agent", agent_limits, callers.agent),
    ("/agent", agent_attachments, callers.agent),
    ("/agent", agents_outside, None),
):
    api.add_router(path, router, auth=caller)


@api.exception_handler(FabricaError)
def _told(request: HttpRequest, problem: Any) -> HttpResponse:
    return problem_response(problem)


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: Any) -> HttpResponse:
    mistakes = [{"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"]} for one in error.errors]
    first = mistakes[0] if mistakes else {"where": "the body", "what": "it cannot be read"}
    return problem_response(
        Malformed(f"{first['where']}: {first['what']}.", remedy="Correct it and send it again.", mistakes=mistakes)
    )


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    """Tell what the parser said; ninja wraps it."""
    problem = error.__cause__ if isinstance(error.__cause__, FabricaError) else Malformed(f"{error}.")
    return problem_response(problem)


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(too_large(error))


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Any) -> HttpResponse:
    """Tell a failure of our own as a problem without its inside, which goes to the log."""
    _log.error("request failed", exc_info=error, extra={"method": request.method, "path": request.path})
    return problem_response(
        ServerFailed("The server failed at this request; nothing of it was kept.", remedy="Tell the network's office.")
    )
