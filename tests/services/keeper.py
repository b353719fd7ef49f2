"""Run one service for the tests until whoever started it lets go of standard input; then end it by its id.

Usage: python keeper.py FOLDER USER COMMAND...
A pipe closes when its process dies, however it dies, so no service and no folder outlives a crashed test run.
USER is a name, or `-` for the present one. FOLDER is removed at the end.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence


def main(folder: str, user: str, command: Sequence[str]) -> None:
    """Start the command, wait for the end of standard input, stop the command, remove the folder."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches the tests as well; they close the pipe
    service = subprocess.Popen(
        command,
        user=None if user == "-" else user,
        extra_groups=None if user == "-" else [],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_listen_to_signals,
    )
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so a reader sees the end when the service dies
    sys.stdin.buffer.read()
    service.send_signal(signal.SIGINT)  # for PostgreSQL: end the sessions and shut down cleanly
    try:
        service.wait(timeout=10)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _listen_to_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
