"""The iCalendar file keeps to RFC 5545, whatever the texts hold."""

import re
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact.calendar.entries import System, make_calendar
from fabrica.aiact.calendar.icalendar import LONGEST_LINE_BYTES, escaped, fold, icalendar
from fabrica.aiact.documents.text import clean
from fabrica.wire.calendar import Calendar

DAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FACTS = {
    "artefact": "model", "technique": "machine_learning", "eu_link": ["placed_on_eu_market"], "sole_purpose": "none",
    "actor_does": ["trains_model", "sells_under_own_name"], "model_breadth": "broad",
}  # fmt: skip


def make(name: str = "model") -> Calendar:
    return make_calendar([System(name, FACTS)], DAY)


def events(content: bytes) -> list[dict[str, str]]:
    """Return the events of a file as a calendar program reads them: unfolded, one value a name."""
    found: list[dict[str, str]] = []
    for line in content.decode().replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and name != "END":
            assert name not in found[-1], f"{name} twice in one event"
            found[-1][name] = value
    return found


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)


def test_the_file_has_every_dated_entry_once_as_a_whole_day() -> None:
    calendar = make()
    found = {one["UID"]: one for one in events(icalendar(calendar, NOW))}
    dated = [entry for entry in calendar.entries if entry.day is not None]
    assert len(found) == len(dated) > 0
    for entry in dated:
        assert entry.day is not None
        event = found[entry.uid]
        assert event["DTSTART;VALUE=DATE"] == f"{entry.day:%Y%m%d}"
        assert event["DTEND;VALUE=DATE"] == f"{entry.day + timedelta(days=1):%Y%m%d}"
        assert event["DTSTAMP"] == "20261121T120000Z"
        assert entry.article in unescaped(event["SUMMARY"])
        assert "no legal advice" in unescaped(event["DESCRIPTION"])
        assert f"Confidence: {entry.confidence}." in unescaped(event["DESCRIPTION"])


def test_a_later_file_replaces_the_entries_of_an_earlier_one() -> None:
    first, later = events(icalendar(make(), NOW)), events(icalendar(make(), NOW + timedelta(days=1)))
    assert [one["UID"] for one in first] == [one["UID"] for one in later]
    assert all(int(old["SEQUENCE"]) < int(new["SEQUENCE"]) < 2**31 for old, new in zip(first, later, strict=True))


@given(name=st.text(max_size=200))
@settings(max_examples=30, deadline=None)
def test_no_name_of_a_system_breaks_the_file(name: str) -> None:
    content = icalendar(make(name), NOW)
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= LONGEST_LINE_BYTES for line in lines)
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    assert content.count(b"BEGIN:VEVENT") == len(events(icalendar(make("model"), NOW)))
    for event in events(content):
        assert unescaped(event["SUMMARY"]).startswith(clean(name).encode(errors="replace").decode())


@given(text=st.text())
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert unescaped(escaped(text)) == clean(text)
    assert "\n" not in escaped(text)


@given(line=st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))
def test_a_folded_line_unfolds_to_itself(line: str) -> None:
    folded = fold(line)
    assert folded.endswith(b"\r\n")
    assert folded[:-2].replace(b"\r\n ", b"").decode() == line
    assert all(len(part) <= LONGEST_LINE_BYTES for part in folded.split(b"\r\n"))
