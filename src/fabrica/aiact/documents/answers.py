"""Answers that a person writes for the documents: read, checked, and turned into evidence."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from fabrica.aiact import library
from fabrica.aiact.documents.evidence import evidence
from fabrica.aiact.documents.layout import kinds
from fabrica.aiact.documents.rows import RowWrong, checked_row
from fabrica.wire.documents import Answers, DocumentAnswersWrong, Evidence, Origin, Person

_REMEDY = "Correct it there; 'fabrica aiact template' shows the items and the evidence they need."


def parse_answers(content: Any) -> Answers:
    """Return the answers of a file's content; a text may stand alone, evidence may be one row or several.

    Raises:
        DocumentAnswersWrong: a key, item, kind or field that is not known, with the nearest; or a wrong value.
    """
    if not isinstance(content, dict):
        raise DocumentAnswersWrong("The file holds no answers.", remedy="Write person, day, evidence and items.")
    plain = dict(content)
    plain["items"] = {
        str(name): {"text": str(one)} if isinstance(one, str | int | float) else one
        for name, one in _mapping(plain, "items").items()
    }
    plain["evidence"] = {
        str(kind): [rows] if isinstance(rows, dict) else rows for kind, rows in _mapping(plain, "evidence").items()
    }
    plain["confirm"] = {str(name): one or {} for name, one in _consents(plain.get("confirm")).items()}
    plain["not_applicable"] = {
        str(name): {"reason": one} if isinstance(one, str) else one or {}
        for name, one in _mapping(plain, "not_applicable").items()
    }
    try:
        answers = Answers.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise DocumentAnswersWrong(f"{place}: {first['msg']}.", remedy=_REMEDY) from None
    check_names(evidence=answers.evidence, items=(*answers.items, *answers.confirm, *answers.not_applicable))
    check_origins(answers.origins, answers.evidence, answers.day)
    for name, consent in answers.not_applicable.items():
        if not consent.reason:
            raise DocumentAnswersWrong(f"not_applicable.{name} has no reason.", remedy="Say why it does not apply.")
    return answers.model_copy(update={"evidence": checked_evidence(answers.evidence)})


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[Any, Any]:
    inner = content.get(name) or {}
    if not isinstance(inner, dict):
        raise DocumentAnswersWrong(f"{name} holds no keys with values.", remedy=_REMEDY)
    return inner


def _consents(given: Any) -> Mapping[Any, Any]:
    """Return what is confirmed; a list of items is confirmed by the person of the file."""
    if isinstance(given, list):
        return dict.fromkeys(map(str, given))
    return _mapping({"confirm": given}, "confirm")


def _known(names: Iterable[str], known: Iterable[str], what: str) -> None:
    every = list(known)
    for name in names:
        if name not in every:
            near = difflib.get_close_matches(name, every, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else _REMEDY
            raise DocumentAnswersWrong(f"There is no {what} {name[:80]!r}.", remedy=hint)


def check_names(*, evidence: Iterable[str], items: Iterable[str]) -> None:
    """Accept kinds of evidence and items of documents that are known.

    Raises:
        DocumentAnswersWrong: one is not; names the nearest.
    """
    _known(items, {one.id for template in library.document_templates().values() for one in template.items}, "item")
    _known(evidence, kinds(), "kind of evidence")


def check_origins(origins: Mapping[str, Origin], evidence: Collection[str], today: date) -> None:
    """Accept where evidence of some kinds comes from.

    Raises:
        DocumentAnswersWrong: a kind of which nothing is told, or a day that is still to come.
    """
    for kind, origin in origins.items():
        if kind not in evidence:
            raise DocumentAnswersWrong(
                f"origins names {kind[:80]!r}, of which nothing is told.", remedy="Tell it under evidence as well."
            )
        if origin.on > today:
            raise DocumentAnswersWrong(
                f"origins.{kind}: {origin.on} is still to come.", remedy="Name the day that the source tells of."
            )


def checked_evidence(given: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, tuple[dict[str, Any], ...]]:
    """Return rows of evidence by kind as their fields take them, empty values left out.

    Raises:
        DocumentAnswersWrong: a field that is not known, with the nearest; or a wrong value.
    """
    found = {}
    for kind, rows in given.items():
        try:
            found[kind] = tuple(checked_row(kind, row) for row in rows)
        except RowWrong as wrong:
            raise DocumentAnswersWrong(f"evidence.{kind}: {wrong}", remedy=_REMEDY) from None
    return found


def evidence_of(answers: Answers, *, source: str, sha256: str) -> tuple[Evidence, ...]:
    """Return what a person told as evidence; `source` is the file's name and `sha256` its hash."""
    said = f"Entered by {said_by(answers.person, answers.day)}"
    found = []
    for kind, rows in answers.evidence.items():
        origin = answers.origins.get(kind)
        place, method, at = (
            (origin.source, f"{said}, in {source}.", origin.on) if origin else (source, f"{said}.", answers.day)
        )
        if any(rows):
            found.append(evidence(kind, rows, held_by="person", source=place, method=method, at=at, sha256=sha256))
    return tuple(found)


def said_by(person: Person, on: date) -> str:
    """Return who said something, in what function, and when."""
    return f"{person.name}, {person.function}, on {on}"
