"""Evidence for documents beside the records of runs: what people entered, the register itself, the desk's results."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from fabrica.aiact.documents.classification import classification_evidence
from fabrica.aiact.documents.evidence import evidence
from fabrica.aiact.documents.layout import kinds
from fabrica.aiact.documents.rows import checked_row
from fabrica.server.aiact import issue_queries, queries
from fabrica.server.aiact.models import Version
from fabrica.wire.documents import Evidence, HeldBy, Origin
from fabrica.wire.systems import Modification, Told, VersionState

_VERDICTS = {"substantial": "yes", "not_substantial": "no"}


def entered(told: Iterable[Told]) -> Iterator[Evidence]:
    """Yield what people entered by kind, as of the day that its origin tells of; the days in it are read as days."""
    for one in told:
        rows = tuple(checked_row(one.key, row) for row in one.body["rows"])
        if any(rows):
            statement, said = f"statement {one.id} of the register", one.said_at.date()
            method = f"Entered by {one.said_by}, {one.function}, on {said}"
            origin = Origin.model_validate(one.body["origin"]) if "origin" in one.body else None
            place, method, at = (
                (origin.source, f"{method}, as {statement}.", origin.on) if origin else (statement, f"{method}.", said)
            )
            yield _held(one.key, rows, "person", place, method, at)


def held_here(row: Version, known: Iterable[Evidence]) -> Iterator[Evidence]:
    """Yield what the register itself tells of a version, where nothing else does; records and people come first.

    Of what is one thing, single fields are added; of lists nothing, since half a row beside a whole one says less.
    """
    told = {(one.kind, field) for one in known for facts in one.rows for field in facts}
    listed = {one.kind for one in known if one.kind in kinds() and kinds()[one.kind].of != "one" and any(one.rows)}
    yield from _classified(row)
    yield from issue_queries.issued_evidence(row.pk)
    for kind, held_by, rows, at in _of_register(row):
        fresh = [{name: value for name, value in facts.items() if (kind, name) not in told} for facts in rows]
        if any(fresh) and kind not in listed:
            yield _held(kind, fresh, held_by, "register of systems and models", "Kept by the project.", at)


def named_otherwise(row: Version, known: Iterable[Evidence]) -> Iterator[str]:
    """Yield a notice where records or people call the version otherwise than the register; documents use their word."""
    registered = {"name": row.system.name, "version": row.label}
    for one in known:
        for facts in one.rows if one.kind == "model.id" else ():
            told = {key: str(facts[key]) for key in registered if key in facts and str(facts[key]) != registered[key]}
            if told:
                words = " ".join(str(facts.get(key, registered[key])) for key in registered)
                yield f"{one.source} calls it {words}, and the register {row.system.name} {row.label}."


def _classified(row: Version) -> Iterator[Evidence]:
    found = queries.newest_result(row.pk)
    if found is not None:
        (facts,) = queries.standing(row.pk, "facts")
        said = json.dumps(facts.body["answers"], sort_keys=True)
        digest = hashlib.sha256(said.encode()).hexdigest()
        yield classification_evidence(found, source=f"facts of the register, statement {facts.id}", sha256=digest)


def _of_register(row: Version) -> Iterator[tuple[str, HeldBy, list[dict[str, Any]], date]]:
    system = row.system
    registered = (system.amended_at or system.registered_at).date()
    yield "model.id", "register", [{"name": system.name, "version": row.label}], row.created_at.date()
    provider = {"legal_name": system.provider_name, "country": system.provider.country if system.provider else ""}
    yield "org.identity", "register", [{key: value for key, value in provider.items() if value}], registered
    if system.purpose:
        yield "typed.purpose", "person", [{"intended_purpose": system.purpose}], registered
    if row.market_on and row.state != VersionState.DRAFT:
        status = {"released_on": row.market_on, "union_market_on": row.market_on, "market_status": row.state}
        yield "model.release", "register", [status], row.market_on
    if row.changes:
        check = Modification.model_validate(row.modification) if row.modification else None
        verdict = _VERDICTS.get(check.verdict, "not decided") if check else None
        change = {"change": row.changes, "changed_on": row.market_on, "substantial": verdict}
        facts = {key: value for key, value in change.items() if value is not None}
        yield "sys.changes", "register", [facts], row.created_at.date()


def _held(kind: str, rows: Any, held_by: HeldBy, source: str, method: str, at: date) -> Evidence:
    said = json.dumps(list(rows), sort_keys=True, default=str, ensure_ascii=False)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return evidence(kind, rows, held_by=held_by, source=source, method=method, at=at, sha256=digest)
