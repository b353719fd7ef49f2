"""The contract every engine keeps: one suite for all of them."""

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest

from fabrica.engines.contract import Engine, Handle, StartRefused
from fabrica.values.ids import AttemptId
from fabrica.values.states import EndReason
from tests.contracts.engine_benches import Bench, LocalBench, SimulatedBench, slurm_params, start_in_this_process

_BENCHES = (
    pytest.param((LocalBench, None), id=LocalBench.name, marks=pytest.mark.processes),
    pytest.param((SimulatedBench, None), id=SimulatedBench.name),
    *slurm_params(),
)
pytestmark = pytest.mark.parametrize("bench", _BENCHES, indirect=True)


def test_engine_says_its_own_name_in_its_inventory(bench: Bench, engine: Engine) -> None:
    inventory = engine.capacity()
    assert engine.name == inventory.engine == bench.name
    assert inventory.simulated == (bench.name == "simulated")


def test_capacity_counts_devices_that_a_run_holds(bench: Bench, engine: Engine) -> None:
    free_before = _free(engine, bench)
    handle = engine.start(bench.order("sleep", "30"))
    bench.wait_for(engine, handle, "running")
    assert _free(engine, bench) == free_before - 1
    engine.stop(handle, EndReason.CANCELLED_BY_USER)
    bench.wait_for(engine, handle, "ended")
    assert bench.wait(engine, handle, lambda _: _free(engine, bench) == free_before)


def _free(engine: Engine, bench: Bench) -> int:
    free = next(one.devices_free for one in engine.capacity().partitions if one.name == bench.partition)
    assert free is not None
    return free


def test_command_that_succeeds_ends_as_completed(bench: Bench, engine: Engine) -> None:
    handle = engine.start(bench.order("true"))
    seen = bench.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.COMPLETED, 0)
    assert seen.started_at is not None
    assert seen.ended_at is not None
    assert seen.ended_at >= seen.started_at


@pytest.mark.parametrize("code", [1, 3, 255])
def test_exit_code_is_told(bench: Bench, engine: Engine, code: int) -> None:
    handle = engine.start(bench.order("sh", "-c", f"exit {code}"))
    seen = bench.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.EXIT_NONZERO, code)


_IGNORES_NONE = "SigIgn:[[:space:]]*0{7}[01][08]0{7}$"
"""But signals 32 and 33, which the C library keeps for itself; what `make` starts ignores them."""


def test_a_command_starts_with_no_signal_ignored(bench: Bench, engine: Engine) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        handle = engine.start(bench.order("grep", "-qE", _IGNORES_NONE, "/proc/self/status"))
    finally:
        signal.signal(signal.SIGHUP, before)
    seen = bench.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.COMPLETED


def test_start_called_again_gives_the_same_handle_and_no_second_start(bench: Bench, engine: Engine) -> None:
    order = bench.order("sleep", "2")
    handle = engine.start(order)
    started_at = bench.wait_for(engine, handle, "running").started_at
    assert engine.start(order) == handle
    ended = bench.wait_for(engine, handle, "ended")
    assert ended.started_at == started_at
    assert engine.start(order) == handle
    assert engine.observe([handle])[handle] == ended


def test_start_from_two_processes_at_once_starts_once(bench: Bench, engine: Engine) -> None:
    order = bench.order("sleep", "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        starts = [pool.submit(start_in_this_process, bench, order) for _ in range(4)]
        handles = {one.result(timeout=60) for one in starts}
    assert len(handles) == 1
    handle = Handle(handles.pop())
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    log = order.folder / "log"
    assert not log.exists() or log.read_text().count("waits for its devices") <= 1


def test_observe_answers_for_every_handle(bench: Bench, engine: Engine) -> None:
    handles = [engine.start(bench.order("sleep", "1")) for _ in range(4)]
    stranger = Handle(AttemptId.new())
    seen = engine.observe([*handles, stranger])
    assert set(seen) == {*handles, stranger}
    assert seen[stranger].state == "unknown"
    for handle in handles:
        assert bench.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED


@pytest.mark.parametrize("handle", ["", "../../etc", "att_x", "12345"])
def test_a_handle_that_is_none_is_unknown(engine: Engine, handle: str) -> None:
    assert engine.observe([Handle(handle)])[Handle(handle)].state == "unknown"


def test_runs_start_in_the_order_they_came(bench: Bench, engine: Engine) -> None:
    first = engine.start(bench.order("sleep", "1", devices=2))
    second = engine.start(bench.order("sleep", "1", devices=2))
    third = engine.start(bench.order("sleep", "1", devices=1))
    ended = [bench.wait_for(engine, handle, "ended") for handle in (first, second, third)]
    starts = [one.started_at for one in ended if one.started_at]
    assert len(starts) == 3
    assert starts == sorted(starts)
    assert ended[0].ended_at is not None
    assert starts[1] >= ended[0].ended_at


def test_run_that_asks_for_more_than_there_is_is_refused(bench: Bench, engine: Engine) -> None:
    for order in (
        bench.order("true", devices=64),
        bench.order("true", memory_bytes=2**60),
        bench.order("true", nodes=5),
    ):
        with pytest.raises(StartRefused) as refused:
            engine.start(order)
        assert refused.value.reason == EndReason.SITE_DECLINED
        assert engine.observe([Handle(order.attempt)])[Handle(order.attempt)].state == "unknown"


def test_stop_before_start_does_nothing(bench: Bench, engine: Engine) -> None:
    order = bench.order("true")
    engine.stop(Handle(order.attempt), EndReason.CANCELLED_BY_USER)
    assert engine.observe([Handle(order.attempt)])[Handle(order.attempt)].state == "unknown"


def test_stop_while_queued_ends_it_unstarted_and_unused(bench: Bench, engine: Engine) -> None:
    engine.start(bench.order("sleep", "30", devices=2))
    queued = engine.start(bench.order("sleep", "30"))
    assert engine.observe([queued])[queued].state == "queued"
    engine.stop(queued, EndReason.CANCELLED_BY_USER)
    seen = bench.wait_for(engine, queued, "ended")
    assert (seen.reason, seen.started_at) == (EndReason.CANCELLED_BY_USER, None)
    assert seen.usage.charged_milliseconds == 0


def test_stop_while_running_ends_it_with_the_given_reason(bench: Bench, engine: Engine) -> None:
    handle = engine.start(bench.order("sleep", "30"))
    bench.wait_for(engine, handle, "running")
    engine.stop(handle, EndReason.CANCELLED_BY_OPERATOR)
    engine.stop(handle, EndReason.CANCELLED_BY_USER)  # the first reason stays
    seen = bench.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.CANCELLED_BY_OPERATOR


def test_stop_at_once_after_start_never_leaves_it_running(bench: Bench, engine: Engine) -> None:
    handle = engine.start(bench.order("sleep", "30"))
    engine.stop(handle, EndReason.CANCELLED_BY_USER)
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.CANCELLED_BY_USER


def test_stop_after_the_end_changes_nothing(bench: Bench, engine: Engine) -> None:
    handle = engine.start(bench.order("true"))
    ended = bench.wait_for(engine, handle, "ended")
    engine.stop(handle, EndReason.CANCELLED_BY_USER)
    assert bench.open().observe([handle])[handle] == ended


def test_time_limit_ends_a_run(bench: Bench, engine: Engine) -> None:
    handle = engine.start(bench.order("sleep", "30", time_limit_seconds=1))
    seen = bench.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.TIME_LIMIT
    assert seen.usage.elapsed_seconds >= 1


def test_usage_is_cumulative_and_never_falls(bench: Bench, engine: Engine) -> None:
    handle = engine.start(bench.order("sleep", "2", devices=2))
    amounts = [engine.usage(handle).charged_milliseconds]
    while (seen := engine.observe([handle])[handle]).state != "ended":
        amounts.append(seen.usage.charged_milliseconds)
        bench.pass_time()
    amounts.append(engine.usage(handle).charged_milliseconds)
    assert amounts == sorted(amounts)
    assert engine.usage(handle).devices == 2
    assert amounts[-1] >= 2 * 2000


def test_a_new_engine_object_knows_what_the_old_one_started(bench: Bench, engine: Engine) -> None:
    running = engine.start(bench.order("sleep", "3", devices=2))
    bench.wait_for(engine, running, "running")
    queued = engine.start(bench.order("true"))
    del engine
    restarted = bench.open()
    assert restarted.observe([queued])[queued].state == "queued"
    assert bench.wait_for(restarted, running, "ended").reason == EndReason.COMPLETED
    assert bench.wait_for(restarted, queued, "ended").reason == EndReason.COMPLETED
