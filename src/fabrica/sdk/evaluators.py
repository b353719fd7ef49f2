"""Independent evaluators: for the project that invites, and for the evaluator, who signs with a key of their own."""

import time
from pathlib import Path

from pydantic import Field

from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.files import sha256_of
from fabrica.values.ids import DocumentId, EvaluatorId, ReportId, VersionId
from fabrica.wire.bodies import Body
from fabrica.wire.evaluators import (
    PASS_SECONDS,
    REPORT_BYTES_MAX,
    AcceptedEvaluator,
    Evaluator,
    EvaluatorAcceptance,
    EvaluatorInvitation,
    EvaluatorView,
    EvaluatorWithdrawal,
    NewEvaluator,
    Report,
    ReportCheck,
    ReportClaims,
    ReportRefused,
)
from fabrica.wire.signatures import SIGNATURE_HEADER, new_private_key, public_key_of, sign


class HeldAccess(Body):
    """What an evaluator keeps: who they are at which server, and the private key, which nobody else may read."""

    server: str
    accepted: AcceptedEvaluator
    private_key: str = Field(repr=False)


def invite(client: Client, version: VersionId, told: NewEvaluator) -> EvaluatorInvitation:
    """Draw a code for an independent evaluator; the answer holds it, once.

    Raises:
        NotFound: no such version, or the caller may not see it.
        NotAllowed: the caller does not lead the project.
        DocumentNotPermitted: a document is no issued one of the version.
    """
    return EvaluatorInvitation.model_validate(client.post(f"/versions/{version}/evaluators", told))


def evaluators(client: Client, version: VersionId) -> tuple[Evaluator, ...]:
    """Return the evaluators of a version with their reports, newest first.

    Raises:
        NotFound: no such version, or the caller may not see it.
    """
    return client.get_list(f"/versions/{version}/evaluators", Evaluator)


def withdraw(client: Client, version: VersionId, evaluator: EvaluatorId, reason: str) -> None:
    """Let an evaluator see nothing any more; their reports stay.

    Raises:
        NotFound: no such version or evaluator.
        NotAllowed: the caller does not lead the project.
        EvaluatorStateWrong: they are withdrawn already.
    """
    client.post(f"/versions/{version}/evaluators/{evaluator}/withdrawal", typed(EvaluatorWithdrawal, reason=reason))


def check(client: Client, report: ReportId) -> ReportCheck:
    """Have a report hashed and its signature checked again.

    Raises:
        NotFound: no such report, or the caller may not see it.
    """
    return client.get(f"/reports/{report}/check", ReportCheck)


def download(client: Client, report: ReportId, folder: Path) -> Path:
    """Download a report into a folder under its own name, checked against its hash.

    Raises:
        NotFound: no such report, or the caller may not see it.
    """
    found = client.get(f"/reports/{report}", Report)
    target = folder / (Path(found.file).name or f"{report}.report")
    client.get_file(f"/reports/{report}/content", target, found.sha256)
    return target


def as_nobody(server: str) -> Client:
    """Return a connection for who has only a code."""
    return Client(server, "")


def accept(client: Client, code: str, signatory: str) -> HeldAccess:
    """Become the evaluator that a code invites, with a key pair that is drawn here.

    Raises:
        EvaluatorCodeRefused: the code does not work.
    """
    private_key = new_private_key()
    public_key = public_key_of(private_key)
    proof = sign("fabrica-key-proof+jwt", {"nonce": public_key}, private_key)
    told = typed(EvaluatorAcceptance, code=code, public_key=public_key, proof=proof, signatory=signatory)
    accepted = AcceptedEvaluator.model_validate(client.post("/evaluator/acceptance", told))
    return HeldAccess(server=client.server, accepted=accepted, private_key=private_key)


def let_in(held: HeldAccess) -> Client:
    """Return a connection as the evaluator; what is signed for it works for some minutes."""
    now = int(time.time())
    claims = {
        "iss": held.accepted.evaluator,
        "aud": held.accepted.audience,
        "iat": now,
        "exp": now + PASS_SECONDS,
    }
    return Client(held.server, sign("fabrica-evaluator+jwt", claims, held.private_key))


def view(client: Client) -> EvaluatorView:
    """Return what the evaluator sees of the one version.

    Raises:
        EvaluatorRefused: the access ended or was withdrawn.
    """
    return client.get("/evaluator", EvaluatorView)


def document(client: Client, document: DocumentId, folder: Path) -> tuple[Path, ...]:
    """Download the files of a document that the evaluator may read, each checked against its hash.

    Raises:
        EvaluatorRefused: the access ended or was withdrawn.
    """
    files = next((one.files for one in view(client).documents if one.id == document), ())
    places = [folder / Path(one.name).name for one in files]
    for one, place in zip(files, places, strict=True):
        client.get_file(f"/evaluator/documents/{document}/{one.name}", place, one.sha256)
    return tuple(places)


def send_report(held: HeldAccess, file: Path, title: str) -> Report:
    """Sign a report for the one version and upload both.

    Raises:
        ReportRefused: the file is empty or too large, or the server does not accept the signature.
        EvaluatorRefused: the access ended or was withdrawn.
    """
    size = file.stat().st_size
    if not 0 < size <= REPORT_BYTES_MAX:
        raise ReportRefused(f"{file.name} has {size:,} bytes.", remedy=f"A report has 1 to {REPORT_BYTES_MAX:,}.")
    sha256 = sha256_of(file)
    claims = typed(
        ReportClaims,
        iss=held.accepted.evaluator,
        sub=held.accepted.version,
        file=file.name,
        title=title,
        sha256=sha256,
        bytes=size,
        iat=int(time.time()),
    )
    signature = sign("fabrica-report+jwt", claims.model_dump(mode="json"), held.private_key)
    with let_in(held) as client:
        answer = client.put_file(f"/evaluator/reports/{sha256}", file, headers={SIGNATURE_HEADER: signature})
    return Report.model_validate(answer)
