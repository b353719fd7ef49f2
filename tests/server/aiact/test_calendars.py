"""How a calendar is shown."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.calendar.entries import System, make_calendar
from fabrica.server.aiact.calendars import drawn, due_next
from tests.server.aiact.desk_reader import CV_SCREENER, HOSTILE


@given(st.dates(date(2024, 8, 1), date(2040, 1, 1)), st.integers(0, 3))
def test_every_entry_is_shown_once_on_its_day_and_under_its_number(day: date, systems: int) -> None:
    calendar = make_calendar([System(f"System {number}", CV_SCREENER) for number in range(systems)], day)
    found = drawn(calendar)
    shown = [
        (one, entry)
        for one in (*found.coming, *found.passed, *found.undated)
        for group in one.groups
        for entry in group.entries
    ]
    assert sorted(entry.uid for _, entry in shown) == sorted(entry.uid for entry in calendar.entries)
    for one, entry in shown:
        assert (one.day, one.system) == (entry.day, entry.system)
        assert (one.number is None) is (entry.day is None)
    assert all(one.day is not None and one.day > day for one in found.coming)
    numbers = [one.number for one in (*found.passed, *found.coming)]
    assert numbers == sorted(numbers, key=lambda number: number or 0)


def test_a_hostile_name_stays_text_in_the_picture() -> None:
    assert "<script" not in drawn(make_calendar([System(HOSTILE, CV_SCREENER)], date(2026, 11, 21))).picture


@given(st.dates(date(2024, 8, 1), date(2040, 1, 1)))
def test_what_is_due_next_is_on_the_nearest_day_that_is_still_to_come(day: date) -> None:
    entries = make_calendar([System("a", CV_SCREENER)], day).entries
    found = due_next(entries)
    coming = [one.day for one in entries if one.day and one.day > day and one.kind in ("duty", "update")]
    assert {one.day for one in found} == ({min(coming)} if coming else set())


def test_the_mark_of_the_six_months_clock_is_due_next_where_no_duty_is() -> None:
    model = {
        "artefact": "model",
        "actor_does": ["trains_model", "sells_under_own_name"],
        "eu_link": ["placed_on_eu_market"],
        "sole_purpose": "none",
        "training_flop": 4.2e23,
        "model_outputs": ["text"],
        "model_breadth": "broad",
        "model_first_eu_market": "2026-09-01",
    }
    (mark,) = due_next(make_calendar([System("a", model)], date(2026, 11, 21)).entries)
    assert (mark.kind, mark.day) == ("update", date(2027, 3, 1))


def test_a_contested_day_and_the_end_of_keeping_are_not_what_is_due_next() -> None:
    entries = make_calendar([System("a", CV_SCREENER)], date(2024, 8, 1)).entries
    assert {one.kind for one in due_next(entries)} <= {"duty", "update"}
