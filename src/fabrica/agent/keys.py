"""Who the agent is: its key pair, made here and never sent, and the server's public key. One file of mode 600."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from fabrica.agent.accounts import account_name
from fabrica.values.files import write_private
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire import signatures
from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.bodies import Request
from fabrica.wire.enrolment import ASSERTION_SECONDS, Challenge


class Identity(Request):
    """What an agent's key file holds. `server_key`: the server's public key, pinned when the agent was enrolled."""

    agent: AgentId
    site: SiteId
    server_key: str = Field(min_length=43, max_length=43)
    private_key: str

    @property
    def public_key(self) -> str:
        return signatures.public_key_of(self.private_key)

    def assertion(self, challenge: Challenge) -> str:
        """Return the server's challenge, signed; its times are the server's, since the site's clock may be wrong."""
        now = int(challenge.server_time.timestamp())
        claims = {
            "iss": self.agent,
            "sub": self.agent,
            "aud": signatures.thumbprint(self.server_key),
            "nonce": challenge.challenge,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        return signatures.sign("fabrica-assertion+jwt", claims, self.private_key)


def proof_of(private_key: str, nonce: str) -> str:
    """Return what shows that one holds a private key."""
    return signatures.sign("fabrica-key-proof+jwt", {"nonce": nonce}, private_key)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file of an identity. A key that is being changed stands beside it until the server knows it."""

    path: Path

    @property
    def next(self) -> "KeyFile":
        return KeyFile(self.path.with_name(f"{self.path.name}.next"))

    def write(self, identity: Identity) -> None:
        """Write the file, for its owner only."""
        write_private(self.path, identity.model_dump_json(indent=2) + "\n")

    def read(self) -> Identity:
        """Return who the agent is.

        Raises:
            AgentSettingsRefused: the file is missing, damaged, open to others, or another account's.
        """
        try:
            status = self.path.stat()
            self._check_owner(status.st_uid)
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as trouble:
            raise AgentSettingsRefused(
                f"the key file {self.path} cannot be read ({type(trouble).__name__}).",
                remedy="Enrol the agent with a code: 'fabrica agent enrol'.",
            ) from trouble
        if status.st_mode & 0o077:
            raise AgentSettingsRefused(
                f"others may read the key file {self.path}.", remedy=f"Run: chmod 600 {self.path}"
            )
        try:
            identity = Identity.model_validate_json(text)
            signatures.check_public_key(identity.server_key)
            _ = identity.public_key
        except (ValidationError, signatures.SignatureWrong):  # whose words could show the key
            raise AgentSettingsRefused(
                f"the key file {self.path} is damaged.", remedy="Enrol the agent again with a new code."
            ) from None
        return identity

    def version(self) -> tuple[int, int]:
        """Return what changes whenever the file is written anew; zeros while it is not there."""
        try:
            status = self.path.stat()
        except OSError:
            return (0, 0)
        return (status.st_ino, status.st_mtime_ns)

    def _check_owner(self, owner: int) -> None:
        """Refuse another account's key: whoever may do more, as root, would leave files that the agent cannot read."""
        own = os.geteuid()
        if owner != own:
            name = account_name(owner)
            raise AgentSettingsRefused(
                f"the key file {self.path} belongs to {name}, and this command is run by {account_name(own)}.",
                remedy=f"Run it as {name}, or give the file to the agent's account with chown.",
            )

    def promote_next(self) -> None:
        """Put the next key in the place of this one."""
        self.next.path.replace(self.path)
