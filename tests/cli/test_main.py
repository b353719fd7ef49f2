"""What the command line promises: help with an example, JSON on request, problems in words, a quick start."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from fabrica.cli import connection, main
from fabrica.sdk.client import Client
from fabrica.wire.problems import NotAllowed

NOW = datetime(2026, 3, 1, tzinfo=UTC).isoformat()
PROJECT, RUN, ALLOCATION, USER, ATTEMPT = (
    f"{kind}_01jd0000000000000000000000" for kind in ("prj", "run", "alc", "usr", "att")
)
PROJECT_BODY = {
    "id": PROJECT, "name": "first-steps", "organisation": "org_01jd0000000000000000000000",
    "organisation_name": "Example Factory", "created_at": NOW, "role": "lead",
}  # fmt: skip
RUN_BODY = {
    "id": RUN, "name": "ride-demand", "project": PROJECT, "project_name": "first-steps", "submitted_by": "Ada",
    "state": "running", "submitted_at": NOW, "page": "https://fabrica.example/runs/x",
    "spec": {"name": "ride-demand", "command": ["python"], "bundle_sha256": "0" * 64},
}  # fmt: skip
SITE_BODY = {
    "id": "lumi-aif", "name": "LUMI AI Factory", "kind": "factory", "country": "FI", "simulated": False,
    "draining": False, "connected": False, "last_word_at": None, "devices_total": None, "devices_free": None,
    "summary": "",
}  # fmt: skip
AGENT = "agt_01jd0000000000000000000000"
AGENT_BODY = {
    "id": AGENT, "site": "lumi-aif", "name": "agent", "version": None, "protocol": None, "enrolled_at": NOW,
    "last_word_at": None, "withdrawn": False,
}  # fmt: skip
PERSON_BODY = {
    "id": USER, "name": "Ada", "email": "ada@factory.example", "network_role": None, "active": True, "joined_at": NOW,
}  # fmt: skip
ORGANISATION_BODY = {"id": "org_01jd0000000000000000000000", "name": "Example Factory", "country": "FI"}
OPENING = ["projects", "open", "Rides", "--organisation", "example factory", "--lead", "ada@factory.example"]
TRANSFER, CORRECTION = "trf_01jd0000000000000000000000", "cor_01jd0000000000000000000000"
CORRECTION_BODY = {
    "id": CORRECTION, "transfer": TRANSFER, "allocation": ALLOCATION, "project": PROJECT, "resource_class": "cpu.core",
    "wrong_milliseconds": 3000, "right_milliseconds": 1500, "reason": "Twice.", "state": "proposed",
    "proposed_by": USER, "proposed_at": NOW, "decided_by": None, "decided_at": None, "decision_words": "",
    "alone": False, "posted": None,
}  # fmt: skip
PLACEMENT: dict[str, Any] = {
    "policy_version": "1", "decided_at": NOW, "chosen": None, "chosen_partition": None, "candidates": [],
    "snapshot_sha256": "0" * 64,
}  # fmt: skip
ANSWERS: dict[tuple[str, str], Any] = {
    ("GET", "/me"): {"user": USER, "name": "Ada", "email": None, "network_roles": [], "projects": [PROJECT_BODY]},
    ("PUT", "/me/mail"): {"user": USER, "name": "Ada", "email": None, "network_roles": [], "projects": []},
    ("GET", "/me/tokens"): [{"id": 1, "name": "a", "created_at": NOW, "expires_at": NOW, "withdrawn_at": None}],
    ("GET", "/people"): {"people": [PERSON_BODY], "next_cursor": None},
    ("POST", "/people"): PERSON_BODY,
    ("POST", "/projects"): PROJECT_BODY,
    ("POST", f"/projects/{PROJECT}/members"): {},
    ("GET", "/organisations"): [ORGANISATION_BODY],
    ("POST", "/organisations"): {"organisation": ORGANISATION_BODY["id"]},
    ("POST", f"/people/{USER}/deactivate"): PERSON_BODY | {"active": False},
    ("POST", f"/people/{USER}/reactivate"): PERSON_BODY,
    ("GET", "/corrections"): [CORRECTION_BODY],
    ("POST", "/corrections"): CORRECTION_BODY,
    ("POST", f"/corrections/{CORRECTION}/approve"): CORRECTION_BODY | {"state": "approved", "alone": True},
    ("POST", f"/corrections/{CORRECTION}/refuse"): CORRECTION_BODY | {"state": "refused"},
    ("POST", "/me/tokens"): {"token": "fbr_secret", "expires_at": NOW},
    ("POST", "/me/sign-in-link"): {"link": "https://fabrica.example/sign-in/x"},
    ("GET", "/sites"): [SITE_BODY],
    ("POST", "/sites/lumi-aif/drain"): SITE_BODY | {"agent": None, "inventory": None, "draining": True},
    ("POST", "/sites/lumi-aif/resume"): SITE_BODY | {"agent": None, "inventory": None},
    ("POST", "/sites"): SITE_BODY | {"agent": None, "inventory": None},
    ("GET", "/sites/lumi-aif"): SITE_BODY | {"agent": AGENT_BODY, "inventory": None},
    ("POST", "/sites/lumi-aif/invitations"): {
        "site": "lumi-aif",
        "name": "agent",
        "code": "K7Q2M-9XWPT-3D8HN-0RFVB-5JCYE",
        "expires_at": NOW,
        "server_key": "x",
    },
    ("DELETE", f"/sites/lumi-aif/agents/{AGENT}"): None,
    ("GET", "/runs"): {"runs": [RUN_BODY]},
    ("GET", f"/runs/{RUN}"): RUN_BODY,
    ("POST", f"/runs/{RUN}/cancel"): RUN_BODY,
    ("GET", f"/runs/{RUN}/declare-lost"): {
        "run": RUN,
        "attempt": ATTEMPT,
        "site": "own-site",
        "state": "running",
        "observed_at": NOW,
        "returned_milliseconds": 5,
        "resource_class": "cpu.core",
        "run_state": "failed",
        "consequences": ["It ends."],
    },
    ("POST", f"/runs/{RUN}/declare-lost"): RUN_BODY | {"state": "failed"},
    ("GET", f"/runs/{RUN}/placement"): [PLACEMENT],
    ("GET", f"/runs/{RUN}/log"): {"attempt": None, "offset": 0, "next_offset": 0, "text": "", "ended": True},
    ("POST", "/allocations"): {"allocation": ALLOCATION},
    ("GET", f"/projects/{PROJECT}/compute-outlook"): {
        "resource_class": "gpu.h100",
        "device_seconds": 18_000,
        "most_flop": 1.78e19,
        "words": "No threshold is near.",
        "ahead": [],
    },
    ("GET", "/systems"): [],
    ("GET", f"/projects/{PROJECT}/allocations"): [],
    ("GET", f"/projects/{PROJECT}/statement"): {"project": PROJECT, "balances": [], "rows": [], "next_cursor": None},
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return how to run a command against a server that gives the answers above."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        if request.method == "DELETE":
            return httpx.Response(204)
        body = ANSWERS.get((request.method, path))
        if body is None:
            problem = {"code": "request.not_found", "detail": f"Nothing at {path}.", "remedy": "Look elsewhere."}
            return httpx.Response(404, json=problem)
        return httpx.Response(200, json=body)

    def connect(**_: Any) -> Client:
        return Client("https://fabrica.example", "token", transport=httpx.MockTransport(answer))

    monkeypatch.setattr(connection, "connect", connect)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main.fabrica, list(arguments), catch_exceptions=True)

    return run


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


ALL = dict(commands(main.fabrica))


@pytest.mark.parametrize("path", [path for path in ALL if not isinstance(ALL[path], click.Group)], ids=" ".join)
def test_the_help_of_every_command_shows_an_example(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main.fabrica, [*path, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.stdout
    assert f"fabrica {path[0]}" in shown.stdout.partition("Example")[2]


def test_every_option_explains_itself() -> None:
    silent = [
        f"{' '.join(path)} {option.opts[0]}"
        for path, command in ALL.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert not silent


ATTACHED = [("shell",), ("notebook",), ("attach",)]  # they hold a terminal, and give back none
WITHOUT_JSON = {("serve",), ("work",), ("agent", "run"), ("agent", "unit"), ("completion",), *ATTACHED}


def test_every_command_of_a_user_speaks_json() -> None:
    for path, command in ALL.items():
        if isinstance(command, click.Group) or path in WITHOUT_JSON:
            continue
        assert any("--json" in parameter.opts for parameter in command.params), " ".join(path)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["projects"], {"projects"}),
        (OPENING, {"id", "name", "role"}),
        (["projects", "give-role", PROJECT, "ada@factory.example", "member"], {"project", "email", "role"}),
        (["organisations"], {"organisations"}),
        (["organisations", "add", "Example Factory"], {"organisation"}),
        (["sites"], {"sites"}),
        (["sites", "drain", "lumi-aif", "--reason", "Repair"], {"id", "draining"}),
        (["sites", "resume", "lumi-aif"], {"id", "draining"}),
        (["sites", "add", "lumi-aif", "--name", "LUMI"], {"id", "draining"}),
        (["sites", "invite", "lumi-aif"], {"code", "expires_at", "server_key"}),
        (["sites", "withdraw", "lumi-aif"], {"withdrawn"}),
        (["runs"], {"runs", "next_cursor"}),
        (["runs", "declare-lost", RUN, "--dry-run"], {"attempt", "consequences", "run_state"}),
        (["runs", "declare-lost", RUN, "--yes"], {"id", "state", "attempts"}),
        (["balance"], {"project", "allocations", "statement"}),
        (["balance", "--project", "First-Steps"], {"project", "allocations", "statement"}),
        (["why", RUN], {"run", "state", "words", "placements"}),
        (["why", "last"], {"run", "state", "words", "placements"}),
        (["logs", RUN], {"text", "next_offset", "ended", "attempt", "offset", "dropped_bytes"}),
        (["cancel", RUN[-6:]], {"id", "state", "spec"}),
        (["mail", "off"], {"mail_wanted"}),
        (["people"], {"people", "next_cursor"}),
        (["people", "add", "ada@factory.example", "--name", "Ada"], {"id", "email"}),
        (["people", "deactivate", "ADA@factory.example", "--yes"], {"id", "active"}),
        (["people", "reactivate", USER], {"id", "active"}),
        (["corrections"], {"corrections"}),
        (["corrections", "propose", TRANSFER, "--device-seconds", "1.5", "--reason", "Twice."], {"id", "state"}),
        (["corrections", "approve", CORRECTION], {"id", "state", "alone"}),
        (["corrections", "refuse", CORRECTION, "--words", "No."], {"id", "state"}),
        (["portal"], {"link"}),
        (["token", "list"], {"tokens"}),
        (["token", "withdraw", "1"], {"withdrawn"}),
        (["grant", PROJECT, "gpu.h100", "5", "--until", "2999-01-01"], {"allocation", "compute"}),
        (["systems"], {"systems"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_with_json_a_command_prints_one_object(
    server: Callable[..., Any], arguments: list[str], keys: set[str]
) -> None:
    answer = server(*arguments, "--json")
    assert answer.exit_code == 0, answer.output
    assert keys <= json.loads(answer.stdout).keys()
    plain = server(*arguments)
    assert plain.exit_code == 0, plain.output


def test_an_attempt_is_declared_lost_only_after_a_yes(server: Callable[..., Any]) -> None:
    asked = server("runs", "declare-lost", RUN)
    assert asked.exit_code == 1
    assert "- It ends." in asked.output
    assert "is declared lost" not in asked.output
    assert server("runs", "declare-lost", RUN, "--json").exit_code == 2
    assert "is declared lost" in server("runs", "declare-lost", RUN, "--yes").output


def test_a_new_token_is_written_to_a_private_file_and_shown_nowhere(server: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "token"
    answer = server("token", "new", "laptop", "--file", str(file), "--json")
    assert answer.exit_code == 0
    assert "fbr_secret" not in answer.output
    assert file.read_text() == "fbr_secret"
    assert file.stat().st_mode & 0o777 == 0o600


def tell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the whole command, as a shell does; return its status and what it said."""
    monkeypatch.setattr(sys, "argv", ["fabrica", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["balance", "--project", "prj_x"],
        ["why", "run_" + "!" * 26],
        ["cancel", "nothing"],
        ["people", "reactivate", "nobody@factory.example"],
        ["run", "/nowhere/at/all"],
        ["sites", "drain", "lumi-aif", "--reason", ""],
        ["sites", "invite", "lumi-aif", "--hours", "0"],
        ["sites", "add", "lumi-aif", "--name", ""],
        ["corrections", "propose", TRANSFER, "--device-seconds", "1", "--reason", ""],
        ["corrections", "refuse", CORRECTION, "--words", "x" * 5_000],
        ["grant", PROJECT, "gpu.h100", "0.0001", "--until", "2027-06-30"],
        ["token", "new", "", "--file", "/nowhere/token"],
        ["record", "run_01jd0000000000000000000009"],
    ],
    ids=" ".join,
)
def test_a_problem_is_told_with_its_remedy_and_code_and_status_1(
    server: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    status, out, err = tell(monkeypatch, capsys, *arguments)
    assert status == 1
    assert "→" in err
    assert err.rstrip().endswith(")")
    assert "Traceback" not in out + err
    status, out, err = tell(monkeypatch, capsys, *arguments, "--json")
    assert status == 1
    assert {"code", "detail", "remedy", "status"} <= json.loads(out)["problem"].keys()


@pytest.mark.parametrize(("resource_class", "warned"), [("gpu.h10", True), ("gpu.h100", False)])
def test_time_on_a_device_that_nobody_knows_is_granted_with_a_warning(
    server: Callable[..., Any], resource_class: str, warned: bool
) -> None:
    answer = server("grant", PROJECT, resource_class, "5", "--until", "2999-01-01")
    assert ("Is gpu.h100 meant?" in answer.stderr) is warned
    assert "Granted" in answer.stderr


@pytest.mark.parametrize("command", [["run", "--dry-run"], ["shell"], ["notebook"]], ids=" ".join)
def test_a_site_that_nobody_knows_is_met_with_the_nearest_before_anything_is_submitted(
    server: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: list[str],
) -> None:
    (tmp_path / "fabrica.toml").write_text('name = "a-run"\ncommand = ["true"]\n')
    status, _, err = tell(monkeypatch, capsys, *command, str(tmp_path), "--site", "lumi-af")
    assert status == 1
    assert "'lumi-af' is none of the network's sites." in err
    assert "Did you mean lumi-aif" in err


def test_a_run_to_come_after_is_named_as_in_every_other_command(
    server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "fabrica.toml").write_text('name = "a-run"\ncommand = ["true"]\n')
    status, _, err = tell(monkeypatch, capsys, "run", str(tmp_path), "--dry-run", "--after", "zzzz")
    assert status == 1
    assert "'zzzz' means none of your last 1 runs" in err
    monkeypatch.setattr("fabrica.sdk.runs.plan", lambda client, manifest, **_: said.append(manifest.fields["after"]))
    said: list[Any] = []
    monkeypatch.setattr("fabrica.cli.show.dry_run", lambda planned: sys.exit(0))
    assert tell(monkeypatch, capsys, "run", str(tmp_path), "--dry-run", "--after", "last")[0] == 0
    assert said == [(RUN,)]


def test_a_refusal_of_the_server_is_told_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(**_: Any) -> None:
        raise NotAllowed("Ada may not do this.", remedy="Ask the office.")

    monkeypatch.setattr(connection, "connect", refused)
    status, _, err = tell(monkeypatch, capsys, "sites")
    assert status == 1
    assert "Ada may not do this." in err
    assert "people.not_allowed" in err


def test_a_mistyped_command_is_met_with_the_nearest(server: Callable[..., Any]) -> None:
    answer = server("rnus")
    assert answer.exit_code == 2
    assert "Did you mean 'runs'?" in answer.output


def test_a_token_file_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fabrica.wire.people import TokenRefused

    file = tmp_path / "token"
    file.write_text("fbr_x")
    file.chmod(0o644)
    monkeypatch.setenv("FABRICA_SERVER", "https://fabrica.example")
    with pytest.raises(TokenRefused, match="FABRICA_TOKEN_FILE is not"):
        connection.connect()
    monkeypatch.setenv("FABRICA_TOKEN_FILE", str(file))
    with pytest.raises(TokenRefused, match="Others can read"):
        connection.connect()
    file.chmod(0o600)
    connection.connect().close()
    monkeypatch.setenv("FABRICA_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(TokenRefused, match="no token file") as refused:
        connection.connect()
    assert "https://fabrica.example/tokens" in refused.value.remedy


def test_help_loads_neither_the_server_nor_the_models_nor_the_network() -> None:
    code = (
        "import sys; sys.argv = ['fabrica', '--help']\n"
        "from fabrica.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'django', 'pydantic', 'httpx', 'rich', 'numpy', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Run AI work" in done.stdout
