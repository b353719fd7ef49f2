"""The verbs of independent evaluators: invited with a code, known by their own key, heard by signed reports."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F
from pydantic import ValidationError

from fabrica.aiact.documents.text import clean
from fabrica.server.aiact import evaluator_facts as facts
from fabrica.server.aiact import evaluator_rules as rules
from fabrica.server.aiact import permissions
from fabrica.server.aiact.evaluation_models import Evaluator, EvaluatorReport
from fabrica.server.aiact.models import IssuedDocument
from fabrica.server.core import clock, codes
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.sites import service as sites
from fabrica.values.ids import EvaluatorId, ReportId, VersionId
from fabrica.wire.evaluators import (
    AcceptedEvaluator,
    DocumentNotPermitted,
    EvaluatorAcceptance,
    EvaluatorCodeRefused,
    EvaluatorInvitation,
    EvaluatorRefused,
    EvaluatorState,
    NewEvaluator,
    ReportClaims,
    ReportRefused,
)
from fabrica.wire.problems import Malformed, NotFound
from fabrica.wire.signatures import (
    SignatureWrong,
    check_key_proof,
    claims_unchecked,
    signed_claims,
    thumbprint,
)


@verb(may=permissions.answers_for)
def invite(by: Actor, *, version: VersionId, told: NewEvaluator) -> EvaluatorInvitation:
    """Draw a code with which one body or person becomes an evaluator of a version; it is shown only now.

    Raises:
        DocumentNotPermitted: a document is not an issued one of this version.
    """
    assert by.user is not None
    known = IssuedDocument.objects.filter(version_id=version, pk__in=told.documents).values_list("pk", flat=True)
    for document in told.documents:
        if document not in set(known):
            raise DocumentNotPermitted(
                f"{document} is no issued document of this version.",
                remedy="Name issued documents, or none: 'fabrica systems documents VERSION'.",
            )
    code, now = codes.new_code(), clock.now()
    row = Evaluator.objects.create(
        version_id=version,
        state=EvaluatorState.INVITED,
        name=clean(told.name),
        independence=clean(told.independence),
        contract=clean(told.contract or ""),
        documents=list(told.documents),
        invited_by=by.user,
        invited_at=now,
        selector=code.selector,
        secret_sha256=code.sha256,
        code_expires_at=now + timedelta(days=told.code_days),
        access_ends_at=now + timedelta(days=max(told.access_days, told.code_days)),
    )
    _announce_move(row)
    return EvaluatorInvitation(
        evaluator=row.pk,
        version=version,
        name=row.name,
        code=code.shown,
        expires_at=row.code_expires_at,
        access_ends_at=row.access_ends_at,
    )


def accept(by: Actor, *, told: EvaluatorAcceptance) -> AcceptedEvaluator:
    """Register the key of the evaluator who shows a code. Each try counts, right or wrong; the code works once.

    Raises:
        EvaluatorCodeRefused: no such code, or it was used, withdrawn, tried too often, or is too old.
        Malformed: the public key is none, or the proof is not of its private half.
    """
    code = codes.read_code(told.code)
    row = _try_code(by, selector=code.selector) if code else None
    if code is None or row is None or not code.opens(row.secret_sha256):
        raise EvaluatorCodeRefused(
            "This code is not one that works here.",
            remedy="It works once and for some days. Ask the provider for a new one: 'fabrica evaluators invite'.",
        )
    try:
        check_key_proof(told.public_key, told.proof, nonce=told.public_key)
    except SignatureWrong as trouble:
        raise Malformed(f"The key's proof does not hold: {trouble}.", remedy="Sign the public key itself.") from None
    return _use_code(by, evaluator=row.pk, told=told)


@verb(may=permissions.anyone)
def _try_code(by: Actor, *, selector: str) -> Evaluator | None:
    """Count a try and return the invitation, if it may still be used. A verb of its own: the count stays."""
    usable = Evaluator.objects.filter(
        selector=selector,
        state=EvaluatorState.INVITED,
        code_expires_at__gt=clock.now(),
        tries__lt=rules.CODE_TRIES_MAX,
    )
    row = usable.first()
    return row if usable.update(tries=F("tries") + 1) else None


@verb(may=permissions.anyone)
def _use_code(by: Actor, *, evaluator: EvaluatorId, told: EvaluatorAcceptance) -> AcceptedEvaluator:
    row = Evaluator.objects.select_for_update().get(pk=evaluator)
    now = clock.now()
    _move(row, EvaluatorState.ACCEPTED, public_key=told.public_key, signatory=clean(told.signatory), accepted_at=now)
    return AcceptedEvaluator(
        evaluator=row.pk,
        version=row.version_id,
        name=row.name,
        signatory=row.signatory,
        audience=audience(),
        access_ends_at=row.access_ends_at,
        server_time=now,
    )


@verb(may=permissions.answers_for)
def withdraw(by: Actor, *, version: VersionId, evaluator: EvaluatorId, reason: str) -> None:
    """Let an evaluator see nothing any more, at once. Their reports stay.

    Raises:
        NotFound: the version has no such evaluator.
        EvaluatorStateWrong: they are withdrawn already.
    """
    row = Evaluator.objects.select_for_update().filter(pk=evaluator, version_id=version).first()
    if row is None:
        raise NotFound(f"{version} has no evaluator {evaluator}.", remedy="List them with 'fabrica evaluators'.")
    _move(row, EvaluatorState.WITHDRAWN, withdrawn_because=clean(reason))


def _move(row: Evaluator, state: EvaluatorState, **told: Any) -> None:
    """Move an evaluator; the only writer of the state.

    Raises:
        EvaluatorStateWrong: they do not go there from where they are.
    """
    rules.check_move(row.name, EvaluatorState(row.state), state)
    row.state = state
    for name, value in told.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *told])
    _announce_move(row)


def _announce_move(row: Evaluator) -> None:
    announce(
        facts.EvaluatorMoved(
            version=row.version_id,
            evaluator=row.pk,
            name=row.name,
            state=str(row.state),
            key=thumbprint(row.public_key) if row.public_key else None,
            reason=row.withdrawn_because,
        )
    )


def audience() -> str:
    """Return whom what an evaluator signs is for: this server, whatever address it is reached at."""
    return thumbprint(sites.server_key())


def actor_of_evaluator(token: str) -> Actor:
    """Return the evaluator who signed to be let in.

    Raises:
        EvaluatorRefused: no evaluator here signed it, it is not of now, or their access ended.
    """
    remedy = "Sign with the key you accepted with."
    try:
        row = Evaluator.objects.filter(pk=str(claims_unchecked(token).get("iss"))).first()
        if row is None or not row.public_key:
            raise EvaluatorRefused("No such evaluator is known here.", remedy=remedy)
        claims = signed_claims("fabrica-evaluator+jwt", token, row.public_key)
    except SignatureWrong as trouble:
        raise EvaluatorRefused(f"What you signed does not hold: {trouble}.", remedy=remedy) from None
    rules.check_pass(claims, audience(), clock.now())
    return _actor(row)


def actor_of_session(evaluator: str) -> Actor:
    """Return the evaluator who was let in before, if they still may be.

    Raises:
        EvaluatorRefused: their access ended or was withdrawn.
    """
    row = Evaluator.objects.filter(pk=evaluator).exclude(public_key="").first()
    if row is None:
        raise EvaluatorRefused("No such evaluator is known here.", remedy="Accept a code first.")
    return _actor(row)


def _actor(row: Evaluator) -> Actor:
    rules.check_access(EvaluatorState(row.state), row.access_ends_at, clock.now())
    return Actor(name=row.name, evaluator=row.pk)


def check_report(by: Actor, signature: str, sha256: str) -> ReportClaims:
    """Return what an evaluator signed of a report that comes with the hash `sha256`.

    Raises:
        ReportRefused: the signature does not hold, is of another report, version or evaluator, or it is one too many.
    """
    row = Evaluator.objects.get(pk=by.evaluator)
    try:
        claims = ReportClaims.model_validate(signed_claims("fabrica-report+jwt", signature, row.public_key))
    except SignatureWrong as trouble:
        raise ReportRefused(f"The signature of the report does not hold: {trouble}.", remedy="Sign it anew.") from None
    except ValidationError as trouble:
        first = trouble.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ReportRefused(f"What is signed of the report is wrong: {place}: {first['msg']}.") from None
    assert row.accepted_at is not None
    rules.check_count(row.reports.exclude(sha256=sha256).count())
    rules.check_report(
        claims, evaluator=row.pk, version=row.version_id, sha256=sha256, accepted_at=row.accepted_at, now=clock.now()
    )
    return claims


@verb(may=permissions.the_evaluator)
def receive_report(by: Actor, *, signature: str, sha256: str, bytes_count: int) -> ReportId:
    """Keep a signed report for good; the same report again changes nothing. Its bytes are stored before.

    Raises:
        ReportRefused: as `check_report`, or the file has another length than is signed.
    """
    claims = check_report(by, signature, sha256)
    if claims.bytes != bytes_count:
        raise ReportRefused(f"The report has {bytes_count:,} bytes, not the {claims.bytes:,} that are signed.")
    row = Evaluator.objects.select_for_update().get(pk=by.evaluator)
    known = row.reports.filter(sha256=sha256).first()
    if known is not None:
        return known.pk
    report = EvaluatorReport.objects.create(
        evaluator=row,
        title=clean(claims.title),
        file=clean(claims.file),
        bytes=claims.bytes,
        sha256=sha256,
        signature=signature,
        signatory=row.signatory,
        public_key=row.public_key,
        signed_at=datetime.fromtimestamp(claims.iat, UTC),
        received_at=clock.now(),
    )
    announce(facts.ReportReceived(version=row.version_id, evaluator=row.pk, report=report.pk, sha256=sha256))
    hint("aiact")
    return report.pk
