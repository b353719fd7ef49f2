"""Who may do which verb of the AI Act desk."""

from typing import Any

from fabrica.server.aiact.models import Version
from fabrica.server.aiact.question_models import Question
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, QuestionId, VersionId


def writes(by: Actor, *, project: ProjectId, **_: Any) -> bool:
    """Register, and say something of what is registered: who leads or works in the project."""
    return people.works_in(by, project)


def edits(by: Actor, *, version: VersionId, **_: Any) -> bool:
    """Change a version's record: who leads or works in its project. Nobody else, not even an operator."""
    project = _project_of(version)
    return project is not None and writes(by, project=project)


def answers_for(by: Actor, *, version: VersionId, **_: Any) -> bool:
    """Release, withdraw, issue, and show to others: who leads the project, for the organisation answers for it."""
    project = _project_of(version)
    return project is not None and people.role_in(by, project) == "lead"


def the_service(by: Actor, **_: Any) -> bool:
    return by.system


def anyone(by: Actor, **_: Any) -> bool:
    """For verbs that are given a proof of their own: a code, or words signed with a key."""
    return True


def the_evaluator(by: Actor, **_: Any) -> bool:
    """Report on the one version they were invited to: an independent evaluator."""
    return by.evaluator is not None


def asks(by: Actor, *, project: ProjectId, **_: Any) -> bool:
    """Pass a question on: everybody in the project, readers among them."""
    return people.role_in(by, project) is not None


def asked(by: Actor, *, question: QuestionId, **_: Any) -> bool:
    """Say more of a question, or take it back: who asked it."""
    return by.user is not None and Question.objects.filter(pk=question, asked_by=by.user).exists()


def advises(by: Actor, **_: Any) -> bool:
    """Take questions, answer and publish: an adviser, or the network's office."""
    return by.is_adviser


def withdraws(by: Actor, *, question: QuestionId, **_: Any) -> bool:
    """Take a question back, or a published answer out again."""
    return asked(by, question=question) or advises(by)


def _project_of(version: VersionId) -> ProjectId | None:
    return Version.objects.filter(pk=version).values_list("system__project", flat=True).first()


def belongs(by: Actor, *, project: ProjectId, **_: Any) -> bool:
    """Let one's own calendar read a project's days: every member. Nobody else, not even an operator."""
    return people.role_in(by, project) is not None
