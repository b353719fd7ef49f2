"""How a process is asked to end."""

import signal
import threading


def stop_on_signals() -> threading.Event:
    """Return an event that TERM, INT and HUP set. Only for the main thread of a process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop
