"""A dry run of everything an agent needs: each thing is tried, nothing is started, and what to mend is said."""

import fcntl
import importlib.util
import os
import pwd
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fabrica.agent.accounts import account_name
from fabrica.agent.failures import masked
from fabrica.agent.keys import KeyFile
from fabrica.agent.locks import held_at_once
from fabrica.agent.settings import AgentSettings, is_loopback, read_settings
from fabrica.agent.transport import HttpTransport, way_remedy
from fabrica.engines.contract import ChecksItself, Engine, Finding
from fabrica.engines.registry import open_engine
from fabrica.reference.accelerators import load_accelerators
from fabrica.values.quantities import CPU_CORE, show_bytes
from fabrica.wire.agents import PROTOCOL, Inventory
from fabrica.wire.problems import FabricaError

_DISK_LITTLE_BYTES = 20 * 2**30
_DISK_NONE_BYTES = 2**30
_CLOCK_SECONDS = 5
_LISTENS = "0A"  # TCP_LISTEN in /proc/net/tcp


def check(path: Path) -> Iterator[Finding]:
    """Try everything the settings say, one finding after the other. Nothing is started and no run is taken."""
    try:
        settings = read_settings(path)
    except FabricaError as problem:
        yield _fix("settings", problem)
        return
    yield Finding("settings", "ok", f"{path} is understood")
    yield _user()
    yield from _folder(settings.folder)
    key_is_there = True
    for finding in _key(KeyFile(settings.key_file)):
        key_is_there &= finding.verdict != "fix"
        yield finding
    yield from _way_to(settings.server)
    if key_is_there:
        yield from _server(settings)
    yield from _engine(settings)
    yield from _accounts(settings)
    yield from _python()
    yield _outbound_only()


def _fix(subject: str, problem: FabricaError) -> Finding:
    return Finding(subject, "fix", problem.detail, problem.remedy)


def _user() -> Finding:
    if os.geteuid() == 0:
        return Finding(
            "user", "warn", "this is the superuser", "give the agent an account of its own, with no more rights"
        )
    return Finding("user", "ok", f"the agent is {_own_name()} here")


def _folder(folder: Path) -> Iterator[Finding]:
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not place.is_dir() or not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "folder",
            "fix",
            f"{place} cannot be written by {_own_name()}",
            f"chown it, or set another `folder` than {folder}",
        )
        return
    mode = folder.stat().st_mode & 0o777 if folder.exists() else 0o700
    if mode & 0o022:
        yield Finding("folder", "fix", f"others may write in {folder} (mode {mode:o})", f"chmod 700 {folder}")
    elif folder.exists():
        yield Finding("folder", "ok", f"{folder}, mode {mode:o}")
    else:
        yield Finding("folder", "ok", f"{folder} will be made")
    yield from _locks(place, folder)
    free = shutil.disk_usage(place).free
    words = f"{show_bytes(free)} free on the disk of {folder}"
    if free < _DISK_NONE_BYTES:
        yield Finding("disk", "fix", words, "set `folder` to a larger disk: sources, data and environments go there")
    elif free < _DISK_LITTLE_BYTES:
        yield Finding("disk", "warn", words, "environments and datasets of runs may not fit")
    else:
        yield Finding("disk", "ok", words)


def _locks(place: Path, folder: Path) -> Iterator[Finding]:
    try:
        with tempfile.NamedTemporaryFile(dir=place) as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as trouble:
        yield Finding(
            "locks",
            "fix",
            f"files of {place} cannot be locked ({trouble.strerror})",
            "set `folder` to a local disk, or mount with locks",
        )
        return
    lock = folder / "agent.lock"
    if lock.exists():
        with held_at_once(lock) as free:
            words = "no agent runs over the folder now" if free else "an agent runs over the folder now"
        yield Finding("locks", "ok", words)


def _key(file: KeyFile) -> Iterator[Finding]:
    try:
        identity = file.read()
    except FabricaError as problem:
        yield _fix("key", problem)
        return
    yield Finding("key", "ok", f"{file.path}, mode 600, of {identity.agent} for {identity.site}")
    if file.next.path.exists():
        yield Finding("key", "warn", "a change of the key was not finished", "run 'fabrica agent rotate-key' again")


def _way_to(server: str) -> Iterator[Finding]:
    if not server.startswith("https://") and not is_loopback(server):
        yield Finding("server", "fix", f"{server} is not encrypted", "use an address that begins with https://")
    proxies = [name for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy") if os.environ.get(name)]
    if proxies and not is_loopback(server):
        yield Finding("proxy", "ok", f"{proxies[0]} is {masked(os.environ[proxies[0]])}")


def _server(settings: AgentSettings) -> Iterator[Finding]:
    transport = HttpTransport(settings.server, settings.key_file)
    try:
        transport.tokens.current()
        yield Finding("server", "ok", f"{settings.server} answers, signed with the key this agent knows")
        yield Finding("token", "ok", "an access token was given")
        yield from _clock(transport.tokens.clock_difference_seconds or 0)
        site = transport.own_site()
        if PROTOCOL not in site.protocols:
            yield Finding(
                "protocol", "fix", f"the server speaks {site.protocols}, this agent {PROTOCOL}", "update fabrica here"
            )
        if site.draining:
            yield Finding(
                "site", "warn", f"{site.site} is drained: {site.draining_reason}", "the network's office resumes it"
            )
        else:
            yield Finding("site", "ok", f"the server knows {site.site} and would give it runs")
    except FabricaError as problem:
        subject = "server" if problem.status >= 500 else "token"
        remedy = problem.remedy or way_remedy(problem)
        yield Finding(subject, "fix", masked(problem.detail), remedy)
        if transport.tokens.clock_difference_seconds is not None:
            yield from _clock(transport.tokens.clock_difference_seconds)
    finally:
        transport.close()


def _clock(difference_seconds: float) -> Iterator[Finding]:
    words = f"this machine's clock is {abs(difference_seconds):.0f} s "
    words += "behind the server's" if difference_seconds > 0 else "ahead of the server's"
    if abs(difference_seconds) > _CLOCK_SECONDS:
        yield Finding("clock", "warn", words, "times of runs are told by it: timedatectl set-ntp true")
    else:
        yield Finding("clock", "ok", words)


def _engine(settings: AgentSettings) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="fabrica-check-") as folder:
        try:
            engine = open_engine(settings.engine, Path(folder), **settings.engine_settings)
            inventory = engine.capacity()
        except FabricaError as problem:
            yield _fix("engine", problem)
            return
        except Exception as trouble:  # an engine's own, of which nothing is known here
            words = f"the engine {settings.engine} does not open: {type(trouble).__name__}: {trouble}"
            yield Finding("engine", "fix", masked(words), "look at `engine` and [engine_settings]")
            return
        yield Finding("engine", "ok", f"{inventory.engine} {inventory.engine_version}")
        yield from _of_engine(engine, settings)
    yield from _partitions(inventory)


def _of_engine(engine: Engine, settings: AgentSettings) -> Iterator[Finding]:
    if isinstance(engine, ChecksItself):
        table = settings.site_accounts
        yield from engine.check(sorted(set(table.values())) if isinstance(table, dict) else ())


def _partitions(inventory: Inventory) -> Iterator[Finding]:
    if not inventory.partitions:
        yield Finding("partitions", "fix", "the engine offers no partition", "name at least one in [engine_settings]")
    known = {accelerator.resource_class for accelerator in load_accelerators().values()} | {CPU_CORE}
    for one in inventory.partitions:
        if one.nodes is None or one.devices_total is None:
            words = f"{one.name}: what of {one.resource_class} is there is not known"
            yield Finding("partitions", "fix", words, "the engine gives no answer: look at what it said above")
            continue
        nodes = "1 node" if one.nodes == 1 else f"{one.nodes} nodes"
        words = f"{one.name}: {one.devices_total} of {one.resource_class} on {nodes}"
        if one.resource_class not in known:
            yield Finding(
                "partitions", "fix", f"{words}; no such resource class", f"one of: {', '.join(sorted(known))}"
            )
        elif one.nodes == 0 or one.devices_total == 0:
            yield Finding("partitions", "warn", words, "nothing is there to run on: look at the partition's nodes")
        else:
            yield Finding("partitions", "ok", words)


def _accounts(settings: AgentSettings) -> Iterator[Finding]:
    table = settings.site_accounts
    if table is None:
        yield Finding(
            "accounts", "ok", "runs execute as this agent's own account: a network of one's own, or simulated"
        )
        return
    if table == "own":
        yield Finding("accounts", "ok", f"runs of {settings.person} execute as {_own_name()}; nobody else's come here")
        return
    assert isinstance(table, dict), "the two words were told apart above"
    if not table:
        yield Finding("accounts", "warn", "nobody has an account here yet", "name people in [site_accounts]")
    shared = {account for account, people in Counter(table.values()).items() if people > 1}
    for person, account in table.items():
        yield _account(person, account, account in shared)


def _account(person: str, account: str, is_shared: bool) -> Finding:
    try:
        number = pwd.getpwnam(account).pw_uid
    except KeyError:
        return Finding("accounts", "fix", f"{person}: there is no account {account} here", "correct [site_accounts]")
    if number == 0:
        return Finding("accounts", "fix", f"{person}: {account} is the superuser", "give them an account of their own")
    if is_shared:
        return Finding(
            "accounts",
            "warn",
            f"{person}: {account} is named more than once",
            "right only if it is one person's id and address",
        )
    return Finding("accounts", "ok", f"{person} is {account}")


def _own_name() -> str:
    return account_name(os.geteuid())


def _python() -> Iterator[Finding]:
    for module, package in (("venv", "python3-venv"), ("pip", "python3-pip")):
        if importlib.util.find_spec(module) is None:
            yield Finding("python", "fix", f"this Python has no {module}", f"install {package}: environments need it")
            return
    yield Finding("python", "ok", "environments of runs can be built")


def _outbound_only() -> Finding:
    """Say whether this process, which did all the above, listens anywhere."""
    sockets = {_socket_number(Path(link)) for link in _links(Path("/proc/self/fd"))}
    listening = [number for number in _listening_sockets() if number in sockets]
    if listening:
        return Finding(
            "outbound", "warn", "this process listens on a port", "the engine opens one; look at its settings"
        )
    return Finding("outbound", "ok", "no port is opened: the agent only dials out")


def _links(folder: Path) -> Iterator[str]:
    for link in folder.iterdir():
        try:
            yield str(link.readlink())
        except OSError:  # the descriptor that listed the folder is gone
            continue


def _socket_number(target: Path) -> str:
    text = str(target)
    return text.removeprefix("socket:[").removesuffix("]") if text.startswith("socket:[") else ""


def _listening_sockets() -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/self/net", name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        yield from (fields[9] for fields in map(str.split, lines) if fields[3] == _LISTENS)
