"""Independent evaluators that tests start from: each with a key pair of their own."""

import hashlib
from dataclasses import dataclass
from typing import Any

from fabrica.server.aiact import evaluator_service as service
from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, Actor
from fabrica.values.ids import EvaluatorId, VersionId
from fabrica.wire.evaluators import EvaluatorAcceptance, EvaluatorInvitation, NewEvaluator
from fabrica.wire.signatures import new_private_key, public_key_of, sign

REPORT = b"%PDF-1.7 The model was evaluated.\n"


@dataclass(frozen=True)
class Signer:
    """An evaluator with their private key."""

    evaluator: EvaluatorId
    version: VersionId
    private_key: str

    def let_in(self, **claims: Any) -> str:
        """Return what the evaluator signs to be let in."""
        now = int(clock.now().timestamp())
        told = {"iss": self.evaluator, "aud": service.audience(), "iat": now, "exp": now + 60}
        return sign("fabrica-evaluator+jwt", told | claims, self.private_key)

    def actor(self) -> Actor:
        """Return the actor that the evaluator is to the server."""
        return service.actor_of_evaluator(self.let_in())

    def report(self, content: bytes = REPORT, **claims: Any) -> str:
        """Return what the evaluator signs of a report."""
        told = {
            "iss": self.evaluator,
            "sub": self.version,
            "file": "report.pdf",
            "title": "Evaluation of the model",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "iat": int(clock.now().timestamp()),
        }
        return sign("fabrica-report+jwt", told | claims, self.private_key)


def make_invitation(lead: Actor, version: VersionId, **told: Any) -> EvaluatorInvitation:
    """Invite a body to a version."""
    new = NewEvaluator(**{"name": "Evals Institute", "independence": "Paid by the ministry."} | told)
    return service.invite(lead, version=version, told=new)


def acceptance(code: str, private_key: str | None = None, **told: Any) -> EvaluatorAcceptance:
    """Return what an evaluator sends to accept."""
    private_key = private_key or new_private_key()
    public_key = public_key_of(private_key)
    proof = sign("fabrica-key-proof+jwt", {"nonce": public_key}, private_key)
    return EvaluatorAcceptance(
        **{"code": code, "public_key": public_key, "proof": proof, "signatory": "Eva Evaluator"} | told
    )


def make_evaluator(lead: Actor, version: VersionId, **told: Any) -> Signer:
    """Invite a body to a version and accept for it."""
    invitation = make_invitation(lead, version, **told)
    private_key = new_private_key()
    service.accept(NOBODY, told=acceptance(invitation.code, private_key))
    return Signer(invitation.evaluator, version, private_key)
