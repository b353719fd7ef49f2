"""A real OpenID provider on a free port, with one client and one person who agrees to everything."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.kept import first_answer, kept
from tests.services.node import node_command

REDIRECT_URL = "http://127.0.0.1:8400/accounts/oidc/oidc/login/callback/"
"""Where Fabrica waits for a person who comes back from the provider."""

PERSON: Mapping[str, object] = {
    "sub": "ada-0001",
    "name": "Ada Example",
    "given_name": "Ada",
    "family_name": "Example",
    "email": "ada@factory.example",
    "email_verified": True,
    "schac_home_organization": "factory.example",
    "eduperson_entitlement": ["urn:example:fabrica:operators"],
}


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """Where the provider is, the client it knows, and the claims of its one person."""

    url: str
    client_id: str
    client_secret: str
    person: Mapping[str, object] = field(default_factory=lambda: PERSON)


@contextlib.contextmanager
def openid_provider(
    redirect_urls: Sequence[str] = (REDIRECT_URL,),
    person: Mapping[str, object] = PERSON,
) -> Iterator[OpenIdProvider]:
    """Yield a provider with discovery, PKCE (demanded of every client) and the device flow."""
    client = {"client_id": "fabrica-tests", "client_secret": "known-to-the-tests-only"}
    folder = Path(tempfile.mkdtemp(prefix="fabrica-oidc-"))
    configuration = folder / "configuration.json"
    configuration.write_text(json.dumps({**client, "redirect_uris": list(redirect_urls), "person": dict(person)}))
    command = node_command("oidc.mjs", str(configuration))
    with kept(command, folder=folder, environment=dict(os.environ)) as keeper:
        port = first_answer(keeper)["port"]
        yield OpenIdProvider(f"http://127.0.0.1:{port}", person=person, **client)
