"""A step that keeps failing is tried ever more rarely and said once, and at once when what it waited for is back."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabrica.agent.loop import Agent
from fabrica.agent.retries import Retries
from fabrica.engines.contract import Handle, StartOrder
from fabrica.values.states import EndReason
from fabrica.wire.agents import Inventory, WorkOrder
from fabrica.wire.problems import ServerUnreachable
from tests.agent.builders import NOON, MemoryEngine, MemoryServer, make_order, make_settings

_PAUSES = [0.5, 1, 2, 4, 8, 16, 30, 30]


class Clock:
    """A clock that only a test moves, in seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock, with each pause at its longest."""
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)
    return Clock()


@pytest.fixture
def retries(clock: Clock) -> Retries:
    return Retries(clock)


def test_pauses_double_up_to_half_a_minute(clock: Clock, retries: Retries) -> None:
    for pause in _PAUSES:
        assert retries.due("one")
        retries.failed("one", "away")
        clock.now += pause - 0.01
        assert not retries.due("one")
        clock.now += 0.01


def test_a_failure_of_one_holds_up_no_other(retries: Retries) -> None:
    retries.failed("one", "away")
    assert retries.due("other")


def test_a_reason_is_new_when_it_changed_or_a_step_was_done_in_between(retries: Retries) -> None:
    said = [retries.failed("one", words) for words in ("away", "away", "full", "full", "away")]
    assert said == [True, False, True, False, True]
    retries.done("one")
    assert retries.failed("one", "away")


def test_what_is_hastened_is_due_at_once_by_short_pauses_again_and_its_reason_stays_said(
    clock: Clock, retries: Retries
) -> None:
    for _ in range(9):
        retries.failed("one", "away")
    retries.hasten()
    assert retries.due("one")
    assert not retries.failed("one", "away")
    clock.now += _PAUSES[0]
    assert retries.due("one")


class House:
    """An agent whose pauses follow a test's clock, with its server and engine in memory."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.server = MemoryServer()
        self.engine = MemoryEngine()
        self.agent = Agent(make_settings(folder), self.server, self.engine, clock=lambda: NOON)
        self.agent.retries = Retries(clock)
        self.tries = 0

    def talk(self) -> bool:
        """Talk as the threads of an agent do, and return whether the server answered."""
        conversation = self.agent.conversation
        told = conversation._try(conversation.tell_all)
        return conversation._try(lambda: conversation.exchange(0, tells=False)) and told

    def settle(self, ticks: int = 5) -> None:
        """Tick until the workers rest."""
        for _ in range(ticks):
            self.agent.tick()
            for _ in range(1000):
                if not self.agent._busy:
                    break
                time.sleep(0.001)

    def bring_to_its_end(self) -> WorkOrder:
        """Take a run until its command is over and its files are to be sent."""
        order = self.server.offer(make_order())
        for _ in range(4):
            self.talk()
            self.settle()
        self.engine.finish(order.attempt)
        return order

    def fail(self, *_: object, **__: object) -> None:
        self.tries += 1
        raise ServerUnreachable("the server answered with status 503.")


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    one = House(tmp_path, clock)
    yield one
    one.agent.close()


def test_an_upload_that_keeps_failing_is_tried_ever_more_rarely_and_said_once(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    order = house.bring_to_its_end()
    monkeypatch.setattr(house.server, "upload_blobs", house.fail)
    tries = []
    for _ in range(31):  # 15 s by half seconds
        house.settle(2)
        tries.append(house.tries)
        clock.now += 0.5
    assert [tries.index(number) / 2 for number in range(1, house.tries + 1)] == [0, 0.5, 1.5, 3.5, 7.5]
    assert caplog.text.count(f"{order.attempt}: the server answered with status 503.") == 1


def test_an_upload_is_tried_at_once_when_the_server_answers_again(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = house.bring_to_its_end()
    house.server.away = True
    assert not house.talk()
    for _ in range(20):
        house.settle(2)
        clock.now += 5
    house.settle()
    house.server.away = False
    clock.now += 0.001
    house.settle()
    assert house.agent.journal.entry(order.attempt).live  # type: ignore[union-attr]

    assert house.talk()
    house.settle()
    house.talk()
    assert house.server.ended(order.attempt).reason is EndReason.COMPLETED


def test_a_cancel_waits_for_no_pause(house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.server, "fetch_bundle", house.fail)
    order = house.server.offer(make_order())
    house.talk()
    for _ in range(20):
        house.settle(2)
        clock.now += 5
    house.settle()
    house.server.cancel(order.attempt)
    house.talk()
    house.settle()
    house.talk()
    assert house.server.ended(order.attempt).reason is EndReason.CANCELLED_BY_USER


def test_a_start_is_tried_at_once_when_the_engine_answers_again(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = house.engine.capacity()

    def silent() -> Inventory:
        return told.model_copy(update={"silent_since": NOON})

    def refuses(_: StartOrder) -> Handle:
        raise OSError("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(house.engine, "capacity", silent)
        patched.setattr(house.engine, "start", refuses)
        house.server.offer(make_order())
        for _ in range(20):
            house.talk()
            house.settle()
            clock.now += 5
        house.settle()
    house.settle()
    assert not house.engine.starts
    house.agent._inventory_due = 0
    house.settle()
    assert len(house.engine.starts) == 1
