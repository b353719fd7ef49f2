"""The calendar of the AI Act desk on the wire: what falls due on which day, for one or more systems."""

from datetime import date
from typing import Literal

from pydantic import Field

from fabrica.wire.aiact import Confidence, LawVersion, OpenFact, Standing, UnsettledQuestion
from fabrica.wire.bodies import Body

EntryKind = Literal["duty", "formal", "update", "retention"]


class CalendarEntry(Body):
    """One day. `duty`: it has effect from then; `formal`: by the letter; `update`, `retention`: a clock ends then."""

    uid: str = Field(description="the same for the same system, duty and kind, whatever its day")
    system: str
    kind: EntryKind
    obligation: str
    title: str
    article: str
    day: date | None = Field(description="null: it hangs on a day that nobody has told")
    passed: bool = Field(description="the day is on or before the day that was asked")
    words: str
    confidence: Confidence
    standing: Standing
    source: str


class SystemCalendar(Body):
    """What the calendar knows of one system or model."""

    system: str
    tiers: tuple[str, ...]
    confidence: Confidence | None
    resting: bool = Field(description="its high-risk duties rest until the design changes significantly")
    open_questions: tuple[OpenFact, ...]


class Calendar(Body):
    """Everything that falls due, by day; what has no day comes last."""

    as_of: date
    entries: tuple[CalendarEntry, ...]
    systems: tuple[SystemCalendar, ...]
    unsettled: tuple[UnsettledQuestion, ...]
    law: LawVersion
