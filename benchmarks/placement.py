"""Placement: with reasons for 25 sites x 4 partitions, and the kernel without reasons. Prints bars, then one JSON line.

What it measures: CPU seconds of this process, which has one thread, so placements per core-second are what one core
does; and wall seconds beside them. A busy machine slows both, so several rounds are made, all are shown, and the best
by each clock counts. Each placement of a round is made from a snapshot of its own; what they share is printed.
"""

import gc
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from fabrica.placement import filters, terms
from fabrica.placement.encode import encode
from fabrica.placement.kernel import answer_arrays, answer_lists, choose, compiled
from fabrica.placement.rank import rank
from fabrica.placement.snapshot import CandidateState, Needs, Snapshot
from fabrica.values import quantities
from fabrica.values import time as values_time

SITES, PARTITIONS = 25, 4
PLACEMENTS, ROUNDS, COLD_PLACEMENTS, KERNEL_CALLS = 1_000, 5, 200, 100_000
# CPU of one SkyPilot 0.14.1 placement over 10 clouds x 10 regions x 24 sizes, measured earlier on another machine for
# the project's design notes and not measured here. Its question differs: prices of a catalogue, without reasons.
SKYPILOT_PLACEMENT_SECONDS = 0.245
WHAT_CHANGES = """Between two placements change: the run and what it asks; at every site the age of the agent's last
word (whole seconds, as the server counts them), what is left of the allocation and when it ends; at one site in five
the waits and free devices of every partition. Shared are sentences and parts of them that stay equal: they come from
the workshop's caches, as they do live, and every round begins with these empty. The numbers, filters, scores, flip and
fingerprint are made anew each time. Not counted: reading the inventory, and writing the answer as JSON."""
CLASSES = ("gpu.h100", "gpu.h100", "gpu.a100", "cpu.core")
GIBIBYTE = 2**30


class Seconds(NamedTuple):
    """Of one pass over the snapshots by one clock."""

    mean: float
    p95: float


def main() -> None:
    """Measure, print the bars, and end with one JSON object."""
    draw = random.Random(20261120)
    inventories = [draw.random() for _ in range(SITES)]  # the seed of what each site last said
    snapshots = [make_snapshot(draw, inventories, number) for number in range(PLACEMENTS)]
    placed = sum(rank(snapshot).chosen is not None for snapshot in snapshots[:100])
    able = statistics.fmean(sum(one.able for one in rank(snapshot).candidates) for snapshot in snapshots[:100])
    gc.freeze()  # the inputs held here are the benchmark's, not the workshop's

    cpu_rounds, wall_rounds = zip(*(one_round(snapshots) for _ in range(ROUNDS)), strict=True)
    cpu, wall = min(cpu_rounds), min(wall_rounds)
    cold_cpu, cold_wall = one_round(snapshots[:COLD_PLACEMENTS], cold=True)
    print(WHAT_CHANGES)
    print(f"{SITES} sites x {PARTITIONS} partitions, {able:.0f} able on average, {placed} of 100 runs placed")
    for name, rounds in (("core-second (CPU time)", cpu_rounds), ("wall second", wall_rounds)):
        figures = ", ".join(f"{1 / one.mean:,.0f} (p95 {one.p95 * 1000:.2f} ms)" for one in rounds)
        print(f"placements per {name}, by round: {figures}")
    bar("with reasons, placements per core-second (CPU time), best round", 1 / cpu.mean, "/s", 500.0, lower=False)
    bar("with reasons, p95 of wall time, best round", wall.p95 * 1000, "ms", 5.0, lower=True)
    print(
        f"cold, caches emptied before each: {1 / cold_cpu.mean:,.0f} per core-second, "
        f"p95 {cold_cpu.p95 * 1000:.2f} ms of CPU, {cold_wall.p95 * 1000:.2f} ms of wall time"
    )

    plain, fast = kernel_seconds(snapshots)
    print(f"kernel in plain Python: {1 / plain:,.0f} /s")
    bar("kernel without reasons, compiled", 1 / fast, "/s", 100_000.0, lower=False)
    print(
        f"against: {SKYPILOT_PLACEMENT_SECONDS * 1000:.0f} ms of CPU a placement, a stated reference, not measured here"
    )
    print(
        json.dumps(
            {
                "name": "placement_with_reasons",
                "value": round(1 / cpu.mean, 1),
                "unit": "placements/core-second",
                "against": "SkyPilot 0.14.1 optimizer, 245 ms of CPU a placement, stated reference, not measured here",
                "ratio": round(SKYPILOT_PLACEMENT_SECONDS / cpu.mean, 1),
                "cpu_p95_ms": round(cpu.p95 * 1000, 3),
                "wall_per_second": round(1 / wall.mean, 1),
                "wall_p95_ms": round(wall.p95 * 1000, 3),
                "cold_per_core_second": round(1 / cold_cpu.mean, 1),
                "kernel_per_second": round(1 / fast),
                "kernel_plain_per_second": round(1 / plain),
            }
        )
    )


def one_round(snapshots: list[Snapshot], *, cold: bool = False) -> tuple[Seconds, Seconds]:
    """Rank each snapshot once, from empty caches, and return CPU and wall seconds; with `cold`, empty before each."""
    forget()
    cpu, wall = [], []
    for snapshot in snapshots:
        if cold:
            forget()
        cpu_begun, wall_begun = time.process_time(), time.perf_counter()
        rank(snapshot)
        wall.append(time.perf_counter() - wall_begun)
        cpu.append(time.process_time() - cpu_begun)
    p95 = int(len(snapshots) * 0.95)
    return Seconds(statistics.fmean(cpu), sorted(cpu)[p95]), Seconds(statistics.fmean(wall), sorted(wall)[p95])


def forget() -> None:
    """Empty the caches of sentences and of their parts."""
    for module in (filters, terms, quantities, values_time):
        for kept in vars(module).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


def bar(name: str, value: float, unit: str, limit: float, *, lower: bool) -> None:
    """Print one figure beside its bar."""
    met = value < limit if lower else value >= limit
    asked = f"{'under' if lower else 'at least'} {limit:,.0f}"
    print(f"{name}: {value:,.2f} {unit} (bar: {asked}) {'met' if met else 'MISSED'}")


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def kernel_seconds(snapshots: list[Snapshot]) -> tuple[float, float]:
    """Return the CPU seconds of one call of the plain and of the compiled kernel, both over the same snapshots."""
    import numpy

    encoded = [encode(snapshot) for snapshot in snapshots[:100]]
    count = SITES * PARTITIONS
    lists, arrays, fast = answer_lists(count), answer_arrays(count), compiled()
    tables: list[Any] = [tuple(numpy.array(part) for part in one) for one in encoded]
    for one, table in zip(encoded, tables, strict=True):
        if choose(one.facts, one.needs, one.policy, lists) != fast(table[0], table[1], table[2], arrays):
            raise SystemExit("the plain and the compiled kernel chose differently")
    plain_seconds = cpu_seconds(lambda: [choose(one.facts, one.needs, one.policy, lists) for one in encoded])

    def many() -> None:
        for _ in range(KERNEL_CALLS // len(tables)):
            for facts, needs, policy in tables:
                fast(facts, needs, policy, arrays)

    return plain_seconds / len(encoded), cpu_seconds(many) / KERNEL_CALLS


def make_snapshot(draw: random.Random, inventories: list[float], number: int) -> Snapshot:
    """Return one run and the network as it is then; some sites send a new inventory first."""
    for site in draw.sample(range(SITES), SITES // 5):
        inventories[site] = draw.random()
    nodes = draw.choice((1, 1, 1, 2, 4, 8))
    limit = draw.choice((600, 3600, 7200, 86_400))
    needs = Needs(
        run=f"run_01jd{number:022d}",
        resource_class=draw.choice(CLASSES),
        nodes=nodes,
        devices_per_node=draw.choice((1, 2, 4)),
        memory_bytes_per_node=draw.choice((16, 64, 256)) * GIBIBYTE,
        disk_bytes=draw.choice((5, 100)) * GIBIBYTE,
        time_limit_seconds=limit,
        expected_seconds=draw.choice((None, limit / 2)),
        countries=draw.choice((None, None, ("DE", "ES", "FI", "FR", "IT"))),
        data_bytes=draw.choice((0, 10 * GIBIBYTE, 500 * GIBIBYTE)),
    )
    candidates = [one for site in range(SITES) for one in make_site(needs, site, draw, inventories[site])]
    return Snapshot(needs=needs, candidates=tuple(candidates), decided_at="2026-11-20T12:00:00.000Z")


def make_site(needs: Needs, site: int, draw: random.Random, inventory: float) -> list[CandidateState]:
    """Return one site's partitions, one of each class, with one allocation for the run's class."""
    fixed, said = random.Random(site), random.Random(inventory)
    country, carbon = fixed.choice(("DE", "ES", "FI", "FR", "IT", "PL")), round(fixed.uniform(30, 700), 3)
    age, ends = draw.randrange(50), fixed.randrange(10, 365) * 86_400 - draw.randrange(86_400)
    free = draw.randrange(10**11, 10**12)
    made = []
    for partition, resource_class in enumerate(CLASSES):
        median, devices_free = said.uniform(0, 20_000), said.randrange(4000)
        made.append(
            CandidateState(
                site=f"site-{site}",
                site_name=f"Site {site}",
                partition=f"partition-{partition}",
                country=country,
                resource_class=resource_class,
                agent_age_seconds=age,
                nodes=fixed.choice((4, 100, 1000)),
                devices_per_node=4,
                devices_total=4000,
                devices_free=devices_free,
                devices_spare=devices_free - said.randrange(4000),
                memory_bytes_per_node=512 * GIBIBYTE,
                disk_free_bytes=fixed.choice((None, 4096 * GIBIBYTE)),
                time_limit_seconds_max=fixed.choice((86_400, 172_800)),
                wait_q50_seconds=median,
                wait_q90_seconds=median * 3,
                wait_samples=fixed.choice((10, 100, 1000)),
                relative_speed=fixed.choice((None, 1.0, 1.2)),
                device_watts=700,
                gco2e_per_kwh=carbon,
                grid_year=2023,
                failure_share=fixed.uniform(0, 0.1),
                data_here_bytes=0,
                link_bytes_per_second=1e9,
                allocation_free_milliseconds=free,
                allocation_granted_milliseconds=10**12,
                allocation_ends_in_seconds=ends,
                reserve_milliseconds=needs.devices * needs.time_limit_seconds * 1000,
            )
        )
    return made


if __name__ == "__main__":
    main()
