"""Real processes of a whole network are killed, cut off and harmed at every kind of moment.

Each time: no run starts twice in one attempt, no usage is lost or charged twice, the user reads what happened, and
nothing is left running.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fabrica.engines.local.processes import left_behind
from fabrica.sdk import runs
from fabrica.sdk.manifest import read_manifest
from fabrica.values.states import RunState
from fabrica.wire.problems import FabricaError
from tests.flows.home import SECONDS_MAX, Home, wait_until, write_run
from tests.flows.network import Network, Story, check_books, check_nothing_left, make_template
from tests.flows.proxy import HARMS, harmful_proxy
from tests.services import disk

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture(scope="module")
def shared(template: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    network = Network(template, tmp_path_factory.mktemp("network") / "home")
    try:
        yield network
    finally:
        network.close()


@pytest.fixture
def network(shared: Network) -> Network:
    """The network that most tests share, with every process up again."""
    shared.make_whole()
    return shared


@pytest.fixture
def story(network: Network, tmp_path: Path) -> Story:
    return Story(network, tmp_path)


_RUNS = "fabrica.server.runs.service"
_SERVER_DEATHS = [
    ("serve", "fabrica.server.core.idempotency:once:after", "submitting"),
    ("serve", "fabrica.server.runs.agent_api:orders:after", "submitting"),
    ("serve", f"{_RUNS}:record:before", "submitting"),
    ("serve", "fabrica.server.sites.service:hear:after", "running"),
    ("serve", f"{_RUNS}:record:after", "running"),
    ("serve", "fabrica.server.ledger.service:settle:before", "finishing"),
    ("serve", "fabrica.server.ledger.service:settle:after", "finishing"),
    ("serve", f"{_RUNS}:_finish:after", "finishing"),
    ("serve", "fabrica.server.runs.agent_api:orders:before", "finishing"),
    ("work", f"{_RUNS}:place:before", "submitting"),
    ("work", "fabrica.server.ledger.service:reserve:after", "submitting"),
    ("work", "fabrica.server.evidence.service:seal_next:after", "finishing"),
]


@pytest.mark.parametrize(("name", "point", "moment"), _SERVER_DEATHS, ids=lambda value: str(value).split(":", 1)[-1])
def test_a_server_killed_at_a_step_loses_nothing(
    shared: Network, tmp_path: Path, name: str, point: str, moment: str
) -> None:
    network, story = shared, Story(shared, tmp_path)
    network.make_whole(name, dies=tmp_path, at=point)
    _go_through(network, story, tmp_path, name, moment)
    story.check("completed")
    kinds = wait_until(lambda: "runs.settled" in (seen := _sealed(network, story)) and seen, "the end is sealed")
    assert kinds.count("runs.submitted") == kinds.count("runs.settled") == 1


def _sealed(network: Network, story: Story) -> list[str]:
    return [one.fact_kind for one in runs.evidence(network.client, story.run)]


@pytest.mark.parametrize(
    ("point", "moment"),
    [
        ("fabrica.agent.journal:Journal.accept:after", "submitting"),
        ("fabrica.engines.local.engine:LocalEngine.start:before", "submitting"),
        ("fabrica.engines.local.engine:LocalEngine.start:after", "submitting"),
        ("fabrica.agent.conversation:Conversation.keep:before", "running"),
        ("fabrica.agent.finishing:Finish._gather:after", "finishing"),
        ("fabrica.agent.transport:HttpTransport.upload_blobs:after", "finishing"),
        ("fabrica.agent.journal:Journal.forget:before", "finishing"),
    ],
    ids=lambda value: str(value).split(":", 1)[-1],
)
def test_an_agent_killed_at_a_step_loses_nothing(shared: Network, tmp_path: Path, point: str, moment: str) -> None:
    network, story = shared, Story(shared, tmp_path)
    network.make_whole("agent", dies=tmp_path, at=point)
    _go_through(network, story, tmp_path, "agent", moment)
    story.check("completed")


def _go_through(network: Network, story: Story, deaths: Path, name: str, moment: str) -> None:
    """Bring a run to a moment, let the process die there, start it again, and let the run go on."""
    armed = deaths / "armed"
    if moment == "submitting":
        armed.touch()
        restarted = _restart_when_dead(network, name)
        story.submit()
        restarted.join(SECONDS_MAX)
        story.go_on.touch()
        return
    story.submit()
    story.wait_for("running")
    armed.touch()
    if moment == "finishing":
        story.go_on.touch()
    network.wait_for_death(name)
    network.start(name)
    story.go_on.touch()


def _restart_when_dead(network: Network, name: str) -> threading.Thread:
    """Start a process anew as soon as it died, while this thread waits for an answer."""

    def restart() -> None:
        network.wait_for_death(name)
        network.start(name)

    thread = threading.Thread(target=restart, daemon=True)
    thread.start()
    return thread


def test_killing_server_work_and_agent_together_loses_nothing(network: Network, story: Story) -> None:
    story.submit()
    story.wait_for("running")
    network.kill("serve", "work", "agent")
    story.go_on.touch()
    network.make_whole()
    story.check("completed")


def test_a_server_away_for_the_whole_run_and_longer_hears_all_of_it(network: Network, story: Story) -> None:
    story.submit()
    story.wait_for_start()
    story.wait_for("running")
    folder = story.attempt_folder()
    network.kill("serve", "work")
    story.go_on.touch()
    wait_until((folder / "record" / "seal.json").exists, "the site seals the record by itself")
    network.restart("agent")
    network.make_whole()
    ended = story.check("completed")
    assert runs.log(network.client, ended.id).text == "started\n"


def test_a_command_that_is_killed_fails_by_its_user_and_is_charged(network: Network, story: Story) -> None:
    story.submit()
    story.wait_for("running")
    _kill(_started(story)["command_process"])
    ended = story.check("killed_by_signal")
    assert (ended.state, "SIGKILL" in ended.words) == (RunState.FAILED, True)
    assert ended.charged_milliseconds > 0


def test_a_keeper_that_is_killed_costs_the_user_nothing_and_the_run_is_tried_again(
    network: Network, story: Story
) -> None:
    story.submit()
    story.wait_for("running")
    _kill(_started(story)["keeper"])
    story.go_on.touch()
    ended = story.check("process_vanished", "completed")
    assert ended.attempts[0].charged_milliseconds == 0


def test_a_machine_that_loses_agent_keeper_and_command_at_once_tries_again(network: Network, story: Story) -> None:
    story.submit()
    story.wait_for("running")
    started = _started(story)
    network.kill("agent")
    _kill(started["keeper"])
    _kill(started["command_process"])
    story.go_on.touch()
    network.start("agent")
    ended = story.check("process_vanished", "completed")
    assert "vanished" in ended.attempts[0].words


def _started(story: Story) -> dict[str, list[int]]:
    """Return what the keeper wrote of the processes of a run, once the command is among them."""
    file = story.attempt_folder() / "engine" / "usage.json"
    started = story.attempt_folder() / "engine" / "started.json"

    def known() -> dict[str, list[int]] | None:
        seen = json.loads(file.read_text())["processes"] if file.exists() else []
        keeper = json.loads(started.read_text())["keeper"]
        return {"keeper": keeper, "command_process": seen[0]} if seen else None

    return wait_until(known, "the keeper has seen the command")  # type: ignore[no-any-return]


def _kill(identity: list[int]) -> None:
    with suppress(ProcessLookupError):  # the death of the keeper may have taken the command along
        os.kill(int(identity[1]), signal.SIGKILL)


@pytest.mark.parametrize("harm", [*HARMS, "all"])
def test_answers_that_are_harmed_on_the_way_change_nothing(network: Network, story: Story, harm: str) -> None:
    with harmful_proxy(network.url, *(HARMS if harm == "all" else (harm,))) as proxy:
        network.restart("agent", server=proxy.url)
        story.submit()
        story.wait_for("running")
        wait_until(lambda: proxy.done if harm != "all" else len(proxy.done) > 2, "an answer is harmed")
        story.go_on.touch()
        story.check("completed")
    network.kill("agent")


def test_a_second_agent_with_a_copied_key_is_refused_in_words(network: Network, story: Story) -> None:
    settings = network.write_settings("copy.toml", network.home.folder / "copy")
    story.submit()
    story.wait_for("running")
    copy = network.start_program("copy", "-m", "fabrica.cli.main", "agent", "run", str(settings))
    wait_until(lambda: "agents.site_claimed" in network.said("copy"), "the copy is refused")
    story.go_on.touch()
    story.check("completed")
    copy.kill()
    copy.wait()
    assert not any((network.home.folder / "copy" / "attempts").iterdir())


def test_a_second_agent_in_the_same_folder_does_not_start(network: Network) -> None:
    settings = network.write_settings("same.toml", network.site)
    same = network.start_program("same", "-m", "fabrica.cli.main", "agent", "run", str(settings))
    assert same.wait(SECONDS_MAX) == 1
    assert "agents.running" in network.said("same")


def test_a_cancel_that_races_a_start_ends_each_run_once(network: Network, tmp_path: Path) -> None:
    stories = [Story(network, tmp_path / str(number)) for number in range(16)]
    for story in stories:
        story.submit()
        time.sleep(0.07)  # so that each cancel below meets its run at another step
        if story is not stories[0]:
            runs.cancel(network.client, stories[stories.index(story) - 1].run)
    runs.cancel(network.client, stories[-1].run)
    for story in stories:
        ended = network.settled(story.run)
        assert (ended.state, ended.reason) == (RunState.CANCELLED, "cancelled_by_user")
        begun = story.marker.read_text() if story.marker.exists() else ""
        assert begun in ("", "x\n")
        assert bool(ended.charged_milliseconds) <= bool(begun)
        for attempt in ended.attempts:
            check_nothing_left(network, attempt.id)
    check_books(network, *(story.run for story in stories))


def test_a_run_that_forks_and_ignores_the_warning_is_ended_wholly(network: Network, tmp_path: Path) -> None:
    nested = "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    nested += "for _ in range(4): os.fork()\nos.setsid() if os.getpid() != os.getsid(0) else None\ntime.sleep(600)"
    story = Story(network, tmp_path, last=f"python3 -c '{nested}'")
    story.submit()
    story.wait_for("running")
    story.go_on.touch()
    attempt = story.attempt_folder().name
    wait_until(lambda: len(left_behind(attempt, [])) > 15, "the run has forked")
    runs.cancel(network.client, story.run)
    story.check("cancelled_by_user")


def test_a_flood_of_log_is_capped_and_the_cut_is_told(network: Network, tmp_path: Path) -> None:
    story = Story(network, tmp_path, last="head -c 300000000 /dev/zero | tr '\\0' 'x'; echo w > model.txt")
    story.submit()
    story.go_on.touch()
    ended = story.check("completed")
    assert (story.attempt_folder() / "log").stat().st_size < 1_048_576 + 1000
    text, offset = "", 0
    while (piece := runs.log(network.client, ended.id, offset)).text:
        text, offset = text + piece.text, piece.next_offset
    assert "bytes of output were not kept" in text


def test_a_run_that_fills_its_folder_is_stopped_and_told(network: Network, tmp_path: Path) -> None:
    story = Story(
        network, tmp_path, last="while :; do head -c 1000000 /dev/zero >> fill$((n=n+1)); done", disk="16 MiB"
    )
    story.submit()
    story.go_on.touch()
    ended = story.check("folder_full")
    assert ended.charged_milliseconds > 0


def test_a_clock_that_is_moved_back_an_hour_harms_nothing(template: Home, tmp_path: Path) -> None:
    network = Network(template, tmp_path / "home")
    network.clock = tmp_path / "offset"
    network.clock.write_text("3600")
    try:
        network.make_whole()
        before, during, after = (Story(network, tmp_path / name) for name in ("before", "during", "after"))
        before.submit()
        during.submit()
        during.wait_for("running")
        before.go_on.touch()
        before.check("completed")
        network.clock.write_text("0")
        after.submit()
        for story in (during, after):
            story.go_on.touch()
            ended = story.check("completed")
            assert ended.usage.elapsed_seconds < 120
    finally:
        network.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk.small_disk(tmp_path / "disk") as place:
        yield place


def test_a_full_disk_of_the_site_fails_the_attempt_and_the_run_succeeds_once_there_is_room(
    template: Home, tmp_path: Path, small_disk: Path
) -> None:
    network = Network(template, tmp_path / "home", site=small_disk / "site")
    try:
        network.make_whole()
        story = Story(network, tmp_path, last="head -c 500000 /dev/zero > model.txt", disk="2 MiB")
        story.submit()
        story.wait_for("running")
        filler = disk.fill(small_disk)
        story.go_on.touch()
        wait_until((story.attempt_folder() / "engine" / "ended.json").exists, "the command ends on the full disk")
        filler.unlink()
        ended = story.check("site_disk_full", "completed")
        assert "disk" in ended.attempts[0].words
        assert ended.attempts[0].charged_milliseconds == 0
    finally:
        network.close()


def test_a_full_disk_of_the_server_loses_nothing_and_is_told(template: Home, tmp_path: Path, small_disk: Path) -> None:
    network = Network(template, tmp_path / "home", server_disk=small_disk)
    try:
        network.make_whole()
        story = Story(network, tmp_path)
        story.submit()
        story.wait_for("running")
        folder = story.attempt_folder()
        filler = disk.fill(small_disk)
        story.go_on.touch()
        wait_until((folder / "record" / "seal.json").exists, "the site seals the record by itself")
        refused = write_run(tmp_path / "refused", ["true"])
        with pytest.raises(FabricaError) as told:
            runs.submit(network.client, read_manifest(refused))
        assert "full" in str(told.value)
        filler.unlink()
        story.check("completed")
    finally:
        network.close()
