"""Every endpoint of evaluations, evaluators and questions: the status that each caller gets, and what they ask."""

import hashlib
from collections.abc import Callable
from typing import Any

from fabrica.server.aiact import evaluation_service, evaluator_service, question_service
from fabrica.server.core.storage import open_storage
from fabrica.values.ids import EvaluationId, QuestionId, ReportId, VersionId
from fabrica.wire.questions import NewQuestion, QuestionState, Reply
from tests.aiact.evaluations.logs import JSON_LOG
from tests.server.aiact.builders import make_version
from tests.server.aiact.evaluation_builders import make_evaluation
from tests.server.aiact.evaluator_builders import REPORT, acceptance, make_evaluator, make_invitation

# in the order: nobody, stranger, reader, member, lead, operator, agent, withdrawn agent
_ANYBODY = [401, 200, 200, 200, 200, 200, 401, 401]
_READERS = [401, 404, 200, 200, 200, 200, 401, 401]
_WRITERS = [401, 404, 403, 201, 201, 403, 401, 401]
_ADVISERS = [401, 404, 403, 403, 403, 200, 401, 401]
_NO_EVALUATOR = [401] * 8
_OPEN = [201] * 8


def _lead(status: int) -> list[int]:
    return [401, 404, 403, 403, status, 403, 401, 401]


def _version(world: Any) -> VersionId:
    return make_version(world.actors["lead"], world.project)


def _path(world: Any, rest: str) -> str:
    return f"/versions/{_version(world)}{rest}"


def _log_path(world: Any) -> str:
    return _path(world, f"/evaluations/{hashlib.sha256(JSON_LOG).hexdigest()}?name=inspect.json")


def _evaluation_path(world: Any) -> str:
    version = _version(world)
    evaluation: EvaluationId = evaluation_service.import_evaluation(
        world.actors["lead"], version=version, evaluation=make_evaluation()
    )
    return f"/versions/{version}/evaluations/{evaluation}/withdrawal"


def _evaluator_path(world: Any) -> str:
    version = _version(world)
    return f"/versions/{version}/evaluators/{make_invitation(world.actors['lead'], version).evaluator}/withdrawal"


def _report(world: Any, rest: str = "") -> str:
    signer = make_evaluator(world.actors["lead"], _version(world))
    sha256 = hashlib.sha256(REPORT).hexdigest()
    open_storage().store(sha256, [REPORT], len(REPORT))
    report: ReportId = evaluator_service.receive_report(
        signer.actor(), signature=signer.report(), sha256=sha256, bytes_count=len(REPORT)
    )
    return f"/reports/{report}{rest}"


def _acceptance(world: Any) -> dict[str, Any]:
    invitation = make_invitation(world.actors["lead"], _version(world))
    return acceptance(invitation.code).model_dump(mode="json")


def _question(world: Any, rest: str = "", state: QuestionState = QuestionState.ASKED) -> str:
    """Return the path of a question of the lead that the operator took and answered, as far as the state asks."""
    told = NewQuestion(text="Must a chatbot say that it is one?", may_publish=True)
    question: QuestionId = question_service.ask(world.actors["lead"], project=world.project, told=told)
    adviser = world.actors["operator"]
    if state is not QuestionState.ASKED:
        question_service.take(adviser, question=question)
    if state in (QuestionState.ANSWERED, QuestionState.PUBLISHED):
        reply = Reply(text="Yes, with exceptions.", citations=("Art. 4(1)",))
        question_service.answer(adviser, question=question, reply=reply)
    return f"/questions/{question}{rest}"


_REASON = {"reason": "A good one."}

ENDPOINTS: dict[tuple[str, str], tuple[list[int], Callable[[Any], tuple[str, Any]]]] = {
    ("GET", "/versions/{version}/evaluations"): (_READERS, lambda world: (_path(world, "/evaluations"), None)),
    ("PUT", "/versions/{version}/evaluations/{sha256}"): (_WRITERS, lambda world: (_log_path(world), JSON_LOG)),
    ("POST", "/versions/{version}/evaluations/{evaluation}/withdrawal"): (
        _WRITERS,
        lambda world: (_evaluation_path(world), _REASON),
    ),
    ("GET", "/versions/{version}/evaluators"): (_READERS, lambda world: (_path(world, "/evaluators"), None)),
    ("POST", "/versions/{version}/evaluators"): (
        _lead(201),
        lambda world: (_path(world, "/evaluators"), {"name": "Evals Institute", "independence": "No ties."}),
    ),
    ("POST", "/versions/{version}/evaluators/{evaluator}/withdrawal"): (
        _lead(204),
        lambda world: (_evaluator_path(world), _REASON),
    ),
    ("GET", "/reports/{report}"): (_READERS, lambda world: (_report(world), None)),
    ("GET", "/reports/{report}/content"): (_READERS, lambda world: (_report(world, "/content"), None)),
    ("GET", "/reports/{report}/check"): (_READERS, lambda world: (_report(world, "/check"), None)),
    ("POST", "/evaluator/acceptance"): (_OPEN, lambda world: ("/evaluator/acceptance", _acceptance(world))),
    ("GET", "/evaluator"): (_NO_EVALUATOR, lambda world: ("/evaluator", None)),
    ("GET", "/evaluator/documents/{document}/{name}"): (
        _NO_EVALUATOR,
        lambda world: (f"/evaluator/documents/doc_{'0' * 26}/document.json", None),
    ),
    ("PUT", "/evaluator/reports/{sha256}"): (
        _NO_EVALUATOR,
        lambda world: (f"/evaluator/reports/{hashlib.sha256(REPORT).hexdigest()}", REPORT),
    ),
    ("GET", "/answers"): (_ANYBODY, lambda world: ("/answers?question=AI+literacy", None)),
    ("GET", "/questions"): (_ANYBODY, lambda world: ("/questions", None)),
    ("POST", "/questions"): (
        [401, 404, 201, 201, 201, 403, 401, 401],
        lambda world: ("/questions", {"project": world.project, "text": "What is AI literacy?"}),
    ),
    ("GET", "/questions/{question}"): (_READERS, lambda world: (_question(world), None)),
    ("POST", "/questions/{question}/take"): (_ADVISERS, lambda world: (_question(world, "/take"), {})),
    ("POST", "/questions/{question}/give-back"): (
        _ADVISERS,
        lambda world: (_question(world, "/give-back", QuestionState.TAKEN), _REASON),
    ),
    ("POST", "/questions/{question}/reply"): (
        _ADVISERS,
        lambda world: (
            _question(world, "/reply", QuestionState.TAKEN),
            {"text": "Train your staff.", "citations": ["Art. 4(1)"]},
        ),
    ),
    ("POST", "/questions/{question}/ask-again"): (
        _lead(200),
        lambda world: (_question(world, "/ask-again", QuestionState.ANSWERED), _REASON),
    ),
    ("POST", "/questions/{question}/publishing"): (
        _lead(200),
        lambda world: (_question(world, "/publishing"), {"allowed": False}),
    ),
    ("POST", "/questions/{question}/publication"): (
        _ADVISERS,
        lambda world: (
            _question(world, "/publication", QuestionState.ANSWERED),
            {"question": "Must a chatbot say what it is?"},
        ),
    ),
    ("POST", "/questions/{question}/withdrawal"): (
        [401, 404, 403, 403, 200, 409, 401, 401],
        lambda world: (_question(world, "/withdrawal", QuestionState.ASKED), _REASON),
    ),
}
