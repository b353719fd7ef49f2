"""Run the benchmarks, all or those named, and print their figures.

Usage: python tools/benchmarks.py [NAME ...]
"""

import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(names: Sequence[str]) -> int:
    """Run each benchmark in a process of its own; return 1 when one failed."""
    known = [module.name for module in pkgutil.iter_modules([str(ROOT / "benchmarks")])]
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    failed = [name for name in known if (not names or name in names) and not _runs(name)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}")
    return int(bool(failed))


def _runs(name: str) -> bool:
    print(f"\n== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
