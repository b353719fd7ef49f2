"""Every endpoint, asked by everybody: nobody, strangers, each role, operators, agents and withdrawn agents."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from fabrica.server.config.api import api
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.storage import open_storage
from fabrica.server.ledger import corrections
from fabrica.server.ledger import queries as ledger_queries
from fabrica.server.people import service as people
from fabrica.server.runs import service as runs
from fabrica.server.runs import uploads
from fabrica.server.runs.models import Run
from fabrica.server.sites import service as sites
from fabrica.server.sites.models import Agent
from fabrica.values.ids import AttemptId, ProjectId, RunId
from fabrica.values.states import EndReason
from fabrica.wire.blobs import PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, pack
from fabrica.wire.signatures import new_private_key, public_key_of, sign
from tests.builders import (
    agent_with_token,
    make_allocation,
    make_bundle,
    make_event,
    make_member,
    make_operator,
    make_placed_run,
    make_project,
    make_site,
    make_spec,
    make_sync,
    make_usage,
    make_user,
    stored,
)
from tests.server.aiact.endpoints import ENDPOINTS as AIACT_ENDPOINTS
from tests.server.aiact.evaluation_endpoints import ENDPOINTS as EVALUATION_ENDPOINTS
from tests.server.attachments.endpoints import ENDPOINTS as ATTACHMENT_ENDPOINTS
from tests.server.planning.endpoints import ENDPOINTS as PLANNING_ENDPOINTS

pytestmark = pytest.mark.django_db
CALLERS = ("nobody", "stranger", "reader", "member", "lead", "operator", "agent", "withdrawn")
OUTPUT = b"<script>alert('hostile')</script>"


@dataclass
class World:
    """A project with a finished run, a site of its own, and somebody of every kind."""

    project: ProjectId
    run: RunId
    attempt: AttemptId
    bundle: tuple[str, bytes]
    output_sha256: str
    tokens: dict[str, str]
    actors: dict[str, Actor] = field(default_factory=dict)

    def ask(self, caller: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer that a caller gets."""
        if caller in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[caller]}"
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Client().generic(method, f"/api/v1{path}", content, "application/json", headers=headers)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[World]:
    """Yield one world for all tests: what a test changes is undone at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _made_world(tmp_path_factory.mktemp("world"))
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _heard_a_moment_ago(world: World, db: None) -> None:
    """Let the agent speak anew before each test: on a slow day the world is older than a word of its agent counts."""
    Agent.objects.filter(pk=world.actors["agent"].agent).update(last_word_at=clock.now())


def _made_world(folder: Path) -> World:
    lead = make_user("Lea Lead")
    project = make_project(lead)
    make_allocation(project)
    actors = {
        "stranger": make_user("A stranger"),
        "reader": make_member(project, "reader"),
        "member": make_member(project, "member"),
        "lead": lead,
        "operator": make_operator(),
    }
    tokens = {name: token_of(actor) for name, actor in actors.items()}
    agent, tokens["agent"] = agent_with_token()
    gone, tokens["withdrawn"] = agent_with_token(make_site("gone-site"))
    assert gone.agent is not None
    sites.withdraw_agent(SYSTEM, agent=gone.agent)
    bundle = make_bundle(folder)
    run, attempt = make_placed_run(lead, project, make_spec(bundle_sha256=stored(bundle[1])))
    artifact = {"path": "page.html", "sha256": stored(OUTPUT), "bytes": len(OUTPUT)}
    uploads.note(agent, hashes=[str(artifact["sha256"])])
    for kind, said in (
        ("accepted", {}),
        ("running", {}),
        ("log", {"log_offset": 0, "log_text": "hello\n"}),
        ("artifacts", {"artifacts": (artifact,)}),
        ("ended", {"reason": EndReason.COMPLETED, "usage": make_usage()}),
    ):
        runs.record(agent, events=[make_event(attempt, kind, **said)])
    return World(project, run, attempt, bundle, artifact["sha256"], tokens, actors | {"agent": agent})  # type: ignore[arg-type]


def token_of(actor: Actor) -> str:
    assert actor.user is not None
    return people.make_token(actor, user=actor.user, name="tests")


def new_spec(world: World) -> dict[str, Any]:
    return make_spec(bundle_sha256=world.bundle[0], project=world.project).model_dump(mode="json")


def running(world: World) -> RunId:
    """Return a run that has not ended."""
    return make_placed_run(world.actors["lead"], world.project)[0]


def lost(world: World) -> tuple[str, Any]:
    run, attempt = make_placed_run(world.actors["lead"], world.project)
    return f"/runs/{run}/declare-lost", {"attempt": attempt}


def new_correction(world: World) -> dict[str, Any]:
    grant = ledger_queries.statement(world.project).rows[-1].transfer.id
    return {"transfer": grant, "right_milliseconds": 3_600_000, "reason": "Wrong award."}


def proposed(world: World) -> str:
    return corrections.propose(make_operator(), **new_correction(world))


ANYBODY = [401, 200, 200, 200, 200, 200, 401, 401]
ANYBODY_201 = [401, 201, 201, 201, 201, 201, 401, 401]
READERS = [401, 404, 200, 200, 200, 200, 401, 401]
OPERATORS = [401, 403, 403, 403, 403, 200, 401, 401]
OPERATORS_201 = [401, 403, 403, 403, 403, 201, 401, 401]
OPERATORS_204 = [401, 403, 403, 403, 403, 204, 401, 401]
AGENTS = [401, 401, 401, 401, 401, 401, 200, 403]

Ask = Callable[[World], tuple[str, Any]]
TABLE: dict[tuple[str, str], tuple[list[int], Ask]] = {
    ("GET", "/me"): (ANYBODY, lambda world: ("/me", None)),
    ("PUT", "/me/mail"): (ANYBODY, lambda world: ("/me/mail", {"mail_wanted": False})),
    ("GET", "/me/tokens"): (ANYBODY, lambda world: ("/me/tokens", None)),
    ("POST", "/me/tokens"): (ANYBODY_201, lambda world: ("/me/tokens", {"name": "laptop", "days": 1})),
    ("DELETE", "/me/tokens/{token}"): ([401, *[404] * 5, 401, 401], lambda world: ("/me/tokens/999999", None)),
    ("POST", "/me/sign-in-link"): (ANYBODY, lambda world: ("/me/sign-in-link", {})),
    ("GET", "/people"): (OPERATORS, lambda world: ("/people?search=lea", None)),
    ("POST", "/people/{user}/adviser"): (
        OPERATORS,
        lambda world: (f"/people/{world.actors['stranger'].user}/adviser", {"adviser": True}),
    ),
    ("POST", "/people/{user}/deactivate"): (
        OPERATORS,
        lambda world: (f"/people/{world.actors['stranger'].user}/deactivate", {}),
    ),
    ("POST", "/people/{user}/reactivate"): (
        OPERATORS,
        lambda world: (f"/people/{world.actors['stranger'].user}/reactivate", {}),
    ),
    ("POST", "/people"): (
        OPERATORS_201,
        lambda world: ("/people", {"email": "new@factory.example", "name": "New"}),
    ),
    ("GET", "/organisations"): (OPERATORS, lambda world: ("/organisations", None)),
    ("POST", "/organisations"): (OPERATORS_201, lambda world: ("/organisations", {"name": "New", "country": "FI"})),
    ("GET", "/projects"): (ANYBODY, lambda world: ("/projects", None)),
    ("POST", "/projects"): (OPERATORS_201, lambda world: ("/projects", new_project())),
    ("GET", "/projects/{project}"): (READERS, lambda world: (f"/projects/{world.project}", None)),
    ("POST", "/projects/{project}/members"): (
        [401, 404, 403, 403, 204, 204, 401, 401],
        lambda world: (f"/projects/{world.project}/members", {"email": make_user_email(), "role": "reader"}),
    ),
    ("GET", "/projects/{project}/allocations"): (
        READERS,
        lambda world: (f"/projects/{world.project}/allocations", None),
    ),
    ("GET", "/projects/{project}/statement"): (READERS, lambda world: (f"/projects/{world.project}/statement", None)),
    ("POST", "/allocations"): (
        OPERATORS_201,
        lambda world: (
            "/allocations",
            {
                "project": world.project,
                "resource_class": "gpu.h100",
                "device_seconds": 10,
                "ends_at": "2999-01-01T00:00:00Z",
            },
        ),
    ),
    ("GET", "/bundles/{sha256}"): (
        [401, 404, 404, 204, 204, 404, 401, 401],
        lambda world: (f"/bundles/{world.bundle[0]}", None),
    ),
    ("PUT", "/bundles/{sha256}"): (
        [401, 403, 403, 204, 204, 403, 401, 401],
        lambda world: (f"/bundles/{world.bundle[0]}", world.bundle[1]),
    ),
    ("GET", "/purposes"): (ANYBODY, lambda world: ("/purposes", None)),
    ("POST", "/runs"): ([401, 404, 403, 201, 201, 403, 401, 401], lambda world: ("/runs", new_spec(world))),
    ("POST", "/runs/plan"): (READERS, lambda world: ("/runs/plan", new_spec(world))),
    ("GET", "/runs"): (ANYBODY, lambda world: ("/runs", None)),
    ("GET", "/runs/{run}"): (READERS, lambda world: (f"/runs/{world.run}", None)),
    ("POST", "/runs/{run}/cancel"): (
        [401, 404, 403, 200, 200, 200, 401, 401],
        lambda world: (f"/runs/{running(world)}/cancel", {}),
    ),
    ("GET", "/runs/{run}/declare-lost"): (
        [401, 404, 403, 403, 403, 200, 401, 401],
        lambda world: (f"/runs/{running(world)}/declare-lost", None),
    ),
    ("POST", "/runs/{run}/declare-lost"): (
        [401, 404, 403, 403, 403, 200, 401, 401],
        lambda world: lost(world),
    ),
    ("GET", "/runs/{run}/placement"): (READERS, lambda world: (f"/runs/{world.run}/placement", None)),
    ("GET", "/runs/{run}/placement/snapshots"): (
        READERS,
        lambda world: (f"/runs/{world.run}/placement/snapshots", None),
    ),
    ("GET", "/runs/{run}/metrics"): (READERS, lambda world: (f"/runs/{world.run}/metrics", None)),
    ("GET", "/runs/{run}/log"): (READERS, lambda world: (f"/runs/{world.run}/log", None)),
    ("GET", "/runs/{run}/artifacts/{sha256}"): (
        READERS,
        lambda world: (f"/runs/{world.run}/artifacts/{world.output_sha256}", None),
    ),
    ("GET", "/runs/{run}/evidence"): (READERS, lambda world: (f"/runs/{world.run}/evidence", None)),
    ("GET", "/evidence/chain"): (OPERATORS, lambda world: ("/evidence/chain", None)),
    ("GET", "/corrections"): (OPERATORS, lambda world: ("/corrections?state=proposed", None)),
    ("POST", "/corrections"): (OPERATORS_201, lambda world: ("/corrections", new_correction(world))),
    ("POST", "/corrections/{correction}/approve"): (
        OPERATORS,
        lambda world: (f"/corrections/{proposed(world)}/approve", {}),
    ),
    ("POST", "/corrections/{correction}/refuse"): (
        OPERATORS,
        lambda world: (f"/corrections/{proposed(world)}/refuse", {"words": "No."}),
    ),
    ("GET", "/sites"): (ANYBODY, lambda world: ("/sites", None)),
    ("POST", "/sites"): (OPERATORS_201, lambda world: ("/sites", {"id": "new-site", "name": "New"})),
    ("GET", "/sites/{site}"): (ANYBODY, lambda world: ("/sites/own-site", None)),
    ("POST", "/sites/{site}/invitations"): (
        OPERATORS_201,
        lambda world: ("/sites/lumi-aif/invitations", {"name": "agent"}),
    ),
    ("DELETE", "/sites/{site}/agents/{agent}"): (
        OPERATORS_204,
        lambda world: (f"/sites/own-site/agents/{world.actors['agent'].agent}", None),
    ),
    ("POST", "/sites/{site}/drain"): (OPERATORS, lambda world: ("/sites/own-site/drain", {"reason": "Repair"})),
    ("POST", "/sites/{site}/resume"): (OPERATORS, lambda world: ("/sites/own-site/resume", {})),
    ("GET", "/agent/server-key"): ([200] * 8, lambda world: ("/agent/server-key", None)),
    ("POST", "/agent/enrol"): (
        [403] * 8,  # the code says who may
        lambda world: ("/agent/enrol", {"code": "no code", "public_key": "a", "proof": "b"}),
    ),
    ("POST", "/agent/challenge"): (
        [200] * 8,  # of no use to any but the holder of the key
        lambda world: ("/agent/challenge", {"agent": world.actors["agent"].agent}),
    ),
    ("POST", "/agent/token"): ([403] * 8, lambda world: ("/agent/token", {"assertion": "no assertion"})),
    ("GET", "/agent/site"): (AGENTS, lambda world: ("/agent/site", None)),
    ("PUT", "/agent/key"): (
        [401, 401, 401, 401, 401, 401, 200, 403],
        lambda world: ("/agent/key", key_change(world)),
    ),
    ("POST", "/agent/sync"): (AGENTS, lambda world: ("/agent/sync", make_sync().model_dump(mode="json"))),
    ("POST", "/agent/remaining"): (AGENTS, lambda world: ("/agent/remaining", {"projects": [world.project]})),
    ("POST", "/agent/outside"): (AGENTS, lambda world: ("/agent/outside", {"starts": []})),
    ("PUT", "/agent/limits"): (
        [401, 401, 401, 401, 401, 401, 204, 403],
        lambda world: ("/agent/limits", {"checked_at": "2026-01-01T00:00:00Z", "cluster": "alpha", "accounts": 0}),
    ),
    ("GET", "/agent/bundles/{sha256}"): (AGENTS, lambda world: (f"/agent/bundles/{world.bundle[0]}", None)),
    ("PUT", "/agent/blobs"): (
        [401, 401, 401, 401, 401, 401, 204, 403],
        lambda world: ("/agent/blobs", pack([(world.output_sha256, OUTPUT)])),
    ),
    ("PUT", "/agent/blobs/{sha256}"): (
        [401, 401, 401, 401, 401, 401, 204, 403],
        lambda world: (f"/agent/blobs/{world.output_sha256}", OUTPUT),
    ),
    **AIACT_ENDPOINTS,
    **EVALUATION_ENDPOINTS,
    **ATTACHMENT_ENDPOINTS,
    **PLANNING_ENDPOINTS,
}


def key_change(world: World) -> dict[str, Any]:
    key = new_private_key()
    proof = sign("fabrica-key-proof+jwt", {"nonce": str(world.actors["agent"].agent)}, key)
    return {"public_key": public_key_of(key), "proof": proof}


def new_project() -> dict[str, Any]:
    organisation = people.add_organisation(SYSTEM, name="Another Factory")
    return {"name": "second-steps", "organisation": organisation, "lead": make_user_email()}


def make_user_email() -> str:
    email = "newcomer@factory.example"
    make_user("A newcomer", email=email)
    return email


@pytest.mark.parametrize("endpoint", TABLE, ids=lambda endpoint: " ".join(endpoint))
def test_everybody_gets_the_answer_that_is_theirs(world: World, endpoint: tuple[str, str]) -> None:
    expected, ask = TABLE[endpoint]
    told = {}
    for caller in CALLERS:
        with transaction.atomic():
            path, body = ask(world)
            answer = world.ask(caller, endpoint[0], path, body)
            told[caller] = answer.status_code
            if answer.status_code >= 400:
                check_problem(answer)
            transaction.set_rollback(True)
    assert told == dict(zip(CALLERS, expected, strict=True))


def check_problem(answer: Any) -> dict[str, Any]:
    """Check that an answer is a problem as RFC 9457 has it."""
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_the_table_has_every_endpoint() -> None:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(TABLE)


def test_a_list_of_two_is_a_list(world: World) -> None:
    """The framework takes a pair for a status and its body."""
    with transaction.atomic():
        make_allocation(world.project)
        answer = world.ask("operator", "GET", f"/projects/{world.project}/allocations")
        transaction.set_rollback(True)
    assert answer.status_code == 200
    assert len(answer.json()) == 2


# Tokens, sessions, bodies --------------------------------------------------------------------------------------------


def test_an_unknown_token_is_refused_even_beside_a_session(world: World) -> None:
    client = signed_in(world)
    answer = client.get("/api/v1/me", headers={"Authorization": "Bearer fbr_unknown"})
    assert check_problem(answer)["code"] == "people.token_refused"


def signed_in(world: World, *, checked: bool = False) -> Client:
    from fabrica.server.people.models import User

    client = Client(enforce_csrf_checks=checked)
    client.force_login(
        User.objects.get(pk=world.actors["lead"].user), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def test_a_session_reads_but_another_site_s_page_cannot_act_with_it(world: World) -> None:
    client = signed_in(world, checked=True)
    assert client.get("/api/v1/me").status_code == 200
    answer = client.post("/api/v1/me/tokens", {"name": "stolen"}, content_type="application/json")
    assert answer.status_code == 403
    assert "token" not in answer.json()


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "body"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"[" * 100_000, "not JSON"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": "a", "name": "b"}', "'name' is written twice"),
        (b'{"tasks": {"a": 1, "a": 1}}', "'a' is written twice"),
        (b'{"name": "a\\u0000b"}', "NUL"),
        (b'{"surprise": 1}', "surprise"),
        (b'{"name": 5}', "name"),
    ],
    ids=[
        "empty",
        "cut off",
        "not text",
        "a list",
        "deep",
        "NaN",
        "twice",
        "twice inside",
        "NUL",
        "unknown key",
        "wrong type",
    ],
)
def test_a_malformed_body_is_told_with_what_is_wrong(world: World, body: bytes, where: str) -> None:
    answer = world.ask("member", "POST", "/runs", body)
    assert answer.status_code == 422
    problem = check_problem(answer)
    assert where in problem["detail"] + json.dumps(problem["facts"])


@pytest.mark.parametrize(
    "path", ["/runs/run_x", "/projects/1", "/runs?limit=many", "/runs?state=odd", "/runs?cursor=x"]
)
def test_a_malformed_address_is_told(world: World, path: str) -> None:
    answer = world.ask("member", "GET", path)
    assert answer.status_code == 422
    check_problem(answer)


def test_a_very_long_body_is_refused_before_it_is_read(world: World, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = world.ask("member", "POST", "/runs", {"name": "x" * 2000})
    assert answer.status_code == 413
    check_problem(answer)


def test_a_failure_of_ours_is_told_without_its_inside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("fabrica.server.people.queries.me", broken)
    answer = world.ask("member", "GET", "/me")
    assert check_problem(answer)["code"] == "server.failed"
    assert b"hunter2" not in answer.content


def test_the_same_submission_twice_is_one_run(world: World) -> None:
    body = new_spec(world)
    before = Run.objects.count()
    answers = [world.ask("member", "POST", "/runs", body, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Run.objects.count() == before + 1
    conflict = world.ask("member", "POST", "/runs", body | {"name": "other"}, **{"Idempotency-Key": "k"})
    assert check_problem(conflict)["code"] == "request.idempotency_conflict"


# Files ---------------------------------------------------------------------------------------------------------------


def test_an_artifact_is_a_download_and_never_a_page(world: World) -> None:
    answer = world.ask("reader", "GET", f"/runs/{world.run}/artifacts/{world.output_sha256}")
    assert b"".join(answer.streaming_content) == OUTPUT
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["Content-Security-Policy"] == "sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_file_of_another_run_is_not_found(world: World) -> None:
    other = stored(b"of somebody else")
    for sha256 in (other, world.bundle[0], "0" * 64, "x"):
        assert world.ask("lead", "GET", f"/runs/{world.run}/artifacts/{sha256}").status_code == 404


def test_files_uploaded_together_are_stored_each_under_its_own_hash(world: World) -> None:
    contents = [b"", b"one", b"two"]
    names = [hashlib.sha256(content).hexdigest() for content in contents]
    body = pack(zip(names, contents, strict=True))
    assert world.ask("agent", "PUT", "/agent/blobs", body).status_code == 204
    assert [b"".join(open_storage().read(name)) for name in names] == contents


def test_a_file_among_others_that_is_not_what_its_hash_says_is_refused_and_not_kept(world: World) -> None:
    false = hashlib.sha256(b"another").hexdigest()
    answer = world.ask("agent", "PUT", "/agent/blobs", pack([(false, b"this")]))
    assert check_problem(answer)["code"] == "request.malformed"
    assert not open_storage().has(false)


def test_more_than_a_body_of_small_files_may_hold_is_refused(world: World) -> None:
    large = b"x" * (PACKED_FILE_BYTES_MAX + 1)
    answer = world.ask("agent", "PUT", "/agent/blobs", pack([(hashlib.sha256(large).hexdigest(), large)]))
    assert answer.status_code == 413
    answer = world.ask("agent", "PUT", "/agent/blobs", b"x" * (PACK_BYTES_MAX + 1))
    assert answer.status_code == 413


def test_a_bundle_with_a_link_is_refused_at_upload_and_not_kept(world: World, tmp_path: Path) -> None:
    import tarfile

    file = tmp_path / "hostile.tar"
    with tarfile.open(file, "w") as tar:
        link = tarfile.TarInfo("passwords")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    answer = world.ask("member", "PUT", f"/bundles/{sha256}", file.read_bytes())
    assert check_problem(answer)["code"] == "runs.bundle_refused"
    assert world.ask("member", "GET", f"/bundles/{sha256}").status_code == 404


@pytest.mark.parametrize("content", [b"cut off", b""])
def test_a_bundle_that_is_not_what_its_hash_says_is_not_kept(world: World, content: bytes) -> None:
    answer = world.ask("member", "PUT", f"/bundles/{'0' * 64}", content)
    assert check_problem(answer)["code"] == "request.malformed"


def test_a_file_that_is_too_large_is_refused_before_it_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from fabrica.server.runs import agent_api

    monkeypatch.setattr(agent_api, "OUTPUT_BYTES_MAX", len(OUTPUT) - 1)
    answer = world.ask("agent", "PUT", f"/agent/blobs/{world.output_sha256}", OUTPUT)
    assert answer.status_code == 413
    check_problem(answer)


def test_a_body_of_unknown_length_is_refused_with_what_would_be_right(world: World) -> None:
    """A WSGI server gives no length for a chunked body."""
    answer = world.ask("agent", "PUT", f"/agent/blobs/{world.output_sha256}", OUTPUT, **{"Content-Length": ""})
    assert check_problem(answer)["code"] == "request.malformed"
    assert "Content-Length" in answer.json()["remedy"]


# The log stream ------------------------------------------------------------------------------------------------------


def test_the_log_is_streamed_from_a_byte_on_until_the_run_has_ended(world: World) -> None:
    answer = world.ask("reader", "GET", f"/runs/{world.run}/log?offset=2", Accept="text/event-stream")
    assert answer["Content-Type"] == "text/event-stream"
    events = list(parsed(b"".join(answer.streaming_content).decode()))
    assert [name for name, _ in events] == ["state", "log", "end"]
    assert events[0][1]["state"] == "succeeded"
    assert events[1][1]["text"] == "llo\n"
    assert events[1][1]["next_offset"] == 6


def parsed(stream: str) -> Iterator[tuple[str, Any]]:
    for block in stream.strip().split("\n\n"):
        if not block.startswith(":"):
            name, data = block.split("\n")
            yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_an_open_stream_ends_when_its_reader_is_deactivated(world: World) -> None:
    run, _ = make_placed_run(world.actors["lead"], world.project)
    answer = world.ask("member", "GET", f"/runs/{run}/log", Accept="text/event-stream")
    stream = iter(answer.streaming_content)
    assert b"event: state" in next(stream)
    member = world.actors["member"].user
    assert member is not None
    people.deactivate(SYSTEM, user=member)
    assert b"event:" not in b"".join(stream)


def test_a_stranger_gets_no_stream(world: World) -> None:
    answer = world.ask("stranger", "GET", f"/runs/{world.run}/log", Accept="text/event-stream")
    assert answer.status_code == 404


# Agents of other sites ------------------------------------------------------------------------------------------------


def test_an_agent_reads_no_bundle_and_moves_no_attempt_of_another_site(world: World) -> None:
    _, world.tokens["other"] = agent_with_token(make_site("other-site"))
    run, attempt = make_placed_run(world.actors["lead"], world.project)
    site = Run.objects.get(pk=run).attempts.get().site_id
    stranger = "agent" if site == "other-site" else "other"
    bundle = Run.objects.get(pk=run).spec["bundle_sha256"]
    assert world.ask(stranger, "GET", f"/agent/bundles/{bundle}").status_code == 404
    event = make_event(attempt, "ended", reason=EndReason.COMPLETED)
    answer = world.ask(stranger, "POST", "/agent/sync", make_sync(event).model_dump(mode="json"))
    assert answer.status_code == 200
    assert answer.json()["leases"] == []
    assert Run.objects.get(pk=run).state == "placed"


def test_an_agent_takes_its_order_and_reports(world: World) -> None:
    run, attempt = make_placed_run(world.actors["lead"], world.project)
    answer = world.ask("agent", "POST", "/agent/sync", make_sync().model_dump(mode="json")).json()
    assert [one["attempt"] for one in answer["leases"]] == [attempt]
    events = [
        make_event(attempt, "accepted", 1),
        make_event(attempt, "running", 2),
        make_event(attempt, "ended", 3, reason=EndReason.COMPLETED, usage=make_usage()),
    ]
    for _ in range(2):  # the answer was lost: the agent says it again
        answer = world.ask("agent", "POST", "/agent/sync", make_sync(*events).model_dump(mode="json")).json()
        assert (answer["acknowledged"], answer["leases"]) == (3, [])
    seen = world.ask("lead", "GET", f"/runs/{run}").json()
    assert (seen["state"], seen["charged_milliseconds"]) == ("succeeded", 10_000)


def test_an_event_that_cannot_be_recorded_does_not_stop_the_others(world: World) -> None:
    from fabrica.server.core.models import Fact

    (run, attempt), (other, sound) = (make_placed_run(world.actors["lead"], world.project) for _ in range(2))
    events = [
        make_event(attempt, "accepted", 1),
        make_event(sound, "accepted", 2),
        make_event(attempt, "running", 3),
        make_event(attempt, "usage", 4, usage=make_usage(elapsed_seconds=1e300)),
        make_event(attempt, "ended", 5, reason=EndReason.COMPLETED, usage=make_usage()),
        make_event(sound, "running", 6),
    ]
    answer = world.ask("agent", "POST", "/agent/sync", make_sync(*events).model_dump(mode="json"))
    assert answer.json()["acknowledged"] == 6
    assert [Run.objects.get(pk=one).state for one in (run, other)] == ["succeeded", "running"]
    assert Fact.objects.get(kind="runs.event_refused").subject == attempt
