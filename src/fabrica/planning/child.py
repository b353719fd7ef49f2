"""A scenario's run in a process of its own: the question comes as one line of JSON, progress and result go as lines.

Run as `python -m fabrica.planning.child`. It ends when whoever started it closes its input, so none is left behind.
"""

import json
import os
import resource
import sys
import threading
from typing import Any

from fabrica.planning.answers.kinds import kind_of
from fabrica.wire.problems import FabricaError
from fabrica.wire.scenarios import ScenarioStopped

ENDED_BY_PARENT = 3


def main() -> None:
    """Read the question, run it, and write its result or its problem."""
    asked = json.loads(sys.stdin.readline())
    resource.setrlimit(resource.RLIMIT_CPU, (asked["cpu_seconds_max"],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory_bytes_max"],) * 2)
    os.nice(10)  # people's pages go before
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        kind = kind_of(asked["kind"])
        result = kind.answer(asked["text"], asked["seed"], lambda at, words: _say(progress=at, words=words))
    except FabricaError as problem:
        _say(problem=problem.to_problem())
    except MemoryError:
        gigabytes = asked["memory_bytes_max"] // 2**30
        stopped = ScenarioStopped(f"It needs more than {gigabytes} GiB of memory.", remedy="Ask for fewer devices.")
        _say(problem=stopped.to_problem())
    else:
        _say(result=result.model_dump(mode="json"))


def _end_with_parent() -> None:
    """End at once when the input ends: its other end is held by the worker, and by nobody else."""
    sys.stdin.read()
    os._exit(ENDED_BY_PARENT)


def _say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
