"""Signals as a command meets them. Plain Python 3.6: this also runs inside a site's jobs."""

import signal
from contextlib import suppress


def reset_signals() -> None:
    """Let every signal do again what it does by default; exec would hand on which ones this process ignores."""
    for number in set(range(1, signal.NSIG)) - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError, ValueError):  # the C library keeps some for itself
            signal.signal(number, signal.SIG_DFL)
