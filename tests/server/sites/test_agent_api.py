"""A site's agent comes in over the real API: with a code once, then with its key; and goes when it is withdrawn."""

import json
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from django.test import Client

from fabrica.agent import enrolment
from fabrica.agent.keys import KeyFile
from fabrica.agent.loop import Agent, utc_now
from fabrica.agent.settings import read_settings
from fabrica.agent.transport import HttpTransport
from fabrica.cli.main import fabrica
from fabrica.engines.registry import open_engine
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.runs import service as runs
from fabrica.server.runs.models import Attempt, Run
from fabrica.server.sites import keys, queries, rules, service
from fabrica.server.sites.models import Agent as AgentRow
from fabrica.values.ids import RunId, SiteId
from fabrica.values.states import AttemptState, RunState
from fabrica.wire.agents import AgentRefused, AgentRunning, AgentSettingsRefused, ProtocolUnknown
from fabrica.wire.enrolment import AnswerRefused, CodeRefused
from fabrica.wire.placement import Unsatisfiable
from fabrica.wire.problems import NotAllowed
from fabrica.wire.signatures import new_private_key, thumbprint
from tests.builders import (
    make_allocation,
    make_bundle,
    make_project,
    make_run,
    make_site,
    make_spec,
    make_sync,
    make_user,
    stored,
)

pytestmark = pytest.mark.django_db
SERVER = "http://127.0.0.1:8400"
SITE = SiteId("own-site")


def answered(request: httpx.Request) -> httpx.Response:
    """Return what the server answers to a request."""
    headers = {name: value for name, value in request.headers.items() if name not in ("content-type", "host")}
    kind = request.headers.get("content-type", "application/octet-stream")
    answer = Client().generic(request.method, request.url.path, request.read(), kind, headers=headers)
    return httpx.Response(answer.status_code, headers=dict(answer.items()), content=answer.getvalue())


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let agents speak with this very process instead of a port."""

    def client(server: str) -> httpx.Client:
        assert server == SERVER
        return httpx.Client(base_url=f"{server}/api/v1/agent", transport=httpx.MockTransport(answered))

    monkeypatch.setattr("fabrica.agent.transport.make_client", client)
    monkeypatch.setattr("fabrica.agent.enrolment.make_client", client)


def invited(**options: Any) -> str:
    return service.invite(SYSTEM, site=make_site(), name="agent", **options).code


def enrolled(folder: Path) -> Path:
    """Enrol an agent and return its agent.toml."""
    return enrolment.enrol(SERVER, invited(), folder / "agent.toml").settings_file


def command(*arguments: str, typed: str | None = None) -> tuple[int, str]:
    """Run a command of `fabrica agent`; return its status and what it printed."""
    done = CliRunner().invoke(fabrica, ["agent", *arguments], input=typed)
    return done.exit_code, done.stdout


def test_a_stranger_brings_a_site_in_with_a_code(tmp_path: Path) -> None:
    settings = str(tmp_path / "site" / "agent.toml")
    options = ("--server", SERVER, "--config", settings, "--engine", "local", "--json")
    status, printed = command("enrol", *options, typed=f"{invited()}\n")
    assert status == 0, printed
    told = json.loads(printed[printed.index("{") :])
    assert told["site"] == SITE
    assert told["server_key"] == keys.audience()
    key_file = Path(told["key_file"])
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert read_settings(Path(settings)).key_file == key_file
    row = AgentRow.objects.get()
    private_key = KeyFile(key_file).read().private_key
    assert row.public_key == KeyFile(key_file).read().public_key
    assert private_key.splitlines()[1] not in str(row.__dict__)  # it never left
    status, printed = command("check", settings, "--json")
    found = {one["subject"]: one["verdict"] for one in json.loads(printed)["findings"]}
    assert status == 0, printed
    assert {found[subject] for subject in ("settings", "key", "server", "token", "clock", "site", "engine")} == {"ok"}
    assert row.last_word_at is None  # a check is no word of the agent


def test_a_code_that_does_not_work_leaves_nothing_behind(tmp_path: Path) -> None:
    invited()
    with pytest.raises(CodeRefused):
        enrolment.enrol(SERVER, "00000-00000-00000-00000-00000", tmp_path / "agent.toml")
    assert list(tmp_path.iterdir()) == []


def test_another_server_s_key_than_the_office_told_is_refused(tmp_path: Path) -> None:
    code, file = invited(), tmp_path / "agent.toml"
    with pytest.raises(AnswerRefused, match="The code was not used"):
        enrolment.enrol(SERVER, code, file, server_key="another")
    assert list(tmp_path.iterdir()) == []
    assert enrolment.enrol(SERVER, code, file, server_key=keys.audience()).server_key == keys.audience()


def test_who_shows_the_servers_key_and_does_not_hold_it_is_not_shown_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, expected = invited(), keys.audience()
    with monkeypatch.context() as between:
        between.setattr(keys, "private_key", new_private_key)
        with pytest.raises(AnswerRefused, match="does not hold the server's key"):
            enrolment.enrol(SERVER, code, tmp_path / "agent.toml", server_key=expected)
    assert enrolment.enrol(SERVER, code, tmp_path / "agent.toml", server_key=expected)


def test_where_no_key_can_be_written_the_code_is_not_used(tmp_path: Path) -> None:
    code = invited()
    with pytest.raises(AgentSettingsRefused, match="Nothing can be written in /proc/self"):
        enrolment.enrol(SERVER, code, Path("/proc/self/agent.toml"))
    assert enrolment.enrol(SERVER, code, tmp_path / "agent.toml")


@pytest.mark.parametrize("engine", ["slurm", "local"])
def test_an_agent_of_one_person_is_written_down_as_theirs_whatever_runs_the_work(tmp_path: Path, engine: str) -> None:
    file = tmp_path / "agent.toml"
    enrolment.enrol(SERVER, invited(), file, engine=engine, person="ada@example.eu")
    settings = read_settings(file)
    assert (settings.engine, settings.site_accounts, settings.person) == (engine, "own", "ada@example.eu")


def test_enrolling_again_keeps_the_settings_and_changes_the_key(tmp_path: Path) -> None:
    settings = enrolled(tmp_path)
    settings.write_text(settings.read_text() + "workers = 2\n")
    before = settings.read_text()
    old = KeyFile(tmp_path / "agent.key").read()
    again = enrolment.enrol(SERVER, invited(replace=True), settings)
    assert settings.read_text() == before
    assert (again.settings_written, again.identity.agent == old.agent) == (False, False)
    HttpTransport(SERVER, tmp_path / "agent.key").own_site()
    settings.write_text(before.replace(SERVER, "http://localhost:1"))
    with pytest.raises(AgentSettingsRefused, match="names the server"):
        enrolment.enrol(SERVER, invited(replace=True), settings)


def test_too_many_tries_from_one_place_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fabrica.server.sites.agent_api._TRIES_MAX", 3)
    client = httpx.Client(base_url=f"{SERVER}/api/v1/agent", transport=httpx.MockTransport(answered))
    body = {"code": "no code", "public_key": "a", "proof": "b"}
    told = [client.post("/enrol", json=body).status_code for _ in range(5)]
    assert told == [403, 403, 403, 429, 429]


def test_a_rotated_key_lets_a_running_agent_go_on(tmp_path: Path) -> None:
    settings = read_settings(enrolled(tmp_path))
    running = HttpTransport(SERVER, settings.key_file)
    running.sync(make_sync())
    old = KeyFile(settings.key_file).read()
    status, printed = command("rotate-key", str(tmp_path / "agent.toml"), "--json")
    assert status == 0
    assert json.loads(printed)["key"] == thumbprint(AgentRow.objects.get().public_key)
    running.sync(make_sync())
    KeyFile(settings.key_file).write(old)
    with pytest.raises(AgentRefused):
        HttpTransport(SERVER, settings.key_file).sync(make_sync())


def test_a_rotation_that_dies_half_way_is_finished_by_whoever_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings(enrolled(tmp_path))

    def die(self: KeyFile) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(KeyFile, "promote_next", die)
        with pytest.raises(KeyboardInterrupt):
            enrolment.rotate_key(settings)
    file = KeyFile(settings.key_file)
    assert file.read().public_key != AgentRow.objects.get().public_key  # the server heard, the site did not write
    HttpTransport(SERVER, settings.key_file).sync(make_sync())
    assert file.read().public_key == AgentRow.objects.get().public_key
    assert not file.next.path.exists()
    again = enrolment.rotate_key(settings)
    assert again == file.read()


def test_withdrawal_ends_a_running_agent_s_word_at_once(tmp_path: Path) -> None:
    settings = read_settings(enrolled(tmp_path))
    transport = HttpTransport(SERVER, settings.key_file)
    transport.sync(make_sync())
    service.withdraw_agent(SYSTEM, agent=AgentRow.objects.get().pk)
    for _ in range(2):
        with pytest.raises(NotAllowed, match="withdrawn"):
            transport.sync(make_sync())


def test_a_token_that_ran_out_is_renewed_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(enrolled(tmp_path))
    transport = HttpTransport(SERVER, settings.key_file)
    first = transport.tokens.current()
    later = utc_now() + timedelta(seconds=keys.TOKEN_SECONDS + 1)
    monkeypatch.setattr("fabrica.server.core.clock.now", lambda: later)
    assert transport.own_site().site == SITE
    assert transport.tokens.current() != first


def test_a_protocol_that_the_server_speaks_no_more_is_refused_by_name(tmp_path: Path) -> None:
    transport = HttpTransport(SERVER, read_settings(enrolled(tmp_path)).key_file)
    newest = max(rules.PROTOCOLS)
    for protocol in (newest, newest - 1):
        assert transport.sync(make_sync(protocol=protocol)).protocol == protocol
    for protocol in (newest - 2, newest + 1):
        with pytest.raises(ProtocolUnknown, match=str(protocol)):
            transport.sync(make_sync(protocol=protocol))


# A whole run ---------------------------------------------------------------------------------------------------------


class AtOnce(Executor):
    """Does work where it is given: the tables of a test are seen by its own thread only."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what a pool of threads takes."""

    def submit(self, work: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*values, **named))
        return done


@pytest.fixture
def cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what does one `fabrica agent run --once` of a site, each with an agent of its own, as cron would."""
    monkeypatch.setattr("fabrica.agent.loop.ThreadPoolExecutor", AtOnce)
    path = enrolled(tmp_path)
    path.write_text(path.read_text() + "engine_settings = { grace_seconds = 1 }\n")
    return cron_of(path)


def cron_of(path: Path) -> Callable[..., None]:
    """Return one round of the agent with these settings, read anew each time."""

    def once(clock: Any = utc_now) -> None:
        settings = read_settings(path)
        engine = open_engine("local", settings.folder / "engine", **settings.engine_settings)
        agent = Agent(settings, HttpTransport(SERVER, settings.key_file), engine, clock=clock)
        try:
            agent.run_once()
        finally:
            agent.close()

    return once


def submitted(folder: Path, by: Actor | None = None) -> RunId:
    lead = by or make_user()
    project = make_project(lead)
    make_allocation(project)
    _, content = make_bundle(folder)
    spec = make_spec(bundle_sha256=stored(content), command=("python", "train.py"))
    return make_run(lead, project, spec)


def until_ended(run: RunId, once: Callable[[], None]) -> Run:
    """Let cron start the agent again and again until the run has ended."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        runs.place(SYSTEM, run=run)
        once()
        row = Run.objects.get(pk=run)
        if RunState(row.state).final:
            return row
        time.sleep(0.05)
    pytest.fail(f"the run is {row.state} still: {row.words}")


@pytest.mark.parametrize("hours", [0, 1, -1])
def test_cron_takes_a_run_from_its_start_to_its_end_whatever_the_site_s_clock(
    tmp_path: Path, cron: Callable[..., None], hours: int
) -> None:
    def once() -> None:
        cron(lambda: utc_now() + timedelta(hours=hours))

    once()
    row = until_ended(submitted(tmp_path), once)
    assert row.state == RunState.SUCCEEDED, row.words
    attempt = Attempt.objects.get()
    assert attempt.state == AttemptState.ENDED
    speaker = queries.site(SITE).agent
    assert speaker is not None
    assert speaker.clock_difference_seconds == pytest.approx(-hours * 3600, abs=120)


def test_a_second_agent_of_cron_leaves_the_first_alone(tmp_path: Path) -> None:
    path = enrolled(tmp_path)
    settings = read_settings(path)
    engine = open_engine("local", settings.folder / "engine")
    first = Agent(settings, HttpTransport(SERVER, settings.key_file), engine)
    try:
        assert command("run", "--once", str(path))[0] == 0  # cron sends no mail of it
        assert AgentRow.objects.get().last_word_at is None
        with pytest.raises(AgentRunning):
            Agent(settings, HttpTransport(SERVER, settings.key_file), engine)
    finally:
        first.close()


def test_a_personal_site_takes_the_runs_of_its_owner_and_refuses_others_when_they_are_submitted(
    tmp_path: Path, cron: Callable[..., None]
) -> None:
    settings = tmp_path / "agent.toml"
    owner, other = make_user(), make_user()
    settings.write_text(f'site_accounts = "own"\nperson = "{owner.user}"\n{settings.read_text()}')
    cron_of(settings)()
    with pytest.raises(Unsatisfiable) as refused:
        submitted(tmp_path, other)
    assert "for an account" not in str(refused.value)
    row = until_ended(submitted(tmp_path, owner), cron_of(settings))
    assert row.state == RunState.SUCCEEDED, row.words
