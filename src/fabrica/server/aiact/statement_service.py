"""The verbs of statements: what people say of a version, each checked before it is kept."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fabrica.aiact.documents.answers import check_names, check_origins, checked_evidence
from fabrica.aiact.documents.rows import joined
from fabrica.aiact.intake.sitting import as_saved, begin
from fabrica.server.aiact import account_queries, document_queries, facts, permissions, queries, result_service, rules
from fabrica.server.aiact.models import Statement, Version
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import verb
from fabrica.values.ids import VersionId
from fabrica.wire.accounts import Sources
from fabrica.wire.systems import NewAnswers, NewFacts, StatementKind


@verb(may=permissions.edits)
def tell_facts(by: Actor, *, version: VersionId, told: NewFacts) -> int:
    """Keep the facts of a version as an intake has them, and what the desk finds for them today.

    Raises:
        AnswersUnreadable, UnknownFact, FactMalformed, FactsContradict: a fact is not right.
        KindContradicts: the facts tell of a system and the register of a model, or the other way round.
    """
    sitting = begin(told.model_dump(mode="json"))
    row = Version.objects.select_related("system").get(pk=version)
    rules.check_kind(queries.kind_of(row), sitting.answers.get("artefact"))
    statement = _keep(by, version, "facts", as_saved(sitting))
    result_service.find(statement, sitting.answers)
    return statement.pk


@verb(may=permissions.edits)
def tell_sources(by: Actor, *, version: VersionId, told: Sources) -> int:
    """Keep what a person enters of compute from outside: sources, additions to linked runs, facility factors.

    Raises:
        SameComputeTwice: a source is there twice, or an addition names a run that is not linked.
    """
    statement = _keep(by, version, "sources", told.model_dump(mode="json"))
    account_queries.version_account(by, version)
    return statement.pk


@verb(may=permissions.edits)
def say(by: Actor, *, version: VersionId, told: NewAnswers) -> None:
    """Keep evidence, texts and consents for the documents of a version, each as what this person says now.

    Raises:
        DocumentAnswersWrong: a kind, field or item that is not known, or a wrong value or day.
        EvidenceMoved: something is confirmed on other evidence than is there.
        EvidenceContradicts: what is said and what records tell do not agree.
    """
    check_names(evidence=told.evidence, items=(*told.items, *told.confirm, *told.not_applicable, *told.take_back))
    check_origins(told.origins, told.evidence, clock.now().date())
    for kind, rows in checked_evidence(told.evidence).items():
        origin = told.origins.get(kind)
        body = {"rows": rows} | ({"origin": origin.model_dump(mode="json")} if origin else {})
        _keep(by, version, "evidence", body, key=kind, function=told.function)
    bodies: dict[str, dict[str, Any]] = {
        **{item: {"text": text} for item, text in told.items.items()},
        **{item: {"confirms": list(shown)} for item, shown in told.confirm.items()},
        **{item: {"not_applicable": reason} for item, reason in told.not_applicable.items()},
        **{item: {} for item in told.take_back},
    }
    for item, body in bodies.items():
        _keep(by, version, "item", body, key=item, function=told.function)
    gathered = document_queries.held(by, queries.version_row(by, version)).gathered
    for kind in told.evidence:
        joined(kind, (one for one in gathered.evidence if one.kind == kind))
    rules.check_confirmed(told.confirm, document_queries.evidence_shown(gathered, told.confirm))


def _keep(
    by: Actor, version: VersionId, kind: StatementKind, body: Mapping[str, Any], *, key: str = "", function: str = ""
) -> Statement:
    """Store what a person said; the newest of a kind and key stands."""
    assert by.user is not None
    plain = json.loads(json.dumps(body, default=str))
    row = Statement.objects.create(
        version_id=version,
        kind=kind,
        key=key,
        body=plain,
        said_by=by.user,
        function=function,
        said_at=clock.now(),
    )
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    announce(facts.Stated(version=version, of=kind, key=key, sha256=digest))
    return row
