"""Why a run ended."""

import signal

import pytest

from fabrica.engines.local.ends import End, Exit, judge, limit_passed
from fabrica.values.states import EndReason

_LIMITS = {"memory_bytes": 100, "disk_bytes": 100, "time_limit_seconds": 10}
_ROOMY = 10**9


def _judge(
    exit_: Exit, *, asked: tuple[EndReason, str] | None = None, disk_bytes: int = 0, free_bytes: int = _ROOMY
) -> End:
    return judge(exit_, asked=asked, disk_bytes=disk_bytes, disk_limit_bytes=100, disk_free_bytes=free_bytes)


@pytest.mark.parametrize(
    ("exit_", "reason"),
    [
        (Exit(0, None), EndReason.COMPLETED),
        (Exit(7, None), EndReason.EXIT_NONZERO),
        (Exit(None, signal.SIGSEGV), EndReason.KILLED_BY_SIGNAL),
        (Exit(None, 64), EndReason.KILLED_BY_SIGNAL),
        (Exit(None, signal.SIGXFSZ), EndReason.FOLDER_FULL),
    ],
)
def test_end_says_how_the_command_ended(exit_: Exit, reason: EndReason) -> None:
    end = _judge(exit_)
    assert (end.reason, end.exit_code) == (reason, exit_.exit_code)


def test_reason_for_which_we_sent_a_signal_goes_before_the_exit_code() -> None:
    assert _judge(Exit(0, None), asked=(EndReason.TIME_LIMIT, "words")).reason == EndReason.TIME_LIMIT


def test_command_that_fails_on_a_full_disk_is_the_sites_fault() -> None:
    assert _judge(Exit(1, None), free_bytes=0).reason == EndReason.SITE_DISK_FULL


def test_command_that_succeeds_on_a_full_disk_has_succeeded() -> None:
    assert _judge(Exit(0, None), free_bytes=0).reason == EndReason.COMPLETED


def test_folder_beyond_its_limit_at_the_end_is_told() -> None:
    assert _judge(Exit(0, None), disk_bytes=101).reason == EndReason.FOLDER_FULL


@pytest.mark.parametrize(
    ("elapsed_seconds", "memory_bytes", "disk_bytes", "reason"),
    [
        (9.9, 100, 100, None),
        (10.0, 100, 100, EndReason.TIME_LIMIT),
        (0.0, 101, 0, EndReason.MEMORY_EXCEEDED),
        (0.0, 0, 101, EndReason.FOLDER_FULL),
    ],
)
def test_limit_is_passed_only_beyond_it(
    elapsed_seconds: float, memory_bytes: int, disk_bytes: int, reason: EndReason | None
) -> None:
    passed = limit_passed(
        elapsed_seconds=elapsed_seconds, memory_bytes=memory_bytes, disk_bytes=disk_bytes, limits=_LIMITS
    )
    assert (passed and passed[0]) == reason
