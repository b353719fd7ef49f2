"""Run the tasks of a job array one after the other, as the command of one local run. Python's own library only.

Usage: array.py TASKS LIMIT_SECONDS STATES RECORD -- COMMAND...
STATES is a file of one letter a task: w waits, r runs, s succeeded, f failed, c cancelled. RECORD gets a line of JSON
for each task that ended. Exit status 0 when every task succeeded.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WAITS, RUNS, SUCCEEDED, FAILED, CANCELLED = "wrsfc"
_GRACE_SECONDS = 5


def main(arguments: list[str]) -> int:
    """Run all tasks; return 0 when each succeeded, else 1."""
    tasks, limit, states, record, _, *command = arguments
    array = _Array(int(tasks), float(limit), Path(states), Path(record), command)
    signal.signal(signal.SIGTERM, array.stop)
    for index in range(array.count):
        array.run(index)
    return 0 if set(array.letters) == {SUCCEEDED} else 1


class _Array:
    def __init__(self, count: int, limit_seconds: float, states: Path, record: Path, command: list[str]) -> None:
        self.count = count
        self.letters = [WAITS] * count
        self._limit_seconds = limit_seconds
        self._states, self._record, self._command = states, record, command
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self, number: int, _frame: object) -> None:
        """End the task that runs and start no other."""
        self._stopped = True
        if self._child is not None:
            self._child.send_signal(number)

    def run(self, index: int) -> None:
        """Run one task to its end."""
        if self._stopped:
            self._note(index, CANCELLED)
            return
        self._note(index, RUNS)
        print(f"[task {index} of {self.count}]", flush=True)
        started_at = time.time()
        code = self._execute(os.environ | {"FABRICA_TASK": str(index), "FABRICA_TASKS": str(self.count)})
        letter = SUCCEEDED if code == 0 else CANCELLED if self._stopped else FAILED
        line = {"task": index, "exit_code": code, "started_at": started_at, "ended_at": time.time()}
        with self._record.open("a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")
        self._note(index, letter)

    def _execute(self, variables: dict[str, str]) -> int:
        """Return the exit status of the command, as a shell gives it: 128 and the signal's number for a killed one."""
        try:
            self._child = subprocess.Popen(self._command, env=variables)
        except OSError as problem:
            print(f"{self._command[0]}: {problem.strerror}", file=sys.stderr, flush=True)
            return 127
        try:
            code = self._child.wait(self._limit_seconds)
        except subprocess.TimeoutExpired:
            print(f"The task reached its limit of {self._limit_seconds:g} s.", flush=True)
            self._child.terminate()
            try:
                code = self._child.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                code = self._child.wait()
            code = code or 124
        self._child = None
        return 128 - code if code < 0 else code

    def _note(self, index: int, letter: str) -> None:
        self.letters[index] = letter
        whole = self._states.with_suffix(".new")
        whole.write_text("".join(self.letters), encoding="ascii")
        whole.replace(self._states)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
