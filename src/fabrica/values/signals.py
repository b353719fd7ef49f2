"""Signals: how a process is asked to end, and what the one that ended it is called."""

import signal
import threading


def stop_on_signals() -> threading.Event:
    """Return an event that TERM, INT and HUP set. Only for the main thread of a process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def signal_name(number: int) -> str:
    """Return the name of a signal, such as `SIGKILL`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
