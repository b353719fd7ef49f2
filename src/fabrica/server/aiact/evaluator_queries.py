"""Reads of evaluators: what their project sees of them, and the little that they see themselves."""

import hashlib
from collections.abc import Iterator

from django.db.models import QuerySet

from fabrica.aiact.evaluations.evidence import report_evidence
from fabrica.server.aiact import queries
from fabrica.server.aiact.evaluation_models import Evaluator, EvaluatorReport
from fabrica.server.aiact.models import IssuedDocument
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.storage import open_storage
from fabrica.server.runs import queries as runs
from fabrica.values.ids import DocumentId, ReportId, VersionId
from fabrica.wire import evaluators as wire
from fabrica.wire.documents import Evidence, Manifest
from fabrica.wire.problems import NotFound
from fabrica.wire.signatures import SignatureWrong, signed_claims, thumbprint


def evaluators(by: Actor, version: VersionId) -> tuple[wire.Evaluator, ...]:
    """Return the evaluators of a version with their reports, newest first.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    return tuple(_evaluator(row) for row in _rows(queries.version_row(by, version).pk))


def _rows(version: VersionId) -> list[Evaluator]:
    return list(Evaluator.objects.filter(version_id=version).prefetch_related("reports").order_by("-pk"))


def evidence(version: VersionId) -> Iterator[Evidence]:
    """Yield each signed report as evidence. The caller has checked that the version may be seen."""
    for row in reversed(_rows(version)):
        evaluator = _evaluator(row)
        for report in reversed(evaluator.reports):
            yield from report_evidence(report, evaluator)


def report(by: Actor, report: ReportId) -> wire.Report:
    """Return one report.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    return _report(_report_row(by, report))


def report_content(by: Actor, report: ReportId) -> tuple[wire.Report, Iterator[bytes]]:
    """Return a report with its bytes as they were received; raises as `report`."""
    found = _report(_report_row(by, report))
    return found, open_storage().read(found.sha256)


def check(by: Actor, report: ReportId) -> wire.ReportCheck:
    """Hash a report's bytes again and check its signature again with the key it came with; raises as `report`."""
    row = _report_row(by, report)
    words = _trouble(row)
    return wire.ReportCheck(
        report=row.pk,
        sound=words is None,
        words=words or "The bytes have the signed hash, and the signature holds with the evaluator's key.",
        checked_at=clock.now(),
    )


def _trouble(row: EvaluatorReport) -> str | None:
    digest = hashlib.sha256()
    try:
        for part in open_storage().read(row.sha256):
            digest.update(part)
        claims = signed_claims("fabrica-report+jwt", row.signature, row.public_key)
    except NotFound:
        return "The bytes of the report are not in storage."
    except SignatureWrong as trouble:
        return f"The signature does not hold: {trouble}."
    if digest.hexdigest() != row.sha256 or claims.get("sha256") != row.sha256:
        return "The bytes are not those that were signed."
    return None


def view(by: Actor) -> wire.EvaluatorView:
    """Return what an evaluator sees of their one version: facts, permitted documents, and hashes to compare with."""
    row = Evaluator.objects.select_related("version__system__provider").get(pk=by.evaluator)
    version, system = row.version, row.version.system
    seen = queries.version(SYSTEM, version.pk)
    linked = [runs.run(SYSTEM, run.id) for _, run in queries.linked_runs(SYSTEM, version)]
    return wire.EvaluatorView(
        evaluator=row.pk,
        version=version.pk,
        system_name=system.name,
        kind=system.kind,
        label=version.label,
        state=version.state,
        purpose=system.purpose,
        provider=system.provider_name,
        changes=version.changes,
        market_on=version.market_on,
        access_ends_at=row.access_ends_at,
        documents=tuple(_permitted(one) for one in _documents(row)),
        artifacts=tuple(
            wire.ArtifactHash(run=run.id, purpose=run.spec.purpose, path=one.path, bytes=one.bytes, sha256=one.sha256)
            for run in linked
            for one in run.artifacts
            if one.kind != "record"
        ),
        datasets=tuple(
            wire.DatasetHash(name=one.name, sha256=one.sha256, licence=one.licence) for one in seen.datasets
        ),
        reports=_evaluator(row).reports,
    )


def document_file(by: Actor, document: DocumentId, name: str) -> tuple[str, Iterator[bytes]]:
    """Return the hash and bytes of a file of a document that the evaluator may read.

    Raises:
        NotFound: it is not permitted, or there is no such file.
    """
    row = _documents(Evaluator.objects.get(pk=by.evaluator)).filter(pk=document).first()
    listed = {one.name: one.sha256 for one in _permitted(row).files} if row else {}
    if name not in listed:
        raise NotFound(f"There is no file {name!r:.80} that you may read.", remedy="Look: 'fabrica evaluators view'.")
    return listed[name], open_storage().read(listed[name])


def _documents(row: Evaluator) -> QuerySet[IssuedDocument]:
    return IssuedDocument.objects.filter(version_id=row.version_id, pk__in=row.documents).order_by("pk")


def _permitted(row: IssuedDocument) -> wire.PermittedDocument:
    files = Manifest.model_validate_json(row.manifest).files
    return wire.PermittedDocument(
        id=row.pk,
        template=row.template,
        number=row.number,
        issued_at=row.issued_at,
        files=tuple(wire.PermittedFile(name=one.name, bytes=one.bytes, sha256=one.sha256) for one in files),
    )


def _report_row(by: Actor, report: ReportId) -> EvaluatorReport:
    row = EvaluatorReport.objects.select_related("evaluator").filter(pk=report).first()
    if row is None:
        raise NotFound(
            f"There is no report {report} that you may see.", remedy="List them: 'fabrica evaluators list VERSION'."
        )
    queries.version_row(by, row.evaluator.version_id)
    return row


def _evaluator(row: Evaluator) -> wire.Evaluator:
    return wire.Evaluator(
        id=row.pk,
        version=row.version_id,
        name=row.name,
        independence=row.independence,
        contract=row.contract or None,
        state=wire.EvaluatorState(row.state),
        signatory=row.signatory or None,
        key=thumbprint(row.public_key) if row.public_key else None,
        documents=tuple(DocumentId(one) for one in row.documents),
        invited_at=row.invited_at,
        code_expires_at=row.code_expires_at,
        accepted_at=row.accepted_at,
        access_ends_at=row.access_ends_at,
        withdrawn_because=row.withdrawn_because,
        reports=tuple(_report(one) for one in sorted(row.reports.all(), key=lambda one: one.pk, reverse=True)),
    )


def _report(row: EvaluatorReport) -> wire.Report:
    return wire.Report(
        id=row.pk,
        evaluator=row.evaluator_id,
        evaluator_name=row.evaluator.name,
        version=row.evaluator.version_id,
        title=row.title,
        file=row.file,
        bytes=row.bytes,
        sha256=row.sha256,
        signatory=row.signatory,
        signed_at=row.signed_at,
        received_at=row.received_at,
        public_key=row.public_key,
        signature=row.signature,
    )
