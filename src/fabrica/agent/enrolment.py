"""How an agent comes to speak for its site: with a code once, and with a new key whenever its operator wants one."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import ValidationError

from fabrica.agent.keys import Identity, KeyFile, proof_of
from fabrica.agent.settings import AgentSettings, read_settings
from fabrica.agent.transport import HttpTransport, check_status, make_client, way_remedy
from fabrica.values.files import write_private
from fabrica.wire import signatures
from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.enrolment import AnswerRefused, CodeUse, Enrolled, KeyChange, ServerKey
from fabrica.wire.problems import ServerUnreachable

_ACCOUNTS = (
    '# support = "support@site.example.eu"   # whom people ask for an account here',
    "",
    "[site_accounts]",
    '# "ada@example.eu" = "ada"',
)
_PARTITION = (
    "",
    "[[engine_settings.partitions]]",
    "# Fabrica's name of a partition; `slurm` where Slurm calls it otherwise.",
    'name = "cpu"',
    '# slurm = "standard"',
    'resource_class = "cpu.core"',
    '# account = "fabrica"',
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What came of an enrolment. `settings_written`: agent.toml was not there before."""

    identity: Identity
    key_file: Path
    settings_file: Path
    settings_written: bool

    @property
    def server_key(self) -> str:
        """What the server's key is known by: the same that the operator saw beside the code."""
        return signatures.thumbprint(self.identity.server_key)


def enrol(
    server: str,
    code: str,
    settings_file: Path,
    *,
    engine: str = "local",
    person: str | None = None,
    country: str | None = None,
    server_key: str | None = None,
) -> Enrolment:
    """Make a key pair here, give its public half to the server with the code, and write key file and settings.

    Settings that are there stay as they are, but for their server, which must be this one. The code is shown last: to a
    server that has shown the key of the thumbprint `server_key`, and once the key file can be written.

    Raises:
        CodeRefused: the code does not work.
        AnswerRefused: the server has another key than `server_key`.
        AgentSettingsRefused: the settings that are there name another server, or have a mistake, or nothing can be
            written beside them.
        ServerUnreachable: no answer; a code that was taken in spite of it is replaced by the office.
    """
    server = server.rstrip("/")
    settings_file = settings_file.absolute()
    key_file = KeyFile(_key_file(settings_file, server))
    settings_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_writable(key_file.path.parent)
    private_key = signatures.new_private_key()
    with _answering(server) as client:
        known_key = _shown_key(client, server_key) if server_key else None
        given = _use_code(client, code, private_key)
    if known_key not in (None, given.server_key):
        raise AnswerRefused(
            "The server that took the code has another key than it showed before.",
            remedy="Somebody may stand between. Have the office withdraw this agent, and look at the address.",
        )
    identity = Identity(agent=given.agent, site=given.site, server_key=given.server_key, private_key=private_key)
    key_file.write(identity)
    key_file.next.path.unlink(missing_ok=True)
    written = not settings_file.exists()
    if written:
        write_private(settings_file, _template(given, server, key_file.path, engine, person, country))
    return Enrolment(identity, key_file.path, settings_file, written)


def _key_file(settings_file: Path, server: str) -> Path:
    if not settings_file.exists():
        return settings_file.with_name("agent.key")
    settings = read_settings(settings_file)
    if settings.server != server:
        raise AgentSettingsRefused(
            f"{settings_file} names the server {settings.server}.",
            remedy=f"Write {server} there, or name another file.",
        )
    return settings.key_file


def _check_writable(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as trouble:
        raise AgentSettingsRefused(
            f"Nothing can be written in {folder}, where the key goes: {trouble.strerror}. The code was not used.",
            remedy="Run the command as the agent's account, or name another file with --config.",
        ) from trouble


@contextmanager
def _answering(server: str) -> Iterator[httpx.Client]:
    """Yield a client of the server; what is no answer of a Fabrica server is told as that."""
    try:
        with make_client(server) as client:
            yield client
    except (httpx.HTTPError, ValidationError) as trouble:
        raise ServerUnreachable(
            f"{server} does not answer as a Fabrica server does ({type(trouble).__name__}).",
            remedy=way_remedy(trouble) if isinstance(trouble, httpx.HTTPError) else "Look at the address.",
        ) from trouble


def _shown_key(client: httpx.Client, thumbprint: str) -> str:
    """Return the key that the server shows and signs with; it must be the one that the site's operators were told."""
    nonce = signatures.new_nonce()
    response = client.get("/server-key", headers={signatures.NONCE_HEADER: nonce})
    check_status(response)
    key = ServerKey.model_validate_json(response.content).server_key
    found = signatures.thumbprint(key)
    if found != thumbprint:
        raise AnswerRefused(
            f"The server's key is {found}, not {thumbprint}. The code was not used.",
            remedy="Compare what follows --server-key with what the office told. If it is that, somebody may stand "
            "between: look at the address.",
        )
    try:
        signature = response.headers.get(signatures.SIGNATURE_HEADER, "")
        signatures.check_answer(response.content, signature, nonce=nonce, public_key=key)
    except signatures.SignatureWrong as trouble:
        raise AnswerRefused(
            f"Who answers at the server's address does not hold the server's key: {trouble}. The code was not used.",
            remedy="Somebody may stand between: look at the address.",
        ) from trouble
    return key


def _use_code(client: httpx.Client, code: str, private_key: str) -> Enrolled:
    public_key = signatures.public_key_of(private_key)
    use = CodeUse(code=code, public_key=public_key, proof=proof_of(private_key, public_key))
    response = client.post("/enrol", content=use.model_dump_json(), headers={"Content-Type": "application/json"})
    check_status(response)
    return Enrolled.model_validate_json(response.content)


def rotate_key(settings: AgentSettings) -> Identity:
    """Make a new key pair and let the server know the agent by it; tokens of the old key end at once.

    The next key is written before the server hears of it, so that a death in between loses nothing: it is done again.

    Raises:
        ServerUnreachable, FabricaError: as `Transport.sync`; the old key then stands.
    """
    file = KeyFile(settings.key_file)
    old = file.read()
    if not file.next.path.exists():
        file.next.write(old.model_copy(update={"private_key": signatures.new_private_key()}))
    new = file.next.read()
    transport = HttpTransport(settings.server, settings.key_file)
    try:
        transport.tokens.current()
        if transport.tokens.identity == old:  # else the server knew the next key already, and it is in place
            proof = proof_of(new.private_key, new.agent)
            transport.change_key(KeyChange(public_key=new.public_key, proof=proof))
            file.promote_next()
    finally:
        transport.close()
    return new


def _template(
    given: Enrolled, server: str, key_file: Path, engine: str, person: str | None, country: str | None
) -> str:
    """Return an agent.toml to go on from."""
    lines = [
        f"# The agent of {given.site}. 'fabrica agent check' tries these settings and says what to mend.",
        f"server = {_quoted(server)}",
        f"key_file = {_quoted(str(key_file))}",
        f"folder = {_quoted(str(key_file.with_name('agent')))}",
        f"engine = {_quoted(engine)}",
        f"country = {_quoted(country)}" if country else '# country = "FI"',
        "",
        "# Runs execute as the account of the person who submitted them, never all as one.",
    ]
    if person or engine != "slurm":
        mark = "" if person else "# "
        lines += [f'{mark}site_accounts = "own"', f"{mark}person = {_quoted(person or 'you@example.eu')}"]
    if engine == "slurm":
        lines += _PARTITION if person else (*_ACCOUNTS, *_PARTITION)
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a basic string of TOML is written as one of JSON
