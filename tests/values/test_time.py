"""Promises of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.time import from_rfc3339, parse_duration_seconds, show_duration, to_rfc3339


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10 min", 600), ("1 h 30 min", 5400), ("2 days", 172_800), ("1-12:00:00", 129_600), ("04:30:00", 16_200)],
)
def test_durations_are_read_as_people_and_slurm_write_them(text: str, seconds: int) -> None:
    assert parse_duration_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0 min", "-5 min", "10 fortnights", "1e3 s", "99999 days", "1 h, 2 min"])
def test_no_duration_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration_seconds(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.2 s"), (42, "42 s"), (60, "1 min"), (185, "3 min 5 s"), (7800, "2 h 10 min"), (90_000, "1 day 1 h")],
)
def test_durations_are_shown_with_units_that_fit(seconds: float, words: str) -> None:
    assert show_duration(seconds) == words


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_reads_back_to_the_millisecond(instant: datetime) -> None:
    assert abs(from_rfc3339(to_rfc3339(instant)) - instant) < timedelta(milliseconds=1)


def test_an_instant_is_written_in_utc() -> None:
    noon = datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert to_rfc3339(noon) == "2026-11-20T12:00:00.000Z"


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="carries no offset"):
        from_rfc3339("2026-11-20T12:00:00")
