"""The agent's loop, step by step, with a server and an engine in memory."""

import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent.entries import Entry
from fabrica.agent.loop import Agent
from fabrica.engines.contract import Handle, StartOrder, StartRefused
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import AgentRunning, SiteClaimed, SyncAnswer, SyncRequest
from fabrica.wire.problems import ServerUnreachable, TooLarge
from tests.agent.builders import NOON, MemoryEngine, MemoryServer, make_bundle, make_order, make_settings, sha256


class House:
    """One agent with its server and engine, and the steps a test drives it by."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.server = MemoryServer()
        self.engine = MemoryEngine()
        self.settings = make_settings(folder, **settings)
        self.clock: Callable[[], datetime] = lambda: NOON
        self.agent = self.open()

    def open(self) -> Agent:
        self.agent = Agent(self.settings, self.server, self.engine, clock=lambda: self.clock())
        return self.agent

    def die(self) -> None:
        """End the agent between two steps, as a crash would, and start another on the same folder."""
        self.agent.close()
        self.open()

    def talk(self) -> None:
        """Tell what happened and ask for work, as the two threads of an agent do."""
        self.agent.conversation.exchange(0, tells=True)
        self.agent.conversation.exchange(0, tells=False)

    def until(self, done: Callable[[], bool], *, talks: bool = True) -> None:
        """Tick, and talk, until something is true."""
        for _ in range(500):
            if talks:
                self.talk()
            self.agent.tick()
            if done():
                return
            time.sleep(0.01)
        pytest.fail("it did not come true")

    def state(self, attempt: AttemptId) -> AttemptState | None:
        entry = self.agent.journal.entry(attempt)
        return entry.state if entry else None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path)
    yield one
    one.agent.close()


@pytest.mark.parametrize("step", ["staging", "ended"])
def test_a_step_that_a_worker_did_since_the_tick_looked_is_not_done_again(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    order = house.server.offer(make_order())
    live_entries = house.agent.journal.live_entries
    looks: list[list[Entry]] = []

    def look() -> list[Entry]:
        looks.append(live_entries())
        return looks[-1]

    monkeypatch.setattr(house.agent.journal, "live_entries", look)
    house.until(lambda: bool(house.engine.starts))
    written = house.agent.site.attempt(order.attempt).work / "written-by-the-run"
    written.write_text("kept")
    if step == "ended":
        house.engine.finish(order.attempt)
        house.until(lambda: house.state(order.attempt) is AttemptState.ENDED, talks=False)
    waits_for = {"staging": "waits_for_stage", "ended": "waits_for_finish"}[step]
    stale = next(seen for seen in looks if any(getattr(one, waits_for) for one in seen))
    monkeypatch.setattr(house.agent.journal, "live_entries", lambda: stale)
    spooled = house.agent.journal.spooled
    house.agent.tick()
    house.agent._workers.shutdown()  # what they still do is done
    assert written.read_text() == "kept"
    assert house.agent.journal.spooled == spooled


def test_a_run_goes_from_order_to_end_and_is_forgotten(house: House) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: bool(house.engine.starts))
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING)
    house.engine.finish(order.attempt)
    house.until(lambda: house.agent.journal.entries() == [])

    kinds = house.server.kinds(order.attempt)
    steps = [kind for kind, _ in itertools.groupby(kinds) if kind not in ("usage", "log", "metrics")]
    assert steps == ["accepted", "staging", "queued", "running", "artifacts", "ended"]
    end = house.server.ended(order.attempt)
    assert (end.reason, end.exit_code, end.usage and end.usage.elapsed_seconds) == (EndReason.COMPLETED, 0, 2.0)


def test_everything_an_end_names_has_been_uploaded_before_it_is_told(house: House) -> None:
    order = house.server.offer(make_order(outputs=("model.txt",)))
    house.until(lambda: bool(house.engine.starts))
    (house.engine.starts[0].folder / "work" / "model.txt").write_text("weights")
    house.server.blobs_away = True
    house.engine.finish(order.attempt)
    for _ in range(20):
        house.talk()
        house.agent.tick()
        time.sleep(0.005)
    assert "ended" not in house.server.kinds(order.attempt)

    house.server.blobs_away = False
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    artifacts = [one for event in house.server.events for one in event.artifacts]
    assert {"model.txt", "seal.json", "run.json"} <= {one.path for one in artifacts}
    assert all(house.server.blobs.keys() >= {one.sha256} for one in artifacts)


def test_nothing_starts_before_the_server_knows_of_the_acceptance(house: House) -> None:
    order = house.server.offer(make_order())
    house.talk()
    house.server.bundles.setdefault(order.bundle_sha256, make_bundle())
    for _ in range(50):
        house.agent.tick()
        time.sleep(0.005)
    assert house.state(order.attempt) is AttemptState.STAGING
    assert house.engine.starts == []
    house.until(lambda: len(house.engine.starts) == 1)


def test_an_offer_the_server_took_back_is_never_started(house: House) -> None:
    order = house.server.offer(make_order())
    house.talk()
    house.server.cancel(order.attempt, EndReason.LEASE_EXPIRED)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert house.engine.starts == []
    assert house.server.ended(order.attempt).reason is EndReason.LEASE_EXPIRED


def test_an_offer_past_its_time_is_not_accepted(house: House) -> None:
    order = house.server.offer(make_order(accept_before=NOON))
    house.talk()
    assert house.state(order.attempt) is None


def test_a_cancel_before_the_start_ends_the_run_without_starting_it(house: House) -> None:
    order = house.server.offer(make_order())
    house.talk()
    house.server.cancel(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert house.engine.starts == []
    assert house.server.ended(order.attempt).reason is EndReason.CANCELLED_BY_USER


def test_a_cancel_after_the_start_stops_the_run_once(house: House) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING)
    house.server.cancel(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert [reason for _, reason in house.engine.stops] == [EndReason.CANCELLED_BY_USER]
    assert house.server.ended(order.attempt).reason is EndReason.CANCELLED_BY_USER


def test_a_cancel_that_meets_an_unsure_start_stops_what_may_be_running(house: House) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: bool(house.engine.starts))
    # The crash fell between the engine's start and the journal's note of its handle.
    house.agent.journal._connection.execute("UPDATE attempts SET handle = NULL, state = 'staging'")
    house.agent.journal.ask_stop(order.attempt, EndReason.CANCELLED_BY_USER, NOON)
    house.die()
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert len(house.engine.starts) == 1
    assert len(house.engine.stops) == 1


@pytest.mark.parametrize("order_of_answers", list(itertools.permutations(range(3))))
def test_answers_that_come_twice_late_or_out_of_order_change_nothing(
    house: House, order_of_answers: tuple[int, ...]
) -> None:
    order = house.server.offer(make_order())
    answers = []
    sync = house.server.sync

    def keeping(request: SyncRequest) -> SyncAnswer:
        answers.append((sync(request), request.events))
        return answers[-1][0]

    house.server.sync = keeping  # type: ignore[method-assign]
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING)
    for number in (*order_of_answers, *order_of_answers):
        answer, sent = answers[number]
        house.agent.conversation.keep(answer, sent=sent)
    house.engine.finish(order.attempt)
    house.until(lambda: house.agent.journal.entries() == [])
    for answer, sent in answers:  # the offer comes again after the run is settled
        house.agent.conversation.keep(answer, sent=sent)
    house.agent.tick()
    assert len(house.engine.starts) == 1
    assert house.agent.journal.entries() == []
    assert [event.sequence for event in house.server.events] == list(range(1, len(house.server.events) + 1))


def test_a_server_that_is_away_for_the_whole_run_costs_only_time(house: House) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: bool(house.engine.starts))
    house.server.away = True
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING, talks=False)
    (house.engine.starts[0].folder / "log").open("a").write("epoch 1\n")
    house.until(
        lambda: "log" in [one.kind for one in house.agent.journal.news(events_max=99, bytes_max=9999)], talks=False
    )
    house.engine.finish(order.attempt)
    for _ in range(20):
        house.agent.tick()
        with pytest.raises(ServerUnreachable):
            house.talk()
    house.server.away = False
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert len(house.engine.starts) == 1
    assert "epoch 1\n" in "".join(event.log_text or "" for event in house.server.events)
    assert house.server.ended(order.attempt).ended_at == NOON + timedelta(seconds=2)


def test_a_clock_moved_back_disorders_nothing(house: House) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING)
    house.clock = lambda: NOON - timedelta(days=400)
    house.engine.finish(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert [event.sequence for event in house.server.events] == list(range(1, len(house.server.events) + 1))


def test_an_order_that_cannot_be_journaled_is_not_accepted_and_taken_when_it_can(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    order = house.server.offer(make_order())

    def full(*_: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(house.agent.journal, "accept", full)
        house.talk()
    assert house.state(order.attempt) is None
    assert "is not accepted" in caplog.text
    house.until(lambda: len(house.engine.starts) == 1)


def test_a_full_disk_while_running_loses_no_end(house: House) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING)
    pages = house.agent.journal._connection.execute("PRAGMA page_count").fetchone()[0]
    house.agent.journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    house.engine.finish(order.attempt)
    for _ in range(30):
        house.agent._safely(house.agent.tick)
        time.sleep(0.005)
    house.agent.journal._connection.execute("PRAGMA max_page_count = 1000000")
    house.agent.retries.hasten()
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert house.server.ended(order.attempt).reason is EndReason.COMPLETED


def test_a_refusal_of_the_engine_ends_the_attempt_with_its_words(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    order = house.server.offer(make_order())

    def refuse(_: StartOrder) -> None:
        raise StartRefused(EndReason.SITE_DECLINED, "This machine has 2 devices; 8 were asked.")

    monkeypatch.setattr(house.engine, "start", refuse)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    end = house.server.ended(order.attempt)
    assert (end.reason, end.words) == (EndReason.SITE_DECLINED, "This machine has 2 devices; 8 were asked.")


def test_a_bundle_that_is_not_the_submitted_one_is_refused(house: House) -> None:
    order = house.server.offer(make_order(bundle_sha256="0" * 64))
    house.server.bundles["0" * 64] = make_bundle({"other.py": "1"})
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert house.server.ended(order.attempt).reason is EndReason.SOURCE_REFUSED
    assert house.engine.starts == []


def test_a_bundle_that_leads_out_of_the_folder_is_refused(house: House, tmp_path: Path) -> None:
    evil = make_bundle({"../../../evil.py": "1"})
    house.server.bundles[sha256(evil)] = evil
    order = house.server.offer(make_order(bundle_sha256=sha256(evil)))
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert house.server.ended(order.attempt).reason is EndReason.SOURCE_REFUSED
    assert not list(tmp_path.rglob("evil.py"))


def test_an_output_that_links_out_of_the_folder_refuses_the_outputs(house: House) -> None:
    order = house.server.offer(make_order(outputs=("secrets",)))
    house.until(lambda: bool(house.engine.starts))
    (house.engine.starts[0].folder / "work" / "secrets").symlink_to("/etc/hostname")
    house.engine.finish(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert house.server.ended(order.attempt).reason is EndReason.OUTPUTS_REFUSED
    assert Path("/etc/hostname").read_bytes() not in house.server.blobs.values()


def test_a_file_the_server_never_takes_does_not_hold_up_the_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    order = house.server.offer(make_order(outputs=("huge.bin",)))
    house.until(lambda: bool(house.engine.starts))
    (house.engine.starts[0].folder / "work" / "huge.bin").write_text("x")
    upload = house.server.upload_blob

    def strict(sha256: str, source: Path) -> None:
        if source.name == "huge.bin":
            raise TooLarge("A file may have 512 MiB.")
        upload(sha256, source)

    monkeypatch.setattr(house.server, "upload_blob", strict)
    house.engine.finish(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert "huge.bin" not in [one.path for event in house.server.events for one in event.artifacts]
    assert "huge.bin" in house.server.ended(order.attempt).words


def test_a_site_that_is_full_declines(tmp_path: Path) -> None:
    house = House(tmp_path, attempts_at_once=1)
    first, second = (house.server.offer(make_order()) for _ in range(2))
    house.until(lambda: house.server.kinds(second.attempt) == ["declined"])
    assert house.server.kinds(first.attempt)[0] == "accepted"
    house.agent.close()


def test_a_second_agent_on_the_folder_is_refused(house: House) -> None:
    with pytest.raises(AgentRunning):
        Agent(house.settings, house.server, house.engine)


def test_an_agent_whose_site_is_claimed_keeps_its_runs_going_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    order = house.server.offer(make_order())
    house.until(lambda: house.state(order.attempt) is AttemptState.RUNNING)

    def claimed(_: object) -> None:
        raise SiteClaimed("Another agent speaks for the site.")

    monkeypatch.setattr(house.server, "sync", claimed)
    stop = threading.Event()
    talker = threading.Thread(target=house.agent.conversation.ask_for_work, args=(stop,))
    talker.start()
    house.engine.finish(order.attempt)
    house.until(lambda: house.state(order.attempt) is AttemptState.ENDED, talks=False)
    stop.set()
    talker.join(60)
    assert "agents.site_claimed" in caplog.text


def test_folders_of_settled_attempts_go_after_their_days(tmp_path: Path) -> None:
    house = House(tmp_path, keep_days=1)
    order = house.server.offer(make_order())
    house.until(lambda: bool(house.engine.starts))
    house.engine.finish(order.attempt)
    house.until(lambda: house.agent.journal.entries() == [])
    folder = house.agent.site.attempt(order.attempt).root
    assert folder.exists()
    house.clock = lambda: NOON + timedelta(days=2)
    house.agent._sweep_due = 0
    house.agent.tick()
    assert not folder.exists()
    house.agent.close()


@pytest.mark.parametrize("steps", range(0, 40, 3))
def test_an_agent_that_dies_between_any_two_steps_starts_and_ends_the_run_once(tmp_path: Path, steps: int) -> None:
    house = House(tmp_path)
    order = house.server.offer(make_order())
    for step in range(steps):
        house.talk() if step % 2 else house.agent.tick()
        if step > 20 and house.engine.starts:
            house.engine.finish(order.attempt)
        time.sleep(0.002)
    house.die()
    house.until(lambda: bool(house.engine.starts))
    house.engine.finish(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert len(house.engine.starts) == 1
    assert house.server.kinds(order.attempt).count("ended") == 1
    assert house.server.kinds(order.attempt).count("accepted") == 1
    house.agent.close()


def test_run_once_does_what_can_be_done_and_ends(house: House) -> None:
    order = house.server.offer(make_order())
    house.agent.run_once()
    assert house.server.told_inventory().interactive is False  # cron starts it: nobody would be brought to a run
    assert len(house.engine.starts) == 1
    house.engine.finish(order.attempt)
    house.agent.run_once()
    house.agent.run_once()
    assert house.server.ended(order.attempt).reason is EndReason.COMPLETED


def test_an_agent_stops_when_asked_and_leaves_its_runs_running(tmp_path: Path) -> None:
    house = House(tmp_path)
    order = house.server.offer(make_order())
    stop = threading.Event()
    agent = threading.Thread(target=house.agent.run, args=(stop,))
    agent.start()
    for _ in range(1000):
        if "running" in house.server.kinds(order.attempt):
            break
        time.sleep(0.01)
    stop.set()
    agent.join(30)
    assert not agent.is_alive()
    assert house.engine.stops == []
    assert "running" in house.server.kinds(order.attempt)
    assert house.server.told_inventory().interactive is True  # it stays, so it can bring people to runs


def test_the_words_of_staging_are_told_while_it_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    order = house.server.offer(make_order())
    done = threading.Event()
    fetch = house.server.fetch_bundle

    def slow(sha256: str, target: Path, *, bytes_max: int) -> str:
        house.agent.site.attempt(order.attempt).say("pip collects numpy")
        done.wait(30)
        return fetch(sha256, target, bytes_max=bytes_max)

    monkeypatch.setattr(house.server, "fetch_bundle", slow)
    house.until(lambda: "log" in house.server.kinds(order.attempt))
    assert house.engine.starts == []
    done.set()
    house.until(lambda: len(house.engine.starts) == 1)


def test_what_no_living_attempt_uses_leaves_a_cache_that_is_too_large(tmp_path: Path) -> None:
    house = House(tmp_path, cache_bytes_max=0)
    order = house.server.offer(make_order())
    house.until(lambda: bool(house.engine.starts))
    environment = next(place for place in house.agent.site.environments.iterdir() if len(place.name) == 64)
    bundle = house.agent.site.cache / order.bundle_sha256
    house.agent._sweep_due = 0
    house.until(lambda: not bundle.exists())
    assert environment.exists()
    house.engine.finish(order.attempt)
    house.until(lambda: house.agent.journal.entries() == [])
    house.agent._sweep_due = 0
    house.until(lambda: not environment.exists())
    house.agent.close()


class TogetherEngine(MemoryEngine):
    """An engine that several threads may ask to start, and that holds each start until a test lets it go."""

    starts_at_once = 3

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)
        self.go_on = threading.Event()

    def start(self, order: StartOrder) -> Handle:
        self.asked.release()
        assert self.go_on.wait(_PATIENCE_SECONDS)
        return super().start(order)


_PATIENCE_SECONDS = 60


@pytest.fixture
def together(house: House) -> Iterator[House]:
    house.agent.close()
    house.engine = TogetherEngine()
    house.open()
    yield house
    house.engine.go_on.set()


def _until_asked(house: House, count: int) -> TogetherEngine:
    engine = house.engine
    assert isinstance(engine, TogetherEngine)
    asked = 0

    def enough() -> bool:
        nonlocal asked
        asked += engine.asked.acquire(blocking=False)
        return asked == count

    house.until(enough)
    return engine


def test_attempts_start_beside_each_other_once_each_while_the_agent_looks_after_others(together: House) -> None:
    orders = [together.server.offer(make_order()) for _ in range(3)]
    engine = _until_asked(together, 3)
    for _ in range(5):
        together.agent.tick()
    assert engine.starts == []
    engine.go_on.set()
    for order in orders:
        together.until(lambda one=order: together.state(one.attempt) is AttemptState.RUNNING)  # type: ignore[misc]
    assert sorted(one.attempt for one in engine.starts) == sorted(order.attempt for order in orders)
    for order in orders:
        assert together.server.kinds(order.attempt).count("queued") == 1


def test_a_run_cancelled_while_the_engine_takes_it_is_stopped_there(together: House) -> None:
    order = together.server.offer(make_order())
    engine = _until_asked(together, 1)
    together.server.cancel(order.attempt)
    for _ in range(5):
        together.talk()
        together.agent.tick()
    entry = together.agent.journal.entry(order.attempt)
    assert entry is not None
    assert (entry.stop_reason, entry.ending) == (EndReason.CANCELLED_BY_USER, None)
    engine.go_on.set()
    together.until(lambda: "ended" in together.server.kinds(order.attempt))
    assert engine.stops == [(Handle(f"job-{order.attempt}"), EndReason.CANCELLED_BY_USER)]
    assert together.server.ended(order.attempt).reason is EndReason.CANCELLED_BY_USER
