"""Hypothesis strategies: snapshots with known, unknown, small, huge and equal values."""

from hypothesis import strategies as st

from fabrica.placement.snapshot import CandidateState, Snapshot
from tests.placement.builders import DAY_SECONDS, GIBIBYTE, make_candidate, make_needs, make_snapshot


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Draw from `values`, or None: not known."""
    return st.none() | values


CANDIDATE_FACTS: dict[str, st.SearchStrategy[object]] = {
    "country": st.sampled_from(["FI", "DE", "ES"]),
    "agent_age_seconds": st.sampled_from([None, 0, 5.5, 45, 45.01, 700]),
    "silent_seconds": st.sampled_from([None, None, 0, 45, 46, 900]),
    "draining": st.sampled_from([False, False, False, True]),
    "declined": st.sampled_from([False, False, False, True]),
    "site_account": st.sampled_from([None, None, True, False]),
    "own_site": st.sampled_from([None, None, True, False]),
    "simulated": st.sampled_from([False, False, True]),
    "resource_class": st.sampled_from(["gpu.h100", "gpu.h100", "gpu.h100", "cpu.core"]),
    "software_stack": st.sampled_from([None, "cuda-x86", "rocm"]),
    "containers": st.sampled_from([None, True, False]),
    "interactive": st.sampled_from([None, True, False]),
    "nodes": maybe(st.integers(0, 20)),
    "devices_per_node": maybe(st.integers(0, 8)),
    "devices_total": maybe(st.integers(0, 160)),
    "memory_bytes_per_node": maybe(st.integers(0, 4).map(lambda count: count * 64 * GIBIBYTE)),
    "disk_free_bytes": maybe(st.integers(0, 4).map(lambda count: count * 100 * GIBIBYTE)),
    "time_limit_seconds_max": maybe(st.integers(1, 100_000)),
    "nodes_per_run_max": maybe(st.integers(0, 10)),
    "maintenance_starts_in_seconds": st.sampled_from([None, None, -5, 3600, 10**7]),
}

TERM_FACTS: dict[str, st.SearchStrategy[object]] = {
    "wait_q50_seconds": maybe(st.floats(0, 10**6) | st.integers(0, 3)),
    "wait_q90_seconds": maybe(st.floats(0, 10**6)),
    "wait_samples": st.sampled_from([29, 30, 1000]),
    "devices_spare": maybe(st.integers(-20, 200)),
    "relative_speed": maybe(st.floats(0.1, 10)),
    "device_watts": maybe(st.floats(0, 1500)),
    "pue": maybe(st.floats(1, 2)),
    "gco2e_per_kwh": maybe(st.floats(0, 900)),
    "failure_share": maybe(st.floats(0, 1)),
    "data_here_bytes": maybe(st.integers(0, 12 * GIBIBYTE)),
    "link_bytes_per_second": maybe(st.floats(1e3, 1e10)),
    "allocation_free_milliseconds": st.sampled_from([None, 0, 57_600_000, 10**12]),
    "allocation_starts_in_seconds": st.sampled_from([0, 0, 0, 60]),
    "allocation_ends_in_seconds": maybe(st.integers(-1, 400 * DAY_SECONDS)),
    "reserve_milliseconds": st.sampled_from([57_600_000, 10**11]),
}

ABLE_FACTS = TERM_FACTS | {
    "allocation_free_milliseconds": st.just(10**12),
    "allocation_starts_in_seconds": st.just(0),
    "allocation_ends_in_seconds": maybe(st.integers(7200, 400 * DAY_SECONDS)),
}

NEEDS = st.fixed_dictionaries(
    {
        "run": st.integers(0, 31).map(lambda number: f"run_01jd00000000000000000000{number:02d}"),
        "nodes": st.integers(1, 4),
        "devices_per_node": st.integers(1, 4),
        "expected_seconds": maybe(st.floats(1, 10**5)),
        "countries": st.sampled_from([None, None, ("FI",), ("DE", "FI"), ()]),
        "data_bytes": st.sampled_from([None, 0, 10 * GIBIBYTE]),
        "sites": st.sampled_from([None, None, ("site-0",), ("site-1", "site-2")]),
        "software_stack": st.sampled_from([None, "rocm"]),
        "containers": st.booleans(),
        "interactive": st.booleans(),
        "accept_simulated": st.booleans(),
    }
).map(lambda changes: make_needs(**changes))

EASY_NEEDS = st.fixed_dictionaries(
    {
        "run": st.integers(0, 31).map(lambda number: f"run_01jd00000000000000000000{number:02d}"),
        "expected_seconds": maybe(st.floats(1, 10**5)),
        "data_bytes": st.sampled_from([None, 0, 10 * GIBIBYTE]),
    }
).map(lambda changes: make_needs(**changes))


@st.composite
def candidates(
    draw: st.DrawFn, facts: dict[str, st.SearchStrategy[object]], count_min: int
) -> tuple[CandidateState, ...]:
    """Draw up to six partitions, each with some facts drawn and the rest as the builder has them."""
    drawn = []
    for number in range(draw(st.integers(count_min, 6))):
        changes = draw(st.fixed_dictionaries({}, optional=facts))
        drawn.append(make_candidate(f"site-{number // 2}", f"gpu-{number % 2}", **changes))
    return tuple(drawn)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw any snapshot: most candidates refused by something."""
    return make_snapshot(*draw(candidates(CANDIDATE_FACTS | TERM_FACTS, 0)), needs=draw(NEEDS))


@st.composite
def contested_snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a snapshot in which at least two candidates are able and differ only in the terms."""
    return make_snapshot(*draw(candidates(ABLE_FACTS, 2)), needs=draw(EASY_NEEDS))
