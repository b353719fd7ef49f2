"""Reads of questions: for who asked and their project, for advisers, and for everybody what is published."""

import logging
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from fabrica.aiact.questions.answering import ask
from fabrica.aiact.questions.shelf import texts
from fabrica.server.aiact import permissions
from fabrica.server.aiact import question_rules as rules
from fabrica.server.aiact.question_models import Question
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import QuestionId
from fabrica.wire import questions as wire
from fabrica.wire.problems import NotFound
from fabrica.wire.questions import QuestionState

_log = logging.getLogger("fabrica.aiact")

PUBLISHED_MAX = 2_000
"""Published answers that are searched, the newest; more wait for an index in the database."""

_SUGGESTED = 8
_MAY_SPEAK = 0.2
_OPEN = (QuestionState.ASKED.value, QuestionState.TAKEN.value)


def find(question: str, *, most: int = 5) -> wire.FoundAnswer:
    """Return the passages that answer a question: of the law's data, of official texts and of published answers.

    Raises:
        QuestionRefused: too long, or without a word to look for.
    """
    return ask(question, clock.now().date(), official_texts(), published=published(), most=most)


def official_texts() -> tuple[wire.OfficialText, ...]:
    """Return the official texts that were imported on this server; none, and a line in the log, if one is damaged."""
    try:
        return texts(Path(settings.OFFICIAL_TEXTS))
    except wire.TextRefused as problem:
        _log.warning("official texts cannot be searched", extra={"problem": str(problem)})
        return ()


def suggested(by: Actor, question: QuestionId) -> tuple[wire.RankedPassage, ...]:
    """Return passages that may speak to a question, for its adviser to judge; raises as `question`."""
    row = _row(by, question)
    try:
        return ask(row.text, clock.now().date(), official_texts(), most=_SUGGESTED, enough=_MAY_SPEAK).passages
    except wire.QuestionRefused:  # it holds no word to look for
        return ()


def published() -> tuple[wire.PublishedAnswer, ...]:
    """Return what advisers published, newest first."""
    rows = Question.objects.filter(state=QuestionState.PUBLISHED).order_by("-published_at", "-pk")[:PUBLISHED_MAX]
    return tuple(_answer(row) for row in rows)


def questions(by: Actor, *, state: QuestionState | None = None, after: int = 0, limit: int = 50) -> wire.QuestionList:
    """Return the questions that the actor may see: what waits first, by the day a reply is due.

    `after`: how many to skip.
    """
    rows = _visible(by)
    if state is not None:
        rows = rows.filter(state=state)
    waits = Case(When(state__in=_OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = list(rows.annotate(waits=waits).order_by("waits", "due_on", "pk")[after : after + limit + 1])
    cursor = str(after + limit) if len(found) > limit else None
    return wire.QuestionList(questions=_wire(found[:limit]), next_cursor=cursor)


def question(by: Actor, question: QuestionId) -> wire.Question:
    """Return one question.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    return _wire([_row(by, question)])[0]


def acts(by: Actor, question: QuestionId) -> frozenset[str]:
    """Return what the actor may do with a question now; raises as `question`."""
    row = _row(by, question)
    person = by.user is not None
    return rules.acts(
        QuestionState(row.state),
        asked=person and row.asked_by == by.user,
        advises=permissions.advises(by),
        holds=person and row.adviser == by.user,
        office=by.is_operator,
    )


def _row(by: Actor, question: QuestionId) -> Question:
    row = _visible(by).filter(pk=question).first()
    if row is None:
        raise NotFound(f"There is no question {question} that you may see.", remedy="List yours: 'fabrica questions'.")
    return row


def _visible(by: Actor) -> QuerySet[Question]:
    """Return what an actor sees: advisers and auditors all, others what their projects asked."""
    rows = Question.objects.all()
    if permissions.advises(by) or by.sees_everything:
        return rows
    return rows.filter(Q(asked_by=by.user) | Q(project_id__in=[one.id for one in people.projects(by)]))


def _wire(rows: Sequence[Question]) -> tuple[wire.Question, ...]:
    names = people.user_names({row.asked_by for row in rows} | {row.adviser for row in rows if row.adviser})
    today, law = clock.now().date(), rules.law_now()
    return tuple(
        wire.Question(
            id=row.pk,
            project=row.project_id,
            text=row.text,
            context=row.context,
            state=QuestionState(row.state),
            asked_by=names.get(row.asked_by, ""),
            asked_at=row.asked_at,
            due_on=row.due_on,
            late=rules.is_late(QuestionState(row.state), row.due_on, today),
            may_publish=row.may_publish,
            adviser=names.get(row.adviser) if row.adviser else None,
            reply=row.reply or None,
            citations=tuple(wire.Citation.model_validate(one) for one in row.citations),
            answered_at=row.answered_at,
            law=row.law or None,
            law_changed=bool(row.law) and row.law != law,
            published_question=row.published_question or None,
            published_at=row.published_at,
            reason=row.reason,
        )
        for row in rows
    )


def _answer(row: Question) -> wire.PublishedAnswer:
    assert row.published_at is not None
    return wire.PublishedAnswer(
        id=row.pk,
        question=row.published_question,
        reply=row.reply,
        citations=tuple(wire.Citation.model_validate(one) for one in row.citations),
        published_on=row.published_at.date(),
        law=row.law,
        law_changed=row.law != rules.law_now(),
    )
