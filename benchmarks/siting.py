"""Siting: rank acceptability of many candidates over many random weightings, from cached outcomes. One JSON line last.

Usage: python -m benchmarks.siting [--draws N] [--candidates N]

The figures are made by chance with a fixed seed, in every criterion, with intervals, and a fifth of them unknown. Timed
is the whole study: limits, derived facts, the Pareto set and the draws; CPU seconds of one core.
"""

import argparse
import json
import random
import time

from fabrica.planning.siting.candidates import Candidate, Limit, Question
from fabrica.planning.siting.criteria import CRITERIA, OUTCOMES, TOLD, Measure
from fabrica.planning.siting.study import study
from fabrica.reference.sources import Source

BAR_SECONDS, SEED, ROUNDS, UNKNOWN_SHARE = 1.0, 20261121, 5, 0.2
SOURCE = Source(("made by chance",), None, None)


def main() -> None:
    """Measure, print the bar, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--candidates", type=int, default=20)
    wanted = parser.parse_args()
    lot = random.Random(SEED)
    candidates = tuple(_candidate(f"site-{place}", lot) for place in range(wanted.candidates))
    outcomes = {one.id: _measures(OUTCOMES, lot) for one in candidates}
    limit = Limit("power_megawatts", "min", 220, "the site needs it", "the benchmark")
    question = Question(candidates, 220, 2030, (limit,), ())
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        found = study(question, outcomes, draws=wanted.draws)
        seconds.append(time.process_time() - begun)
    best = min(seconds)
    compared = f"{wanted.candidates} candidates, {len(found.criteria)} criteria, {wanted.draws:,} draws"
    print(f"{compared}: {best:.3f} CPU-s (bar {BAR_SECONDS:g} s): {'met' if best <= BAR_SECONDS else 'MISSED'}")
    result = {
        "name": "siting_draws",
        "value": round(best, 4),
        "unit": "CPU-s",
        "against": f"a bar of {BAR_SECONDS:g} s",
        "ratio": round(BAR_SECONDS / best, 1),
        "candidates": wanted.candidates,
        "draws": wanted.draws,
    }
    print(json.dumps(result))


def _candidate(name: str, lot: random.Random) -> Candidate:
    power = {year: Measure(100.0, 250.0 + 50 * (year - 2028), SOURCE) for year in range(2028, 2034)}
    return Candidate(name, name, None, power_megawatts=power, measures=_measures(TOLD, lot))


def _measures(keys: tuple[str, ...], lot: random.Random) -> dict[str, Measure]:
    found = {}
    for key in keys:
        if lot.random() >= UNKNOWN_SHARE:
            low, high = sorted(lot.uniform(CRITERIA[key].least, CRITERIA[key].most) for _ in range(2))
            found[key] = Measure(low, high, SOURCE)
    return found


if __name__ == "__main__":
    main()
