"""The training planner: the search over all layouts for 100,000 accelerators, and layouts a second. Ends with one JSON.

Usage: python -m benchmarks.training_planner [--rounds N]

The model is the 405 B dense decoder of the package's published runs, on 100,000 GB200. A search makes every layout,
looks at its memory, times those that fit and sorts them. Layouts a second are those of memory and step together, over
the same layouts laid end to end. Calibration is apart: it runs once in a process.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import fields

import numpy as np

from fabrica.planning.training.columns import LayoutColumns
from fabrica.planning.training.constants import Case, efficiencies, weights
from fabrica.planning.training.devices import find_device
from fabrica.planning.training.layouts import enumerate_layouts
from fabrica.planning.training.memory import fits, memory
from fabrica.planning.training.predict import own_calibration, own_runs
from fabrica.planning.training.search import Question, search
from fabrica.planning.training.software import software_of
from fabrica.planning.training.step import step

DEVICES, BATCH = 100_000, 16_384.0
SEARCH_BAR_MS, RATE_BAR = 100.0, 1_000_000
LAYOUTS = 20_000
CALCULON_BEST = 413  # layouts per CPU-second in search, the best of the figures measured for the design notes


def main() -> None:
    """Measure, print the bars, and end with one JSON object."""
    parser = argparse.ArgumentParser(description="Measure the training planner.")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    calibrating, _ = _seconds(own_calibration)
    question = _question()
    numbers = own_calibration().numbers
    found = search(question, numbers)
    both = [_seconds(lambda: search(question, numbers)) for _ in range(rounds)]
    wall, cpu = (1e3 * statistics.median(one[place] for one in both) for place in (0, 1))
    rate = max(_rate(question, numbers) for _ in range(rounds))
    mixture = max(_rate(_question("deepseek-v3"), numbers) for _ in range(rounds))
    print(f"calibration on {len(own_runs())} runs, once in a process: {calibrating * 1e3:.0f} ms")
    print(f"{found.looked_at:,} layouts for {DEVICES:,} accelerators, {len(found.rate):,} fit")
    _bar("search, median milliseconds", wall, SEARCH_BAR_MS, wall <= SEARCH_BAR_MS, "at most")
    _bar("layouts per CPU-second", rate, RATE_BAR, rate >= RATE_BAR, "at least")
    print(f"the same for a mixture of experts, DeepSeek-V3: {mixture:,.0f}")
    print(
        json.dumps(
            {
                "name": "training_planner_search",
                "value": round(wall, 2),
                "unit": "ms",
                "against": f"a bar of {SEARCH_BAR_MS:.0f} ms; Calculon: {CALCULON_BEST} layouts/s, stated",
                "ratio": round(SEARCH_BAR_MS / wall, 1),
                "search_cpu_ms": round(cpu, 2),
                "layouts_per_cpu_second": round(rate),
                "mixture_layouts_per_cpu_second": round(mixture),
                "times_calculon": round(rate / CALCULON_BEST),
                "layouts": found.looked_at,
            }
        )
    )


def _question(name: str = "llama3.1-405b") -> Question:
    model = next(run.model for run in own_runs() if run.model.name == name)
    device = find_device("GB200")
    case = Case("fp8", device.key, device.family, 2025.5, experts=model.experts is not None)
    return Question(model, device, DEVICES, BATCH, case)


def _rate(question: Question, numbers: np.ndarray) -> float:
    """Return layouts per CPU-second of memory and step together."""
    few = enumerate_layouts(question.model, DEVICES, BATCH, question.device.domain, question.fixed)
    times = -(-LAYOUTS // len(few.tensor))
    layouts = LayoutColumns(**{one.name: np.tile(getattr(few, one.name), times) for one in fields(few)})
    model, device = question.model.columns(), question.device.columns(question.case.precision)
    software = software_of(question.case.year, question.case.precision)
    known = efficiencies(numbers, weights([question.case]))

    routed = question.model.experts is not None

    def evaluate() -> None:
        fits(memory(model, layouts, software, routed=routed), device)
        step(model, device, layouts, software, known, routed=routed)

    return len(layouts.tensor) / _seconds(evaluate)[1]


def _seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def _bar(name: str, value: float, bar: float, met: bool, words: str) -> None:
    print(f"{name}: {value:,.1f} (bar: {words} {bar:,.0f}) {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
