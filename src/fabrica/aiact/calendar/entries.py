"""The days of a system's duties, and the ends of the clocks that run beside them."""

import calendar
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.wire.aiact import Classification, Confidence, DueObligation
from fabrica.wire.calendar import Calendar, CalendarEntry, EntryKind, SystemCalendar

SUMMARY = "gp-53-1d"
SUMMARY_MONTHS = 6
"""Source: explanatory notice to the template of the training summary, as the note of the duty tells."""

KEPT_TEN_YEARS = ("hr-18", "ar-22", "imp-23", "hr-47")
_MONTHS_IN_A_YEAR = 12


class System(NamedTuple):
    """One system or model with its facts, and the day its training summary was last updated, where that is told."""

    name: str
    answers: Mapping[str, Any]
    summary_updated_on: date | None = None


def make_calendar(systems: Sequence[System], as_of: date) -> Calendar:
    """Return what falls due for systems, as the law stands for them on a day.

    Raises:
        UnknownFact, FactMalformed, FactsContradict, DateBeforeAct: as `classify` does.
    """
    found = [(system, classify(system.answers, as_of)) for system in systems]
    entries = [entry for system, one in found for entry in _entries(system, one, as_of)]
    unsettled = {question.id: question for _, one in found for question in one.unsettled}
    law = found[0][1].law if found else classify({}, as_of).law
    return Calendar(
        as_of=as_of,
        entries=tuple(sorted(entries, key=lambda one: (one.day is None, one.day or date.max))),
        systems=tuple(_system(system, one) for system, one in found),
        unsettled=tuple(unsettled.values()),
        law=law,
    )


def _system(system: System, found: Classification) -> SystemCalendar:
    return SystemCalendar(
        system=system.name,
        tiers=found.tiers,
        confidence=found.confidence,
        resting="high_risk" in found.dates and found.dates["high_risk"] is None,
        open_questions=found.open_questions,
    )


def _entries(system: System, found: Classification, as_of: date) -> Iterator[CalendarEntry]:
    """Yield a system's days. What no rule decided with more doubt than its duty is as sure as the result."""
    for duty in found.obligations:
        assert found.confidence is not None, "what has a duty has a tier or a role that was decided"
        words = "It has effect from this day."
        if duty.former_date:
            words += f" Before the amendment of 2026: {duty.former_date}."
        yield _entry(system, duty, "duty", duty.applies_from, words, found.confidence, as_of)
        if duty.formal_date:
            words = f"Contested: the letter of the law says this day; the desk uses {duty.applies_from}."
            yield _entry(system, duty, "formal", duty.formal_date, words, "open", as_of)
        if duty.id == SUMMARY:
            yield _update(system, duty, as_of)
        if duty.id in KEPT_TEN_YEARS:
            yield _retention(system, duty, as_of, found.confidence)


def _update(system: System, duty: DueObligation, as_of: date) -> CalendarEntry:
    """Return the next mark of the six-month clock: from the last update, else from the day the duty had effect."""
    began = system.summary_updated_on or max(duty.applies_from, _day(system, "model_first_eu_market") or date.min)
    months = SUMMARY_MONTHS
    while system.summary_updated_on is None and add_months(began, months) < as_of:
        months += SUMMARY_MONTHS
    told = "the last update" if system.summary_updated_on else "the day the duty had effect, since no update is told"
    words = f"Six-month mark, counted from {told} ({began}): update the summary if the model was trained further."
    return _entry(system, duty, "update", add_months(began, months), words, "guidance", as_of)


def _retention(system: System, duty: DueObligation, as_of: date, confidence: Confidence) -> CalendarEntry:
    """Return how long to keep what the duty names: ten years from the market, or no day while that is not told."""
    years = library.thresholds()["doc_retention_years"].value
    assert isinstance(years, int)
    began = _day(system, "first_unit_date")
    if began is None:
        words = f"Keep for {years} years from the day it comes to the market or into service, which is not told."
        return _entry(system, duty, "retention", None, words, confidence, as_of)
    words = f"Keep at least until this day, {years} years from the first unit ({began}); a later unit counts later."
    return _entry(system, duty, "retention", add_months(began, years * _MONTHS_IN_A_YEAR), words, confidence, as_of)


def _day(system: System, fact: str) -> date | None:
    value = system.answers.get(fact)
    return date.fromisoformat(value) if isinstance(value, str) else value


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or its last day where it has no such day.

    Source: Regulation (EEC, Euratom) No 1182/71, Art. 3(2)(c): a period in months ends with the same date, or the
    last day of the month where that date does not occur.
    """
    years, month = divmod(day.month - 1 + months, _MONTHS_IN_A_YEAR)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def _entry(
    system: System,
    duty: DueObligation,
    kind: EntryKind,
    day: date | None,
    words: str,
    confidence: Confidence,
    as_of: date,
) -> CalendarEntry:
    return CalendarEntry(
        uid=_uid(system.name, duty.id, kind),
        system=system.name,
        kind=kind,
        obligation=duty.id,
        title=duty.title,
        article=duty.article,
        day=day,
        passed=day is not None and day <= as_of,
        words=words if duty.note is None else f"{words} {duty.note}",
        confidence=confidence,
        standing=duty.standing,
        source=duty.source,
    )


def _uid(system: str, duty: str, kind: str) -> str:
    """Return an identifier that stays when the day or the words change, so that a later import updates the entry."""
    digest = hashlib.sha256("\n".join((system, duty, kind)).encode()).hexdigest()
    return f"{duty}-{kind}-{digest[:20]}@aiact.fabrica"
