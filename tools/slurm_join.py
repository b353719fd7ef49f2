"""Join the two Slurm sites to this user's embedded network: enrol their agents, run them, grant time on their GPUs."""

import getpass
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.services.slurm import processes
from tests.services.slurm.namespace import SiteNetwork
from tests.services.slurm.packages import PATH
from tools.slurm_sites import SITES, LocalSite, cluster_of

ROOT = Path(__file__).resolve().parent.parent
FABRICA = Path(sys.executable).with_name("fabrica")
GRANT_HOURS = 1000
GRANT_DAYS = 365
CONNECT_SECONDS_MAX = 60
EXAMPLES = ("examples/slurm-hello",)
_OTHER_SERVER = ("FABRICA_SERVER", "FABRICA_TOKEN_FILE")


@dataclass(frozen=True, slots=True)
class Joined:
    """Where the embedded network is, and the folders that its Slurm sites can run."""

    url: str
    examples: tuple[str, ...]


def join(folder: Path, *, namespaces: bool) -> Joined:
    """Start the embedded network if it is not up; enrol and start both agents; return when both are connected.

    Raises:
        RuntimeError: a command failed, or an agent did not connect; says its last words.
    """
    url = str(_fabrica("up", "--json")["url"])
    _know_sites()
    for site in SITES:
        _start_agent(site, folder, url, namespaces)
    _grant()
    for site in SITES:
        _wait_until_connected(site, folder)
    return Joined(url, EXAMPLES)


def _fabrica(*arguments: str, stdin: str = "") -> Any:
    """Run a command of the embedded network and return the JSON it prints."""
    environment = {name: value for name, value in os.environ.items() if name not in _OTHER_SERVER}
    done = subprocess.run(
        [FABRICA, *arguments], env=environment, input=stdin, capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode != 0:
        raise RuntimeError(f"'fabrica {' '.join(arguments)}' failed: {done.stdout}{done.stderr}".strip())
    return json.loads(done.stdout)


def _know_sites() -> None:
    """Tell the network that the sites exist, as its office does for sites of its own."""
    known = {site["id"] for site in _fabrica("sites", "--json")["sites"]}
    for site in SITES:
        if site.id not in known:
            _fabrica("sites", "add", site.id, "--name", site.title, "--json")


def _start_agent(site: LocalSite, folder: Path, url: str, namespaces: bool) -> None:
    """Have the site's agent run with the settings of today."""
    home = folder / f"{site.id}-agent"
    for name in ("log", "run"):
        (home / name).mkdir(parents=True, exist_ok=True)
    network = SiteNetwork(folder / site.id) if namespaces else None
    if network:
        _start_relays(home, network, int(url.rpartition(":")[2]))
    changed = _write_settings(home / "agent.toml", _settings(site, folder, url))
    enrolled = _enrol(site, home, url)
    running = processes.pid_of(home, "agent")
    if running and not (changed or enrolled):
        return
    if running:
        processes.end(running)
    cluster = cluster_of(site, folder, network)
    command = [*(network.prefix if network else ()), str(FABRICA), "agent", "run", str(home / "agent.toml")]
    processes.start(home, "agent", command, {**cluster.environment, "PATH": PATH, "FABRICA_HOME": str(home)})


def _write_settings(file: Path, text: str) -> bool:
    """Write agent.toml; return whether it changed."""
    if file.exists() and file.read_text() == text:
        return False
    file.write_text(text)
    return True


def _start_relays(home: Path, network: SiteNetwork, port: int) -> None:
    """Let the site reach the server as it would through its own way out: over the link, and no other way."""
    relay = [sys.executable, "-m", "tests.services.slurm.relay"]
    hub = f"{network.hub_address}:{port}"
    for name, prefix, listen, target in (
        ("relay-hub", [], hub, f"127.0.0.1:{port}"),
        ("relay-site", network.prefix, f"127.0.0.1:{port}", hub),
    ):
        if processes.pid_of(home, name) is None:
            processes.start(home, name, [*prefix, *relay, listen, target], {"PATH": PATH, "PYTHONPATH": str(ROOT)})


def _enrol(site: LocalSite, home: Path, url: str) -> bool:
    """Enrol the site's agent unless the network knows it; return whether it was done."""
    agent = _site(site)["agent"]
    if agent is not None and not agent["withdrawn"] and agent["id"] == _agent_id(home):
        return False
    invitation = _fabrica("sites", "invite", site.id, "--replace", "--json")
    asked = ("--server", url, "--config", str(home / "agent.toml"), "--server-key", invitation["server_key"])
    enrolled = _fabrica("agent", "enrol", *asked, "--json", stdin=f"{invitation['code']}\n")
    (home / "agent.id").write_text(enrolled["agent"])
    return True


def _agent_id(home: Path) -> str | None:
    memory = home / "agent.id"
    return memory.read_text() if memory.exists() else None


def _site(site: LocalSite) -> Any:
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites
    from fabrica.values.ids import SiteId

    with connect(start=False) as client:
        return sites.site(client, SiteId(site.id)).model_dump(mode="json")


def _settings(site: LocalSite, folder: Path, url: str) -> str:
    """Return the site's agent.toml. Runs execute as whoever started this: their own agent, on their own cluster."""
    home = folder / f"{site.id}-agent"
    agent: Mapping[str, Any] = {
        "server": url,
        "key_file": str(home / "agent.key"),
        "folder": str(home / "site"),
        "engine": "slurm",
        "site_accounts": "own",
        "person": f"{getpass.getuser()}@localhost",
        "file_sources": ["/"],
        "tick_seconds": 0.2,
        "usage_seconds": 1,
        "inventory_seconds": 2,
    }
    engine = {"slurm_conf": str(folder / site.id / "etc" / "slurm.conf"), "look_seconds": 0.5, "accounting_seconds": 1}
    partition = {"name": "gpu", "resource_class": site.resource_class, "gres_type": site.gpu_type}
    tables = (("", agent), ("[engine_settings]", engine), ("[[engine_settings.partitions]]", partition))
    return "\n".join(f"{title}\n{_lines(table)}" for title, table in tables).lstrip()


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


def _grant() -> None:
    """Grant the user's project time on each class of GPU that it has none of."""
    held = _fabrica("balance", "--json")
    classes = {allocation["resource_class"] for allocation in held["allocations"]}
    until = (datetime.now(UTC) + timedelta(days=GRANT_DAYS)).date().isoformat()
    for site in SITES:
        if site.resource_class not in classes:
            note = f"For {site.title}"
            amount = (held["project"], site.resource_class, str(GRANT_HOURS))
            _fabrica("grant", *amount, "--until", until, "--site", site.id, "--note", note, "--json")


def _wait_until_connected(site: LocalSite, folder: Path) -> None:
    home = folder / f"{site.id}-agent"
    _wait(
        lambda: _site(site)["connected"] and _site(site)["inventory"],
        lambda: processes.pid_of(home, "agent") is not None,
        f"the agent of {site.id} did not connect; its last words: {_last_words(home)}",
    )


def _wait(done: Callable[[], Any], alive: Callable[[], bool], words: str) -> None:
    until = time.monotonic() + CONNECT_SECONDS_MAX
    while not done():
        if not alive() or time.monotonic() > until:
            raise RuntimeError(words)
        time.sleep(0.2)


def _last_words(home: Path) -> str:
    file = home / "log" / "agent.words"
    return " / ".join(file.read_text(errors="replace").splitlines()[-5:]) if file.exists() else "none"


def leave(folder: Path) -> None:
    """End both agents and withdraw them, when the network is up to hear it; the sites stay known to it."""
    from fabrica.cli import embedded
    from fabrica.sdk import sites
    from fabrica.sdk.client import Client
    from fabrica.values.ids import AgentId, SiteId
    from fabrica.wire.problems import FabricaError

    network = embedded.find()
    for site in SITES:
        home = folder / f"{site.id}-agent"
        running = processes.pid_of(home, "agent")
        if running:
            processes.end(running)
        agent = _agent_id(home)
        if network is None or agent is None:
            continue
        try:
            with Client(network.url, network.token()) as client:
                sites.withdraw(client, SiteId(site.id), AgentId(agent))
        except FabricaError as trouble:
            print(f"The agent of {site.id} could not be withdrawn: {trouble}")
