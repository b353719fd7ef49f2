"""An intake on paper: every question with its answer, the result so far and what is open, as text or as HTML."""

from collections.abc import Iterator
from html import escape
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.in_words import confidence_in_words, leading_tiers
from fabrica.aiact.intake.wording import checklists, choices, wordings
from fabrica.wire.aiact import Classification, Confidence, DueObligation
from fabrica.wire.intake import Outlook

_STYLE = """
:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th{min-width:7rem}th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #8888}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}h2{break-after:avoid}}
"""
Section = tuple[str, tuple[tuple[str, ...], ...]]


def as_text(outlook: Outlook) -> str:
    """Return an intake as plain text."""
    parts = [f"AI Act intake, {outlook.result.as_of}"]
    for title, rows in sections(outlook):
        parts.append(f"\n{title}\n{'-' * len(title)}")
        parts += [": ".join(cell for cell in row if cell) for row in rows]
    return "\n".join(parts) + "\n"


def as_html(outlook: Outlook) -> str:
    """Return an intake as one HTML page to print, with nothing loaded from elsewhere."""
    body = [f"<h1>AI Act intake, {outlook.result.as_of}</h1>"]
    for title, rows in sections(outlook):
        cells = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
        body.append(f"<h2>{escape(title)}</h2><table><tbody>{cells}</tbody></table>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>AI Act intake</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _row(row: tuple[str, ...]) -> str:
    head, *others = row
    return f'<th scope="row">{escape(head)}</th>' + "".join(f"<td>{escape(one)}</td>" for one in others)


def sections(outlook: Outlook) -> Iterator[Section]:
    """Yield the parts of an intake on paper: each a title and its rows of cells, the first cell its name."""
    found, sitting = outlook.result, outlook.sitting
    yield "Answers", tuple((wording_of(key), answer_in_words(key, value)) for key, value in sitting.answers.items())
    if sitting.unknown:
        yield "Not known", tuple((wording_of(key), "I do not know") for key in sitting.unknown)
    yield "Result so far", tuple(_result(found))
    if found.obligations:
        yield "Duties", tuple(_duty(one) for one in found.obligations)
    if outlook.questions:
        yield "Still to ask", tuple((one.ask, one.why) for one in outlook.questions)
    if found.unsettled:
        yield "Not settled by the law itself", tuple((one.question, one.status) for one in found.unsettled)
    yield "About this", (("Data", f"{found.law.data}, checked on {found.law.checked_on}"), ("Notice", found.law.notice))


def _result(found: Classification) -> Iterator[tuple[str, ...]]:
    yield "Tiers", tiers_in_words(found)
    if found.possible_tiers:
        yield "Still possible", ", ".join(one.replace("_", " ") for one in found.possible_tiers)
    yield "Roles", ", ".join(one.replace("_", " ") for one in found.roles) or "none is shown"
    yield "Basis", "; ".join(found.basis) or "none"
    yield "Confidence", _confidence(found.confidence)


def _confidence(found: Confidence | None) -> str:
    return f"{found}: {library.about().confidence_scale[found]}" if found else confidence_in_words(found)


def tiers_in_words(found: Classification) -> str:
    """Return the tiers that are shown, and of each whether an open question may still undo it."""
    leading = leading_tiers(found.tiers, found.standing)
    marked = (f"{tier.replace('_', ' ')} {_bracketed(found.standing[tier])}".strip() for tier in leading)
    return ", ".join(marked) or "no class is shown yet"


def _bracketed(standing: str) -> str:
    return f"({_mark(standing)})" if _mark(standing) else ""


def _duty(duty: DueObligation) -> tuple[str, ...]:
    marks = [f"contested: by the letter {duty.formal_date}"] if duty.formal_date else []
    marks += [_mark(duty.standing)] if _mark(duty.standing) else []
    return str(duty.applies_from), duty.title, duty.article, "; ".join(marks)


def _mark(standing: str) -> str:
    return "" if standing == "final" else "unless an open question says otherwise"


def wording_of(question: str) -> str:
    """Return the words of a question: of a fact, or of a checklist."""
    if question in checklists():
        return checklists()[question].ask
    return wordings()[question].ask if question in wordings() else library.vocabulary()[question].meaning


def answer_in_words(fact: str, value: Any) -> str:
    """Return an answer in the words it was chosen by."""
    if fact not in wordings():
        return str(value)
    words = {choice.value: choice.words for choice in choices(fact)}
    given = value if isinstance(value, list) else [value]
    return "; ".join(str(words.get(one, one)) for one in given) or "none of these"
