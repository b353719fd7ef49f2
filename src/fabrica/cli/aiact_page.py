"""A classification as a page in words."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from fabrica.aiact.in_words import (
    CONFIDENCE,
    cited_in_words,
    confidence_in_words,
    fine_in_words,
    law_of_the_day,
    leading_tiers,
    name_in_words,
    own_facts,
    tiers_together,
    value_in_words,
)
from fabrica.cli.output import console
from fabrica.wire.aiact import Change, Classification, DueObligation, FiredRule, OpenFact

_SHOWN_CHANGES = 12


def page(found: Classification, changes: Sequence[Change]) -> None:
    """Print what was found, what is due, why, what is still open, and what would change it."""
    out = console()
    leading = leading_tiers(found.tiers, found.standing)
    marked = any(found.standing[tier] != "final" for tier in leading)
    unless = ", unless an open question says otherwise" if marked else ""
    out.print(f"[bold]{tiers_together(leading) or 'No class is shown yet'}[/bold]{unless}")
    if found.possible_tiers:
        out.print(f"Still possible: {_named(found.possible_tiers)}.")
    out.print(f"On {found.as_of}. AI system: {_yes(found.ai_system)}. Covered by the Act: {_yes(found.in_scope)}.")
    if law := law_of_the_day(found.as_of):
        out.print(law)
    out.print(
        f"Roles: {_named(found.roles) or 'none'}. Basis: {'; '.join(map(cited_in_words, found.basis)) or 'none'}."
    )
    out.print(f"Confidence: {confidence_in_words(found.confidence if leading or found.roles else None)}.")
    _section("Duties", [_duty_table(found.obligations)] if found.obligations else ["None is shown."])
    _section("Fines", map(fine_in_words, found.penalties))
    if "high_risk" in found.dates and found.dates["high_risk"] is None:
        _section("High-risk duties rest", ["They start when the design changes significantly (Art. 111(2))."])
    _section("Why", map(_why, (rule for rule in found.trace if rule.words)))
    _section("Still open", _open(found.open_questions))
    _section("What would change it", _changes(changes))
    _section("Not settled by the law itself", (f"{one.question}: {one.status}" for one in found.unsettled))
    out.print(f"\n{found.law.data}, checked on {found.law.checked_on}. {found.law.notice}")


def _section(title: str, lines: Iterable[str | Table]) -> None:
    shown = list(lines)
    if not shown:
        return
    out = console()
    out.print(f"\n[bold]{title}[/bold]")
    for line in shown:
        out.print(Padding(line if isinstance(line, Table) else f"- {escape(line)}", (0, 0, 0, 2), expand=False))


def _yes(value: bool | None) -> str:
    return "not known yet" if value is None else "yes" if value else "no"


def _named(names: Iterable[str]) -> str:
    return "; ".join(map(name_in_words, names))


def _duty_table(duties: Iterable[DueObligation]) -> Table:
    """Return the duties by day; a day by the letter and a day before the amendment stand beside it."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("from", "duty", "article", "fine", "also"):
        table.add_column(column)
    for one in sorted(duties, key=lambda one: one.applies_from):
        notes = []
        if one.formal_date:
            notes.append(f"CONTESTED: by the letter {one.formal_date}")
        if one.former_date:
            notes.append(f"before the amendment {one.former_date}")
        if one.standing != "final":
            notes.append("unless an open question says otherwise")
        since = f"{one.applies_from}" + ("" if one.in_force else " (to come)")
        table.add_row(since, escape(one.title), cited_in_words(one.article), one.penalty, "; ".join(notes))
    return table


def _why(rule: FiredRule) -> str:
    own = own_facts(rule)
    facts = ", ".join(f"{key}: {value_in_words(value)}" for key, value in own.items())
    sure = "" if rule.confidence == "text" else f" ({CONFIDENCE[rule.confidence]})"
    return f"{rule.words} {cited_in_words(rule.citation)}{sure}. From {facts or 'the facts together'}."


def _open(questions: Iterable[OpenFact]) -> Iterable[str]:
    """Yield the questions; those that hang on the same things stand together."""
    for may_change, group in groupby(questions, key=lambda one: one.may_change):
        asked = "; ".join(f"{one.question} ({one.fact})" for one in group)
        more = f" and {len(may_change) - 3} more" if len(may_change) > 3 else ""
        yield f"{asked}. Decides: {_named(may_change[:3])}{more}"


def _changes(changes: Sequence[Change]) -> Iterable[str]:
    for change in changes[:_SHOWN_CHANGES]:
        effects = [f"adds {_named(change.gains)}"] if change.gains else []
        effects += [f"takes away {_named(change.loses)}"] if change.loses else []
        yield f"{change.fact}: {value_in_words(change.would_be)} {' and '.join(effects)}"
    if len(changes) > _SHOWN_CHANGES:
        yield f"and {len(changes) - _SHOWN_CHANGES} more; --json shows all"
