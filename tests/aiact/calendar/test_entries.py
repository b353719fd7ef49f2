"""Every day of the calendar is one of the law's data, or a clock that the data names."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.calendar.entries import KEPT_TEN_YEARS, SUMMARY, System, add_months, make_calendar
from fabrica.aiact.classify import classify

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "cases.yaml").read_text())["cases"]
DAY = date(2026, 11, 21)


def case(name: str) -> dict[str, Any]:
    return dict(next(one for one in CASES if one["id"] == name)["answers"])


def days_of_the_law() -> set[date]:
    """Return every day that the data gives a duty."""
    found = {one.applies_from for one in library.practices().values()} | {library.public_authority_day()}
    for duty in library.obligations().values():
        if not isinstance(duty.applies_from, str):
            found |= set(duty.applies_from.values())
        elif duty.id != "proh-5":
            found.add(date.fromisoformat(duty.applies_from))
        if duty.formal_from:
            found.add(duty.formal_from)
    return found


@pytest.mark.parametrize("one", CASES, ids=lambda one: str(one["id"]))
def test_every_duty_stands_in_the_calendar_on_the_days_of_the_data(one: dict[str, Any]) -> None:
    as_of = date.fromisoformat(one["as_of"])
    found = make_calendar([System(one["id"], one["answers"])], as_of)
    duties = {entry.obligation: entry.day for entry in found.entries if entry.kind == "duty"}
    formal = {entry.obligation: entry.day for entry in found.entries if entry.kind == "formal"}
    law = classify(one["answers"], as_of)
    assert duties == {duty.id: duty.applies_from for duty in law.obligations}
    assert formal == {duty.id: duty.formal_date for duty in law.obligations if duty.formal_date}
    assert {*duties.values(), *formal.values()} <= days_of_the_law()
    for name, day in one["expected"]["dates"].items():
        if name in duties:
            assert str(duties[name]) == day


def test_a_duty_keeps_its_identifier_when_its_day_moves_and_no_two_share_one() -> None:
    facts = case("D06")
    first = make_calendar([System("cv", facts), System("other", facts)], DAY)
    later = make_calendar([System("cv", {**facts, "first_unit_date": "2028-05-05"})], DAY)
    uids = [entry.uid for entry in first.entries]
    assert len(set(uids)) == len(uids)
    assert {entry.uid for entry in later.entries} <= set(uids)
    moved = {entry.uid: entry.day for entry in later.entries if entry.kind == "retention"}
    assert all(entry.day != moved[entry.uid] for entry in first.entries if entry.uid in moved)


def test_a_day_by_the_letter_is_marked_as_contested() -> None:
    formal = [entry for entry in make_calendar([System("cv", case("D06"))], DAY).entries if entry.kind == "formal"]
    assert formal
    assert {entry.confidence for entry in formal} == {"open"}
    assert {entry.day for entry in formal} == {date(2026, 8, 2)}


def test_the_clock_of_the_training_summary_is_the_one_the_data_tells() -> None:
    note = library.obligations()[SUMMARY].note
    assert note is not None
    assert "every six months" in note
    assert library.document_templates()["training_summary"].update is not None


@pytest.mark.parametrize(
    ("updated", "market", "as_of", "due"),
    [
        (date(2026, 8, 31), None, DAY, date(2027, 2, 28)),
        (date(2025, 1, 10), None, DAY, date(2025, 7, 10)),  # overdue is told as the day it was due
        (None, "2026-09-15", DAY, date(2027, 3, 15)),
        (None, None, DAY, date(2027, 2, 2)),
        (None, "2025-01-01", DAY, date(2028, 2, 2)),  # a legacy model: from the day its duties start
    ],
)
def test_the_training_summary_is_due_six_months_on(
    updated: date | None, market: str | None, as_of: date, due: date
) -> None:
    facts = {key: value for key, value in case("D12").items() if key != "model_first_eu_market"}
    facts |= {"model_first_eu_market": market} if market else {}
    found = make_calendar([System("model", facts, updated)], as_of)
    (entry,) = [entry for entry in found.entries if entry.kind == "update"]
    assert (entry.obligation, entry.day, entry.confidence) == (SUMMARY, due, "guidance")


def test_what_is_kept_ten_years_is_what_the_data_says_and_as_long() -> None:
    titles = {duty.id for duty in library.obligations().values() if "ten years" in duty.title}
    assert set(KEPT_TEN_YEARS) == titles
    found = make_calendar([System("cv", case("D06"))], DAY)
    kept = {entry.obligation: entry.day for entry in found.entries if entry.kind == "retention"}
    assert kept == {"hr-18": date(2038, 1, 5), "hr-47": date(2038, 1, 5)}


def test_a_clock_without_a_beginning_has_no_day() -> None:
    facts = {key: value for key, value in case("D06").items() if key != "first_unit_date"}
    entries = make_calendar([System("cv", facts)], DAY).entries
    kept = [entry for entry in entries if entry.kind == "retention"]
    assert kept
    assert all(entry.day is None and "not told" in entry.words for entry in kept)
    assert entries[-1].day is None


def test_duties_at_rest_are_told_as_such() -> None:
    facts = {**case("D06"), "first_unit_date": "2026-01-01", "design_changed_after_start": False,
             "public_authority_use": False}  # fmt: skip
    (system,) = make_calendar([System("cv", facts)], DAY).systems
    assert system.resting


def test_a_calendar_of_nothing_still_says_which_data_it_would_use() -> None:
    found = make_calendar([], DAY)
    assert (found.entries, found.systems) == ((), ())
    assert found.law.checked_on


@given(day=st.dates(date(2024, 8, 1), date(2100, 1, 1)), months=st.integers(0, 240))
def test_months_on_is_the_same_day_or_the_last_of_the_month(day: date, months: int) -> None:
    then = add_months(day, months)
    assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
    assert then.day == day.day or (then.day < day.day and add_months(then.replace(day=1), 1) > then)
