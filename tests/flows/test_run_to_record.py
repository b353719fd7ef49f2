"""The whole story on the embedded network, as a newcomer meets it: from a folder to a verified record."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fabrica.record.verify import sound, verify
from fabrica.sdk import access, runs
from fabrica.sdk.client import Client
from fabrica.values.ids import RunId
from fabrica.values.states import RunState
from fabrica.wire.runs import LogSlice, Run
from tests.flows.home import Home, wait_until, write_run

pytestmark = pytest.mark.processes

TRAIN = """
from fabrica.run import log
for step in range(3):
    log.metric("loss", 1.0 / (step + 1), step=step)
print("trained", flush=True)
open("model.txt", "w").write("weights")
"""
WAITS = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).open("a").write("x")
print("started", flush=True)
while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.05)
open("model.txt", "w").write("weights")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("story") / "home")
    home.json("up")
    try:
        yield home
    finally:
        home.fabrica("down")


@pytest.fixture
def client(home: Home) -> Iterator[Client]:
    state = json.loads((home.folder / "embedded.json").read_text())
    with Client(state["url"], (home.folder / "token").read_text().strip()) as client:
        yield client


def test_a_run_goes_from_its_folder_to_a_verified_record(home: Home, client: Client, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "train", ["python", "main.py"], files={"main.py": TRAIN})
    told = home.json("run", str(folder))
    assert {"run", "state", "site", "placement", "usage", "energy", "metrics", "charge", "record"} <= told.keys()
    assert (told["state"], told["site"]) == ("succeeded", "this-machine")
    candidates = told["placement"]["candidates"]
    assert all({"site", "able", "reasons"} <= candidate.keys() for candidate in candidates)
    assert [one["site"] for one in candidates if one["able"]] == ["this-machine"]
    assert all(one["reasons"] for one in candidates)
    again = home.json("plan", "replay-decisions")  # the twin decides as the service did
    assert (again["decisions"], again["equal_share"], again["different"]) == (1, 1.0, [])
    assert told["metrics"] == {"loss": pytest.approx(1 / 3)}
    assert told["usage"]["cpu_seconds"] > 0
    assert [figure["basis"] for figure in told["energy"]]

    record = Path(told["record"])
    findings = verify(record)
    assert sound(findings), findings
    (record / "metrics.jsonl").write_text("{}\n")
    assert not sound(verify(record))

    found = runs.run(client, RunId(told["run"]))
    (attempt,) = found.attempts
    assert told["charge"]["milliseconds"] == found.usage.charged_milliseconds == attempt.charged_milliseconds > 0
    moves = [row.milliseconds for row in access.statement(client, found.project).rows if row.transfer.run == found.id]
    assert sorted(moves) == sorted([120_000, attempt.charged_milliseconds, 120_000 - attempt.charged_milliseconds])
    _check_inside(home)


def test_the_states_of_a_run_are_told_in_order_with_its_log(home: Home, client: Client, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "order", ["python", "main.py"], files={"main.py": TRAIN})
    run = _submit(client, folder)
    states: list[RunState] = []
    log = ""
    for seen in runs.follow(client, run):
        if isinstance(seen, LogSlice):
            log += seen.text
        elif not states or states[-1] is not seen.state:
            states.append(seen.state)
    order = list(RunState)
    assert states == sorted(states, key=order.index), "a state was told after a later one"
    assert states[-1] is RunState.SUCCEEDED
    assert "trained\n" in log


def test_a_dry_run_spends_and_stores_nothing(home: Home, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "dry", ["true"])
    before = home.json("balance"), home.json("runs")
    planned = home.json("run", str(folder), "--dry-run")
    assert (planned["placement"]["chosen"], planned["reserve_milliseconds"]) == ("this-machine", 120_000)
    assert (home.json("balance"), home.json("runs")) == before


def test_a_cancelled_run_ends_and_gives_the_rest_back(home: Home, client: Client, tmp_path: Path) -> None:
    run = _submit(client, _waiting(tmp_path))
    _wait_for_start(tmp_path)
    home.json("cancel", run)
    ended = _wait_for_end(client, run)
    assert (ended.state, ended.reason) == ("cancelled", "cancelled_by_user")
    assert "Cancelled on request" in ended.words
    _check_inside(home)


def test_a_failing_run_says_its_exit_status_and_is_not_tried_again(home: Home, client: Client, tmp_path: Path) -> None:
    told = home.json("run", str(write_run(tmp_path / "fails", ["sh", "-c", "echo oh no; exit 3"])), status=1)
    assert (told["state"], told["reason"]) == ("failed", "exit_nonzero")
    (attempt,) = told["attempts"]
    assert attempt["exit_code"] == 3
    assert "exit status 3" in told["words"]
    assert told["charge"]["milliseconds"] == attempt["charged_milliseconds"]
    assert runs.log(client, RunId(told["run"])).text.endswith("oh no\n")


def test_after_the_site_failed_a_second_attempt_succeeds_and_only_it_is_charged(
    home: Home, client: Client, tmp_path: Path
) -> None:
    run = _submit(client, _waiting(tmp_path))
    _wait_for_start(tmp_path)
    first = runs.run(client, run).attempts[0]
    started = home.folder / "agents/this-machine/attempts" / first.id / "engine/started.json"
    os.kill(int(json.loads(started.read_text())["keeper"][1]), signal.SIGKILL)
    (tmp_path / "go-on").touch()
    ended = _wait_for_end(client, run)
    assert ended.state is RunState.SUCCEEDED
    assert [attempt.reason for attempt in ended.attempts] == ["process_vanished", "completed"]
    assert ended.attempts[0].charged_milliseconds == 0
    assert ended.charged_milliseconds == ended.attempts[1].usage.charged_milliseconds
    assert (tmp_path / "started").read_text() == "xx"  # once an attempt
    _check_inside(home)


def test_a_run_outlives_down_and_up_of_its_network(home: Home, client: Client, tmp_path: Path) -> None:
    run = _submit(client, _waiting(tmp_path))
    _wait_for_start(tmp_path)
    wait_until(lambda: runs.run(client, run).state is RunState.RUNNING, "the server knows that it runs")
    assert home.json("down") == {"stopped": True}
    assert home.json("up")["url"] == client.server
    assert runs.run(client, run).state is RunState.RUNNING
    (tmp_path / "go-on").touch()
    assert _wait_for_end(client, run).state is RunState.SUCCEEDED
    assert (tmp_path / "started").read_text() == "x"
    _check_inside(home)


def _submit(client: Client, folder: Path) -> RunId:
    from fabrica.sdk.manifest import read_manifest

    return runs.submit(client, read_manifest(folder)).id


def _waiting(folder: Path) -> Path:
    """Write a run that marks each start and waits for a file."""
    command = ["python", "main.py", str(folder / "started"), str(folder / "go-on")]
    return write_run(folder / "waits", command, files={"main.py": WAITS})


def test_a_network_from_before_an_update_is_restarted_by_the_next_command(home: Home) -> None:
    file = home.folder / "embedded.json"
    before = json.loads(file.read_text())
    file.write_text(json.dumps(before | {"code": "before the update"}))
    with ThreadPoolExecutor() as both:  # commands may come at the same time
        runs_told, again = both.map(lambda _: home.json("runs")["runs"], range(2))
    after = json.loads(file.read_text())
    assert (after["url"], after["code"]) == (before["url"], before["code"])
    assert after["pid"] != before["pid"]
    assert runs_told == again


def _wait_for_start(folder: Path) -> None:
    wait_until((folder / "started").exists, "the run starts")


def _wait_for_end(client: Client, run: RunId) -> Run:
    wait_until(lambda: runs.run(client, run).state.final, f"{run} ends")
    return runs.run(client, run)


def _check_inside(home: Home) -> None:
    """Check the books, the evidence chain, and that every ended attempt was charged once and what it used."""
    found = home.inside()
    assert found["books"] == []
    assert found["chain_sound"], found["chain_words"]
    for attempt in found["attempts"]:
        if attempt["state"] == "ended":
            assert attempt["reservation"] != "open"
            assert attempt["charged_milliseconds"] in (0, attempt["used_milliseconds"])
