"""Things a test of the server starts from: valid by default, so that a test spells out only its point."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fabrica.bundles.limits import SOURCE
from fabrica.bundles.pack import pack_source
from fabrica.server.access import service as access
from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, SYSTEM, Actor, NetworkRole
from fabrica.server.core.storage import open_storage
from fabrica.server.people import service as people
from fabrica.server.people.models import User
from fabrica.server.runs import service as runs
from fabrica.server.sites import keys
from fabrica.server.sites import service as sites
from fabrica.values.ids import AgentId, AllocationId, AttemptId, ProjectId, RunId, SiteId
from fabrica.values.quantities import CPU_CORE, DeviceTime
from fabrica.wire.agents import Event, Inventory, PartitionInventory, SyncRequest
from fabrica.wire.people import ProjectRole
from fabrica.wire.runs import Resources, RunSpec, Usage
from fabrica.wire.signatures import new_private_key, public_key_of, sign, thumbprint

EPOCH = "first-journal"
_numbers = itertools.count(1)


def make_user(name: str = "Ada Example", *, network_role: NetworkRole | None = None, **fields: Any) -> Actor:
    """Add a person and return them as the actor they are."""
    email = fields.pop("email", f"person-{next(_numbers)}@factory.example")
    user = people.add_user(SYSTEM, email=email, name=name, network_role=network_role, **fields)
    return people.actor_of_user(User.objects.get(pk=user))


def make_operator() -> Actor:
    """Add somebody of the network's office."""
    return make_user("Olga Operator", network_role=NetworkRole.OPERATOR)


def make_project(lead: Actor | None = None, name: str = "first-steps") -> ProjectId:
    """Open a project of a new organisation."""
    lead = lead or make_user()
    assert lead.user is not None
    organisation = people.add_organisation(SYSTEM, name="Example Factory", country="NL")
    return people.open_project(SYSTEM, name=name, organisation=organisation, lead=lead.user)


def make_member(project: ProjectId, role: ProjectRole = "member") -> Actor:
    """Add a person to a project."""
    email = f"member-{next(_numbers)}@factory.example"
    person = make_user(f"A {role}", email=email)
    people.give_role(SYSTEM, project=project, email=email, role=role)
    return person


def make_allocation(project: ProjectId, core_seconds: int = 3600, **terms: Any) -> AllocationId:
    """Grant a project CPU time on the whole network for a year."""
    terms = {"ends_at": datetime.now(UTC) + timedelta(days=365)} | terms
    amount = DeviceTime(core_seconds * 1000, terms.pop("resource_class", CPU_CORE))
    return access.grant_allocation(SYSTEM, project=project, amount=amount, **terms)


def make_site(site: str = "own-site", **fields: Any) -> SiteId:
    """Add a site of our own."""
    sites.add_site(SYSTEM, site=SiteId(site), name=fields.pop("name", site.title()), country="NL", **fields)
    return SiteId(site)


def make_inventory(**partition: Any) -> Inventory:
    """Return a site with one partition of sixteen free cores on one node."""
    shape: dict[str, Any] = {
        "name": "cores",
        "resource_class": CPU_CORE,
        "software_stack": "cpu",
        "nodes": 1,
        "devices_per_node": 16,
        "devices_total": 16,
        "devices_free": 16,
        "memory_bytes_per_node": 64 * 2**30,
        "disk_free_bytes": 500 * 2**30,
    }
    return Inventory(
        engine="local",
        engine_version="1",
        country="NL",
        partitions=(PartitionInventory(**shape | partition),),
        interactive=True,
        taken_at=datetime.now(UTC),
    )


def make_agent(site: SiteId | None = None, inventory: Inventory | None = None) -> Actor:
    """Enrol an agent for a site and let it say what the site has."""
    return agent_with_token(site, inventory)[0]


def agent_with_token(site: SiteId | None = None, inventory: Inventory | None = None) -> tuple[Actor, str]:
    """Enrol an agent and return it with its token."""
    private_key = new_private_key()
    enrolled = sites.enrol_agent(
        SYSTEM, site=site or make_site(), name="test agent", public_key=public_key_of(private_key)
    )
    token = agent_token(enrolled, private_key)
    agent = sites.actor_of_agent(token)
    sites.hear(agent, request=make_sync(inventory=inventory or make_inventory()))
    return agent, token


def agent_token(agent: AgentId, private_key: str) -> str:
    """Return an access token for the holder of an agent's key, as its agent gets it."""
    now = clock.now()
    claims = {
        "iss": agent,
        "sub": agent,
        "aud": thumbprint(sites.server_key()),
        "nonce": keys.new_challenge(agent, now),
        "exp": int(now.timestamp()) + 60,
    }
    return sites.give_token(NOBODY, assertion=sign("fabrica-assertion+jwt", claims, private_key)).token


def make_sync(*events: Event, **fields: Any) -> SyncRequest:
    """Return what an agent says in one exchange."""
    return SyncRequest(**{"agent_version": "0.1.0", "epoch": EPOCH, "events": events} | fields)


def make_event(attempt: AttemptId, kind: str = "accepted", sequence: int = 1, **fields: Any) -> Event:
    """Return one event of an attempt with the first fence."""
    return Event(
        **{"attempt": attempt, "kind": kind, "sequence": sequence, "fence": 1, "at": datetime.now(UTC)} | fields
    )


def make_usage(elapsed_seconds: float = 10, devices: int = 1, **fields: Any) -> Usage:
    return Usage(elapsed_seconds=elapsed_seconds, devices=devices, **fields)


def make_bundle(folder: Path) -> tuple[str, bytes]:
    """Pack a small source folder and return its SHA-256 and its bytes."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text("print('hello')\n")
    file = folder / "source.tar"
    return pack_source(source, file, SOURCE).sha256, file.read_bytes()


def stored(content: bytes = b"a source bundle") -> str:
    """Put bytes into the storage and return their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    open_storage().store(sha256, [content], len(content))
    return sha256


def make_spec(**fields: Any) -> RunSpec:
    """Return a run of one core for at most a hundred seconds, whose bundle is stored."""
    resources = Resources(time_limit_seconds=100)
    return RunSpec(
        **{
            "name": "a run",
            "command": ("python", "train.py"),
            "bundle_sha256": fields.pop("bundle_sha256", None) or stored(),
            "resources": resources,
        }
        | fields
    )


def make_run(by: Actor, project: ProjectId, spec: RunSpec | None = None) -> RunId:
    """Submit a run as somebody who has sent its bundle; a site that can take it must be there."""
    from fabrica.server.runs.models import Upload

    spec = spec or make_spec()
    if by.user is not None:
        Upload.objects.get_or_create(sha256=spec.bundle_sha256, sender=by.user, defaults={"at": clock.now()})
    return runs.submit(by, project=project, spec=spec)


def make_placed_run(by: Actor, project: ProjectId, spec: RunSpec | None = None) -> tuple[RunId, AttemptId]:
    """Submit a run and offer it to a site."""
    from fabrica.server.runs.models import Attempt

    run = make_run(by, project, spec)
    assert runs.place(SYSTEM, run=run)
    return run, Attempt.objects.get(run=run).pk
