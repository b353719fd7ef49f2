"""Decisions about questions to advisers: how they move, when a reply is due, and what may be published."""

from collections.abc import Mapping
from datetime import date, timedelta

from fabrica.aiact import library
from fabrica.values.ids import UserId
from fabrica.wire.questions import (
    DueDateWrong,
    PublishingNotAllowed,
    QuestionState,
    QuestionStateWrong,
    QuestionTaken,
)

NEXT: Mapping[QuestionState, frozenset[QuestionState]] = {
    QuestionState.ASKED: frozenset({QuestionState.TAKEN, QuestionState.WITHDRAWN}),
    QuestionState.TAKEN: frozenset({QuestionState.ASKED, QuestionState.ANSWERED, QuestionState.WITHDRAWN}),
    QuestionState.ANSWERED: frozenset({QuestionState.ASKED, QuestionState.PUBLISHED, QuestionState.WITHDRAWN}),
    QuestionState.PUBLISHED: frozenset({QuestionState.WITHDRAWN}),
    QuestionState.WITHDRAWN: frozenset(),
}
REPLY_WORKING_DAYS = 10
"""When a reply is due where nobody says another day: what the service desk promises, and no duty of the law."""

_LATEST_DAYS = 366
_SATURDAY = 5


def check_move(now: QuestionState, wanted: QuestionState) -> None:
    """Accept a move of a question.

    Raises:
        QuestionStateWrong: it does not go from the one to the other.
    """
    if wanted not in NEXT[now]:
        to = " or ".join(sorted(NEXT[now])) or "nothing"
        raise QuestionStateWrong(
            f"The question is {now} and cannot become {wanted}.", remedy=f"From there it becomes {to}."
        )


def check_is(now: QuestionState, needed: QuestionState) -> None:
    """Accept a verb that only a question in one state allows.

    Raises:
        QuestionStateWrong: it is in another.
    """
    if now is not needed:
        raise QuestionStateWrong(f"The question is {now}, not {needed}.", remedy="Look at it again: it has moved.")


def check_unpublished(now: QuestionState) -> None:
    """Accept a change of what may be published.

    Raises:
        QuestionStateWrong: it is published.
    """
    if now is QuestionState.PUBLISHED:
        raise QuestionStateWrong("The reply is published.", remedy="Withdraw the question to take it out again.")


def acts(state: QuestionState, *, asked: bool, advises: bool, holds: bool, office: bool) -> frozenset[str]:
    """Return what a person may do with a question now; each is refused again by its verb where it may not be.

    `holds`: they are the adviser who took it; `office`: they act for any adviser.
    """
    found: set[str] = set()
    if advises and state is QuestionState.ASKED:
        found.add("take")
    if state is QuestionState.TAKEN:
        found |= {"answer"} if holds else set()
        found |= {"give-back"} if holds or office else set()
    if state is QuestionState.ANSWERED and (holds or office):
        found.add("publish")
    if asked and state is QuestionState.ANSWERED:
        found.add("ask-again")
    if asked and state not in (QuestionState.PUBLISHED, QuestionState.WITHDRAWN):
        found.add("allow")
    if (asked and state is not QuestionState.WITHDRAWN) or (advises and state is QuestionState.PUBLISHED):
        found.add("withdraw")
    return frozenset(found)


def due_on(asked_on: date, wished: date | None) -> date:
    """Return the day a reply is due: the day that was wished, else ten working days later, holidays not counted.

    Raises:
        DueDateWrong: the wished day is past, or more than a year away.
    """
    if wished is None:
        day, left = asked_on, REPLY_WORKING_DAYS
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < _SATURDAY
        return day
    if not asked_on <= wished <= asked_on + timedelta(days=_LATEST_DAYS):
        raise DueDateWrong(
            f"A reply cannot be due on {wished}.", remedy=f"Name a day from {asked_on} on, within a year."
        )
    return wished


def is_late(state: QuestionState, due: date, today: date) -> bool:
    """Say whether a reply is due and not there."""
    return state in (QuestionState.ASKED, QuestionState.TAKEN) and due < today


def law_now() -> str:
    """Return which data of the law a reply of now rests on."""
    about = library.about()
    return f"{about.version} of {about.as_of}"


def check_own(adviser: UserId | None, by: UserId | None) -> None:
    """Accept an adviser who works on the question they took themselves.

    Raises:
        QuestionTaken: another adviser has it.
    """
    if adviser != by:
        raise QuestionTaken("Another adviser has this question.", remedy="They can give it back.")


def check_publishing(may_publish: bool) -> None:
    """Accept that a reply is published.

    Raises:
        PublishingNotAllowed: who asked did not allow it.
    """
    if not may_publish:
        raise PublishingNotAllowed("Who asked did not allow it.", remedy="Ask them to allow it, then publish.")
