"""Commands of saved scenarios, against a server that is played."""

import json
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from fabrica.cli import connection, plan_saved
from fabrica.sdk.client import Client
from fabrica.wire.scenarios import ScenarioRefused
from tests.cli.running import run_raising

SCENARIO = "scn_01jd0000000000000000000000"
DETAIL: dict[str, Any] = {
    "id": SCENARIO,
    "kind": "siting",
    "name": "Where?",
    "seed": 1,
    "state": "done",
    "progress": 1.0,
    "progress_words": "",
    "author": None,
    "author_name": "Ada",
    "project": None,
    "with_office": False,
    "mine": True,
    "created_at": "2026-11-21T12:00:00Z",
    "started_at": None,
    "ended_at": None,
    "package_version": "0.1.0",
    "data_version": "abcdef012345",
    "attempts": 1,
    "text": "",
    "result": {"words": "North is cooler.", "figures": [{"key": "a", "label": "North first", "words": "50%"}]},
}


class Played:
    """A server that answers from a list of states and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.states: Iterator[dict[str, Any]] = iter(())

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/plan/scenarios")
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, path or "/", body))
        if request.method == "DELETE" or path.endswith(("/cancel", "/sharing")):
            return httpx.Response(204)
        if path.endswith("/links"):
            link = {"address": "http://server/plan/shared/x", "expires_at": "2026-12-01T00:00:00Z"}
            return httpx.Response(201, json=link)
        if request.method == "POST":
            return httpx.Response(201, json={"scenario": SCENARIO})
        return httpx.Response(200, json=[DETAIL] if not path else DETAIL | next(self.states, {}))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Played:
    played = Played()
    made = lambda: Client("http://server", "token", transport=httpx.MockTransport(played.answer))  # noqa: E731
    monkeypatch.setattr(connection, "connect", made)
    monkeypatch.setattr(plan_saved, "PAUSE_SECONDS", 0)
    return played


run = partial(run_raising, "plan")


def test_two_what_ifs_are_saved_as_a_pair(server: Played, tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text("[period]\ndays = 10")
    two.write_text("[period]\ndays = 10\n[demand]\nload = 0.5")
    assert run("save", "pair", one, two).exit_code == 0
    method, _, body = server.asked[0]
    assert (method, body["kind"], body["name"]) == ("POST", "pair", "one and two")
    assert tomllib.loads(body["text"]) == {"first": one.read_text(), "second": two.read_text()}
    pair = tmp_path / "pair.toml"
    pair.write_text(body["text"])
    assert run("save", "pair", pair).exit_code == 0
    assert server.asked[2][2]["text"] == body["text"]
    for arguments in (("network", one, two), ("pair", one, two, pair)):
        assert "Give one file" in run("save", *arguments).output


def test_a_file_is_saved_and_waited_for(server: Played, tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text('include = ["hosts"]')
    queued: dict[str, object] = {"state": "queued", "progress": None, "progress_words": ""}
    server.states = iter([queued, {"state": "running", "progress": 0.5, "progress_words": "draws"}, {}])
    done = run("save", "siting", file, "--office", "--seed", 3, "--wait")
    assert done.exit_code == 0
    assert done.stderr.startswith("0%: queued …\n50%: draws …\n")
    assert "North is cooler." in done.stdout
    method, path, body = server.asked[0]
    assert (method, path, body["name"], body["seed"], body["with_office"]) == ("POST", "/", "hosts", 3, True)


def test_what_is_saved_is_listed_and_shown(server: Played) -> None:
    assert SCENARIO in run("saved").stdout
    assert json.loads(run("saved", "--json").stdout)["scenarios"][0]["id"] == SCENARIO
    assert "North first: 50%" in run("saved", SCENARIO).stdout
    server.states = iter([{"state": "failed", "result": None, "problem": {"detail": "It took too long."}}])
    assert "It took too long." in run("saved", SCENARIO).stdout


def test_a_scenario_is_cancelled_renamed_shared_linked_made_private_and_deleted(server: Played) -> None:
    assert run("cancel", SCENARIO).exit_code == 0
    assert "now" in run("rename", SCENARIO, "Two factories").stderr
    assert run("share", SCENARIO, "--office", "--link", 3).stdout == "http://server/plan/shared/x\n"
    assert run("share", SCENARIO, "--private").exit_code == 0
    assert run("delete", SCENARIO, "--yes").exit_code == 0
    calls = [(method, path.removeprefix(f"/{SCENARIO}")) for method, path, _ in server.asked if method != "GET"]
    assert calls == [
        ("POST", "/cancel"),
        ("POST", "/name"),
        ("POST", "/sharing"),
        ("POST", "/links"),
        ("POST", "/sharing"),
        ("DELETE", "/links"),
        ("DELETE", ""),
    ]


def test_a_name_that_is_none_or_a_book_is_refused_before_it_is_sent(server: Played) -> None:
    for name in ("", "x" * 81):
        assert run("rename", SCENARIO, name).exit_code == 2
    assert not server.asked


@pytest.mark.parametrize("options", [[], ["--private", "--office"]])
def test_sharing_with_nobody_or_with_both_is_refused(server: Played, options: list[str]) -> None:
    assert run("share", SCENARIO, *options).exit_code == 2
    assert not server.asked


def test_a_file_that_cannot_be_read_or_is_too_long_is_refused(server: Played, tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_text("#" * 70_000)
    with pytest.raises(ScenarioRefused, match="longer"):
        run("save", "siting", file)
    file.write_bytes(b"\xff")
    with pytest.raises(ScenarioRefused, match="cannot be read"):
        run("save", "siting", file)
    assert not server.asked
