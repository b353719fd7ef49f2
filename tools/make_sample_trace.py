"""Write the small trace of the how-to: a fortnight of made-up jobs for a cluster of 256 GPUs.

Usage: python tools/make_sample_trace.py

The file is kept in the repository, so that what the pages show does not move with NumPy's random numbers.
"""

import csv
from pathlib import Path

from fabrica.planning.workload import Load, make_load

FILE = Path(__file__).resolve().parent.parent / "examples" / "twin" / "jobs.csv"
LOAD = Load(jobs=2_000, capacity=256, size_doublings=7, size_share=0.75, runtime_median_seconds=2400)
SEED = 256


def main() -> None:
    """Write the file."""
    trace = make_load(LOAD, SEED)
    with FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("job_id", "submit_s", "runtime_s", "units", "limit_s"))
        columns = (trace.ids, trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)
        writer.writerows(zip(*columns, strict=True))
    print(f"Wrote {len(trace):,} jobs to {FILE.name}")


if __name__ == "__main__":
    main()
