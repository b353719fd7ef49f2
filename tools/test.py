"""Every check and every test, one named step after another; stops at the first that fails and names it.

Steps that use one core, or mostly wait, run in two lanes at once; what such a step prints comes when it ends.

Usage: python tools/test.py [--only STEP ...] [--list]
`--only checks` runs the steps that take seconds.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
PYTEST = ("pytest", "-p", "no:cacheprovider")
SPHINX = ("python", "-m", "sphinx", "-W", "-q")
SLOW = "browser or docs or faults or slurm"
UNIT = f"not ({SLOW} or processes or hypothesis)"
OTHERS = ("--ignore=tests/server", "--ignore=tests/planning", "--ignore-glob=tests/cli/test_plan_*")  # other steps'
PLANNING = ("tests/planning", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/cli/test_plan_*.py")))
PROCESSES = f"processes and not ({SLOW})"
PROPERTIES = f"hypothesis and not ({SLOW} or processes)"  # Hypothesis marks its own tests so


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to run: its name on the command line, its title, the command, and the paths it needs to exist.

    `asked_only`: it takes long, and runs when it is named. `lane`: steps of different lanes run at once; 0 is alone.
    """

    name: str
    title: str
    command: Sequence[str]
    needs: Sequence[str] = ()
    asked_only: bool = False
    lane: int = 0
    environment: dict[str, str] = field(default_factory=dict)


STEPS = [
    Step("style", "Style", ("ruff", "check", "."), lane=1),
    Step("format", "Format", ("ruff", "format", "--check", "."), lane=1),
    Step("contracts", "Import contracts", ("lint-imports", "--no-cache"), lane=1),
    Step("types", "Types", ("mypy",), lane=1),
    Step("docs", "Documentation, no warnings", (*SPHINX, "docs", "docs/_build/html"), lane=1),
    Step("unit", "Unit tests", (*PYTEST, "-n", "2", "-m", UNIT, *OTHERS, "tests"), lane=1),
    # In one process: on a fresh machine each of several would compile the twin's loops, which takes a minute.
    Step("planning", "Unit tests of planning", (*PYTEST, "-m", UNIT, *PLANNING), lane=2),
    Step("server", "Server tests on SQLite", (*PYTEST, "-n", "2", "-m", UNIT, "tests/server"), needs=("tests/server",)),
    Step("properties", "Properties, each tried on many made-up cases", (*PYTEST, "-n", "2", "-m", PROPERTIES, "tests")),
    Step("processes", "Real networks, keepers and services", (*PYTEST, "-n", "2", "-m", PROCESSES, "tests")),
    Step(
        "postgresql",
        "Server tests on PostgreSQL",
        ("python", "-m", "tests.services.postgresql", *PYTEST, "-n", "2", "-m", f"not ({SLOW})", "tests/server"),
        needs=("tests/server",),
    ),
    Step("faults", "Faults: processes killed, disks full", (*PYTEST, "-m", "faults and not slurm", "tests"), lane=1),
    Step("commands", "The commands that the documentation shows", (*PYTEST, "-m", "docs", "tests"), lane=1),
    Step("slurm", "A real Slurm", (*PYTEST, "-m", "slurm", "tests/services", "tests/contracts"), lane=2),
    Step("browser", "The portal in a real browser", (*PYTEST, "-m", "browser", "tests"), lane=2),
    Step("slurm-whole", "Everything on a real Slurm", (*PYTEST, "-m", "slurm", "tests"), asked_only=True),
    Step("demo", "From allocation to trained model", ("python", "tools/demo.py"), needs=("tools/demo.py",)),
]
CHECKS = ("style", "format", "contracts", "types")
NO_TESTS_COLLECTED = 5


def main(arguments: Sequence[str]) -> int:
    """Run the steps that were asked for, all by default; return 0 when every one passed."""
    asked = _parse(arguments)
    if asked.list:
        print("\n".join(f"{step.name:12} {step.title}" for step in STEPS))
        return 0
    names = [name for given in asked.only for name in (CHECKS if given == "checks" else (given,))]
    wanted = [step for step in STEPS if (step.name in names if names else not step.asked_only)]
    started = time.monotonic()
    for _, together in itertools.groupby(wanted, key=lambda step: step.lane > 0):
        if failed := _first_that_fails(list(together)):
            print(f"\nFailed: {failed.title}. Again, alone: .venv/bin/python tools/test.py --only {failed.name}")
            return 1
    print(f"\nAll passed after {time.monotonic() - started:.0f} s")
    return 0


def _first_that_fails(steps: Sequence[Step]) -> Step | None:
    """Run the lanes of these steps at once, each in its order until one of its steps fails."""
    lanes = [[step for step in steps if step.lane == lane] for lane in sorted({step.lane for step in steps})]
    if len(lanes) == 1:
        return next((step for step in lanes[0] if not _passes(step)), None)
    with ThreadPoolExecutor(len(lanes)) as pool:
        ends = pool.map(lambda lane: next((step for step in lane if not _passes(step, apart=True)), None), lanes)
        return next((step for step in ends if step is not None), None)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="STEP", choices=["checks", *(s.name for s in STEPS)])
    parser.add_argument("--list", action="store_true", help="show the steps")
    return parser.parse_args(arguments)


def _passes(step: Step, *, apart: bool = False) -> bool:
    """Run one step under its title and say how it went; `apart`: print what it says once, when it ends."""
    missing = [path for path in step.needs if not (ROOT / path).exists()]
    if missing:
        print(f"\n== {step.title}: not here ({', '.join(missing)})", flush=True)
        return True
    print(f"\n== {step.title}", flush=True)
    started = time.monotonic()
    environment = {
        **os.environ,
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "",  # else each worker, and each process a test starts, compiles everything anew
        **step.environment,
    }
    with tempfile.TemporaryFile("w+") as told:  # not a pipe: what a test left running could hold its end open
        done = subprocess.run(
            step.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=told if apart else None,
            stderr=subprocess.STDOUT if apart else None,
            check=False,
        )
        told.seek(0)
        words = told.read()
    status = done.returncode
    if status == NO_TESTS_COLLECTED and "pytest" in step.command:
        words += "No test of this kind is here.\n"
        status = 0
    end = f"== {step.title}: {'passed' if status == 0 else 'failed'} after {time.monotonic() - started:.0f} s"
    print(f"{words}{end}", flush=True)
    return status == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
