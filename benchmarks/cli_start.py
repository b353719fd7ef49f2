"""How long `fabrica` takes to start, against an empty Python: the wait a person feels at every command.

`fabrica runs` also asks the embedded network, which is up and has no runs. The commands are started in turns, several
times each, so that other work on the machine meets all alike; the median counts.

Usage: python -m benchmarks.cli_start
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from benchmarks.shared.embedded import embedded_network

STARTS = 15
_FABRICA = [sys.executable, "-m", "fabrica.cli.main"]


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "fabrica --help": [*_FABRICA, "--help"],
        "fabrica runs": [*_FABRICA, "runs"],
    }
    with embedded_network():
        times = start_seconds(commands)
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    for name, median in medians.items():
        print(f"{name:20}{median * 1000:8.0f} ms, best {min(times[name]) * 1000:.0f} ms")
    bare = medians["python -c pass"]
    print(
        json.dumps(
            {
                "name": "cli_start",
                "value": round(medians["fabrica --help"] * 1000, 1),
                "unit": "ms",
                "against": "python -c pass",
                "ratio": round(medians["fabrica --help"] / bare, 2),
                "bare_ms": round(bare * 1000, 1),
                "runs_ms": round(medians["fabrica runs"] * 1000, 1),
                "runs_ratio": round(medians["fabrica runs"] / bare, 2),
            }
        )
    )


def start_seconds(commands: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    """Return the seconds of each start of each command, the commands in turns."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
            times[name].append(time.perf_counter() - begun)
    return times


if __name__ == "__main__":
    main()
