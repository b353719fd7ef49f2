"""Slurm's states: each has its place, and a word that nobody knows ends nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.marks import EndMark
from fabrica.engines.slurm.states import Told, judge, phase_of, words_of_wait
from fabrica.values.states import EndReason

_ENDS = {
    "TIMEOUT": EndReason.TIME_LIMIT,
    "OUT_OF_MEMORY": EndReason.MEMORY_EXCEEDED,
    "PREEMPTED": EndReason.PREEMPTED,
    "NODE_FAIL": EndReason.NODE_FAILED,
    "BOOT_FAIL": EndReason.NODE_FAILED,
    "DEADLINE": EndReason.CANCELLED_AT_SITE,
    "REVOKED": EndReason.SITE_DECLINED,
    "CANCELLED": EndReason.CANCELLED_AT_SITE,
}


def _mark(reason: EndReason, exit_code: int | None = None) -> EndMark:
    return EndMark(reason, exit_code, "Its own words.", 0.0, None, None, None, 0)


@pytest.mark.parametrize(("state", "reason"), _ENDS.items())
def test_each_end_of_slurms_has_its_reason(state: str, reason: EndReason) -> None:
    told = Told(state, started=True, cancelled_by="1000")
    assert judge(told, mark=None, began=True, elapsed_seconds=5, asked=None).reason == reason


@pytest.mark.parametrize("state", _ENDS)
def test_an_end_that_we_asked_for_bears_our_reason(state: str) -> None:
    end = judge(Told(state, True), mark=None, began=True, elapsed_seconds=5, asked=EndReason.CANCELLED_BY_USER)
    assert end.reason == EndReason.CANCELLED_BY_USER


@given(st.text())
def test_an_unknown_state_is_held_and_never_an_end(state: str) -> None:
    if phase_of(state) == "ended":
        assert state in {*_ENDS, "COMPLETED", "FAILED"}


@pytest.mark.parametrize(
    ("state", "reason"),
    [("PENDING", "launch failed requeued held"), ("REQUEUE_HOLD", ""), ("NEVER_HEARD", "Duplicate jobid")],
)
def test_what_the_site_holds_says_so_with_slurms_words(state: str, reason: str) -> None:
    words = words_of_wait(state, reason)
    assert "holds it" in words
    assert (reason or state) in words


def test_a_job_on_its_way_out_still_runs() -> None:
    assert phase_of("COMPLETING") == "running"


def test_how_a_command_ended_is_the_jobs_own_word() -> None:
    mark = _mark(EndReason.TIME_LIMIT, 0)
    end = judge(Told("COMPLETED", True), mark=mark, began=True, elapsed_seconds=5, asked=None)
    assert (end.reason, end.exit_code) == (EndReason.TIME_LIMIT, 0)


def test_a_job_cannot_talk_itself_out_of_a_long_charge() -> None:
    told, mark = Told("FAILED", True, exit_code=127), _mark(EndReason.COMMAND_NOT_FOUND)
    assert judge(told, mark=mark, began=True, elapsed_seconds=5, asked=None).reason == EndReason.COMMAND_NOT_FOUND
    assert judge(told, mark=mark, began=True, elapsed_seconds=36_000, asked=None).reason == EndReason.EXIT_NONZERO


def test_a_long_run_on_a_full_disk_costs_nothing_only_when_the_agent_saw_it_full_too() -> None:
    told, mark = Told("FAILED", True, exit_code=1), _mark(EndReason.SITE_DISK_FULL, 1)
    seen = judge(told, mark=mark, began=True, elapsed_seconds=36_000, asked=None, disk_full=True)
    assert seen.reason == EndReason.SITE_DISK_FULL
    unseen = judge(told, mark=mark, began=True, elapsed_seconds=36_000, asked=None)
    assert unseen.reason == EndReason.EXIT_NONZERO
    assert "Its own words." in unseen.words


def test_a_command_that_failed_for_itself_failed_for_itself_on_a_full_disk_too() -> None:
    told, mark = Told("FAILED", True, exit_code=3), _mark(EndReason.EXIT_NONZERO, 3)
    end = judge(told, mark=mark, began=True, elapsed_seconds=5, asked=None, disk_full=True)
    assert (end.reason, end.exit_code) == (EndReason.EXIT_NONZERO, 3)


@pytest.mark.parametrize("began", [True, False])
def test_a_job_that_could_not_even_write_its_end_on_a_full_disk_says_so(began: bool) -> None:
    told = Told("FAILED", True, exit_code=122)
    end = judge(told, mark=None, began=began, elapsed_seconds=1, asked=None, disk_full=True)
    assert end.reason == EndReason.SITE_DISK_FULL


def test_a_start_that_a_dying_controller_forgot_is_the_sites_doing() -> None:
    told = Told("FAILED", True, exit_code=1)
    end = judge(told, mark=None, began=True, elapsed_seconds=0, asked=None)
    assert (end.reason, end.exit_code) == (EndReason.PROCESS_VANISHED, None)
    long = judge(told, mark=None, began=True, elapsed_seconds=36_000, asked=None)
    assert long.reason == EndReason.EXIT_NONZERO  # else who deletes the marks runs for nothing


@pytest.mark.parametrize(("state", "asked"), [("CANCELLED", EndReason.TIME_LIMIT), ("TIMEOUT", None)])
def test_a_job_whose_start_was_lost_is_told_as_that_and_charged_for_what_it_held(
    state: str, asked: EndReason | None
) -> None:
    lost, began = (
        judge(Told(state, True), mark=None, began=began, elapsed_seconds=181, asked=asked) for began in (False, True)
    )
    assert lost.reason == began.reason == EndReason.TIME_LIMIT  # else who deletes the marks runs for nothing
    assert lost.words == f"{began.words} The job never said that the command began; " + (
        "Slurm's controller may have lost its start."
    )


def test_a_job_that_never_held_a_device_lost_no_start() -> None:
    end = judge(Told("CANCELLED", False), mark=None, began=False, elapsed_seconds=0, asked=EndReason.TIME_LIMIT)
    assert "controller" not in end.words


def test_a_job_that_slurm_refused_in_its_queue_was_declined() -> None:
    told = Told("FAILED", started=False, reason="BadConstraints")
    end = judge(told, mark=None, began=False, elapsed_seconds=0, asked=None)
    assert end.reason == EndReason.SITE_DECLINED
    assert "BadConstraints" in end.words


def test_a_job_that_never_began_is_the_sites_doing() -> None:
    told = Told("FAILED", True, exit_code=127)
    assert judge(told, mark=None, began=False, elapsed_seconds=1, asked=None).reason == EndReason.ENGINE_ERROR
