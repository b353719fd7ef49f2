"""Ready runs: a real server whose runs are placed and offered to sites whose agents are away.

`fabrica serve` and `fabrica work` are processes of their own, over SQLite in a temporary home. Runs are submitted over
HTTP and placed by the server's own background loop, here in the benchmark's process while `work` is not there yet. A
site's first word is said for it; after that its agent is silent, so its word and the offers are kept fresh meanwhile.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from benchmarks.shared.processes import cpu_seconds_of
from benchmarks.shared.slurm_site import BUNDLE, MIB, PERSON
from fabrica.agent.folders import SiteFolder
from fabrica.agent.journal import Journal
from fabrica.agent.keys import Identity, KeyFile
from fabrica.sdk.client import Client
from fabrica.values.ids import SiteId
from fabrica.values.quantities import CPU_CORE, DeviceTime
from fabrica.values.states import AttemptState
from fabrica.wire.agents import Inventory, SyncRequest
from fabrica.wire.runs import Resources, RunSpec
from fabrica.wire.signatures import new_private_key, public_key_of
from tests.flows.network import free_port

_PLACED_AT_ONCE = 20
_RESTS_CPU_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its home, its address, and its processes `serve` and, once started, `work`."""

    home: Path
    url: str
    processes: dict[str, subprocess.Popen[bytes]]

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes."""
        return sum(cpu_seconds_of(process.pid) for process in self.processes.values())

    def rests(self) -> bool:
        """Return whether all that came before is done: for a second next to nothing is computed."""
        before = self.cpu_seconds()
        time.sleep(1)
        return self.cpu_seconds() - before < _RESTS_CPU_SECONDS

    def key_file(self, site: str) -> Path:
        """Return the key file of a site's agent."""
        return self.home / "agents" / f"{site}.key"

    def agent_folder(self, site: str) -> Path:
        """Return the folder of a site's agent: the server knows the journal in it."""
        return self.home / "agents" / site

    def start(self, name: str, *arguments: str) -> None:
        environment = os.environ | {"FABRICA_PUBLIC_URL": self.url}
        program = [sys.executable, "-m", "fabrica.cli.main", name, *arguments]
        self.processes[name] = subprocess.Popen(program, env=environment)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait()


@contextmanager
def ready_server(home: Path, inventories: Mapping[str, Inventory], count: int) -> Iterator[Server]:
    """Yield a server that has `count` runs of `true` ready for sites that have what their inventories say."""
    port = free_port()
    server = Server(home, f"http://127.0.0.1:{port}", {})
    os.environ["FABRICA_HOME"] = str(home)
    token = _first_rows(server, inventories)
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start("serve", "--port", str(port))
        _submit(server, token, count)
        _place(count)
        server.start("work")
        wait_until(server.rests)
        yield server


def _first_rows(server: Server, inventories: Mapping[str, Inventory]) -> str:
    """Make the tables, a person with device time, and sites that have told what they have; return a token."""
    from fabrica.server.config.start import setup

    setup()
    from fabrica.server.access import service as access
    from fabrica.server.config.first_steps import migrate_database
    from fabrica.server.core.actors import SYSTEM, NetworkRole
    from fabrica.server.people import service as people

    migrate_database()
    user = people.add_user(SYSTEM, email=PERSON, name="Benchmark", network_role=NetworkRole.OPERATOR)
    organisation = people.add_organisation(SYSTEM, name="Benchmark", kind="own")
    project = people.open_project(SYSTEM, name="ready-runs", organisation=organisation, lead=user)
    amount, ends_at = DeviceTime(10_000 * 3_600_000, CPU_CORE), datetime.now(UTC) + timedelta(days=30)
    access.grant_allocation(SYSTEM, project=project, amount=amount, ends_at=ends_at, note="Benchmark")
    for name, inventory in inventories.items():
        _bring_in(server, name, inventory)
    return people.make_token(SYSTEM, user=user, name="benchmark", days=1)


def _bring_in(server: Server, name: str, inventory: Inventory) -> None:
    """Enrol a site's agent and say its first word, with which the server knows its journal."""
    from fabrica.server.core.actors import SYSTEM, Actor
    from fabrica.server.sites import service as sites

    site, private_key = SiteId(name), new_private_key()
    sites.add_site(SYSTEM, site=site, name=name, country="DE")
    agent = sites.enrol_agent(SYSTEM, site=site, name=name, public_key=public_key_of(private_key))
    folder = SiteFolder(server.agent_folder(name))
    folder.prepare()
    identity = Identity(agent=agent, site=site, server_key=sites.server_key(), private_key=private_key)
    KeyFile(server.key_file(name)).write(identity)
    journal = Journal(folder.journal)
    word = SyncRequest(agent_version="benchmark", epoch=journal.epoch, inventory=inventory)
    sites.hear(Actor(name=name, agent=agent, site=site), request=word)
    journal.close()


def _submit(server: Server, token: str, count: int) -> None:
    spec = RunSpec(
        name="true",
        command=("true",),
        bundle_sha256=sha256(BUNDLE).hexdigest(),
        resources=Resources(memory_bytes=64 * MIB, disk_bytes=16 * MIB, time_limit_seconds=60),
    )
    with Client(server.url, token) as client, tempfile.NamedTemporaryFile() as file:
        file.write(BUNDLE)
        file.flush()
        wait_until(lambda: _answers(client))
        client.put_file(f"/bundles/{spec.bundle_sha256}", Path(file.name))
        for _ in range(count):
            client.post("/runs", spec)


def _answers(client: Client) -> bool:
    from fabrica.wire.problems import ServerUnreachable

    try:
        client.get_bytes("/me")
    except ServerUnreachable:
        return False
    return True


def _place(count: int) -> None:
    from fabrica.server.runs.models import Attempt
    from fabrica.server.runs.reconcilers import place_waiting_runs
    from fabrica.server.sites.models import Agent

    while Attempt.objects.count() < count:
        Agent.objects.update(last_word_at=datetime.now(UTC))
        for _ in range(_PLACED_AT_ONCE):
            place_waiting_runs()
        Attempt.objects.update(accept_before=datetime.now(UTC) + timedelta(hours=1))


def left_before(state: AttemptState) -> int:
    """Return how many attempts the server does not know yet to be in this state, or beyond."""
    from fabrica.server.runs.models import Attempt

    order = list(AttemptState)
    return Attempt.objects.filter(state__in=order[: order.index(state)]).count()


def wait_until(done: Callable[[], bool], seconds_max: float = 900) -> None:
    """Wait until `done` is true, looking ten times a second; fail when it takes longer than `seconds_max`."""
    until = time.monotonic() + seconds_max
    while not done():
        assert time.monotonic() < until, f"not done after {seconds_max:.0f} s"
        time.sleep(0.1)
