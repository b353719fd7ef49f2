"""`fabrica aiact calendar`: what falls due, as a table, a picture and a file for one's own calendar."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.aiact_files import day_of, read_answers, save
from fabrica.cli.inputs import ANY_FILE, DAY, FILE
from fabrica.cli.output import console, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from fabrica.aiact.calendar.entries import System
    from fabrica.wire.calendar import Calendar, CalendarEntry

_KINDS = {"duty": "from", "formal": "by the letter", "update": "update", "retention": "kept until"}


@click.command("calendar")
@click.option(
    "--answers",
    "files",
    metavar="FILE",
    type=FILE,
    multiple=True,
    required=True,
    help="Facts of one system or model, named by its file; may be repeated.",
)
@click.option("--summary-updated", type=DAY, help="When the training summary was last updated; for one model.")
@click.option("--as-of", type=DAY, help="The day to ask for; else the first file's as_of, or today.")
@click.option("--ics", metavar="FILE", type=ANY_FILE, help="Write an iCalendar file; importing it again updates it.")
@click.option("--svg", metavar="FILE", type=ANY_FILE, help="Write a timeline picture.")
@json_option
def calendar(
    files: tuple[Path, ...],
    summary_updated: date | None,
    as_of: date | None,
    ics: Path | None,
    svg: Path | None,
    as_json: bool,
) -> None:
    """Show what falls due on which day for systems and models.

    \b
    Example:
        fabrica aiact calendar --answers shop.yaml --answers model.yaml --ics duties.ics
    """
    from fabrica.aiact.calendar.entries import make_calendar
    from fabrica.aiact.calendar.icalendar import icalendar
    from fabrica.aiact.calendar.picture import picture

    if summary_updated and len(files) > 1:
        raise click.UsageError("--summary-updated speaks of one model; give its --answers alone.")
    systems = _systems(files, summary_updated)
    found = make_calendar(systems, as_of or day_of(dict(systems[0].answers)))
    if ics is not None:
        save(ics, icalendar(found, datetime.now(UTC)))
        say(f"Wrote {ics}")
    if svg is not None:
        save(svg, picture(found).encode())
        say(f"Wrote {svg}")
    if as_json:
        print_json(found)
    else:
        _show(found)


def _systems(files: Sequence[Path], summary_updated_on: date | None) -> "list[System]":
    """Return each file's facts under its name, which must be its own: entries are recognised by it."""
    from fabrica.aiact.calendar.entries import System

    names = [file.stem for file in files]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise click.UsageError(f"Two files are named {double}; a system is recognised by the name of its file.")
    return [System(file.stem, read_answers(file), summary_updated_on) for file in files]


def _show(found: "Calendar") -> None:
    from rich.markup import escape

    out = console()
    rows = []
    for one in found.entries:
        day = "not known" if one.day is None else f"{one.day}" + (" *" if one.passed else "")
        rows.append((day, _KINDS[one.kind], one.system, one.title, one.article, _marks(one)))
    if rows:
        print_table(("day", "", "system", "what", "article", "marks"), rows)
        out.print("* on or before the day that was asked")
    for system in found.systems:
        if system.resting:
            out.print(f"{escape(system.system)}: high-risk duties rest until the design changes significantly.")
        if not any(one.system == system.system for one in found.entries):
            out.print(f"{escape(system.system)}: no duty is shown.")
        if system.open_questions:
            out.print(
                f"{escape(system.system)}: {len(system.open_questions)} facts are still open and may change this."
            )
    for question in found.unsettled:
        out.print(f"Not settled by the law itself: {escape(question.question)}: {escape(question.status)}")
    out.print(f"\n{found.law.data}, checked on {found.law.checked_on}. {found.law.notice}")


def _marks(one: "CalendarEntry") -> str:
    marks = {"draft": ["DRAFT"], "open": ["CONTESTED"], "guidance": ["guidance"], "secondary": ["secondary source"]}
    found = list(marks.get(one.confidence, ()))
    if one.standing != "final":
        found.append("unless an open question says otherwise")
    return ", ".join(found)
