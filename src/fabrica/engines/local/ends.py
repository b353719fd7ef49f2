"""Why a kept run ended: one decision from plain values."""

import signal
from typing import NamedTuple

from fabrica.values.signals import signal_name
from fabrica.values.states import EndReason

_DISK_FULL_BELOW_BYTES = 2**20


class Exit(NamedTuple):
    """How the command itself ended: an exit code, or the signal that ended it."""

    exit_code: int | None
    signal_number: int | None


class End(NamedTuple):
    """The reason of an end, its exit code, and one sentence for people."""

    reason: EndReason
    exit_code: int | None
    words: str


def limit_passed(
    *, elapsed_seconds: float, memory_bytes: int, disk_bytes: int, limits: dict[str, int]
) -> tuple[EndReason, str] | None:
    """Return the limit a running run has passed, with words; None when it keeps them all."""
    if memory_bytes > limits["memory_bytes"]:
        return (
            EndReason.MEMORY_EXCEEDED,
            f"It held {memory_bytes} bytes of memory; {limits['memory_bytes']} are its limit.",
        )
    if disk_bytes > limits["disk_bytes"]:
        return EndReason.FOLDER_FULL, f"Its folder held {disk_bytes} bytes; {limits['disk_bytes']} are its limit."
    if elapsed_seconds >= limits["time_limit_seconds"]:
        return EndReason.TIME_LIMIT, f"It ran for its whole time limit of {limits['time_limit_seconds']} s."
    return None


def judge(
    exit_: Exit, *, asked: tuple[EndReason, str] | None, disk_bytes: int, disk_limit_bytes: int, disk_free_bytes: int
) -> End:
    """Return why a run ended. `asked` is the reason for which we sent it a signal, if we did: it goes before all."""
    if asked is not None:
        return End(asked[0], exit_.exit_code, asked[1])
    if disk_bytes > disk_limit_bytes or exit_.signal_number == signal.SIGXFSZ:
        words = f"Its folder held {disk_bytes} bytes at the end; {disk_limit_bytes} are its limit."
        return End(EndReason.FOLDER_FULL, exit_.exit_code, words)
    if exit_.exit_code == 0:
        return End(EndReason.COMPLETED, 0, "The command ended with exit status 0.")
    if disk_free_bytes < _DISK_FULL_BELOW_BYTES:
        words = f"The command failed while the site's disk had {disk_free_bytes} bytes free."
        return End(EndReason.SITE_DISK_FULL, exit_.exit_code, words)
    if exit_.signal_number is not None:
        name = signal_name(exit_.signal_number)
        return End(EndReason.KILLED_BY_SIGNAL, None, f"The command was ended by {name}, which Fabrica did not send.")
    return End(EndReason.EXIT_NONZERO, exit_.exit_code, f"The command ended with exit status {exit_.exit_code}.")
