"""Needs, candidates and snapshots: valid by default, so that a test spells out only its point."""

from typing import Any

from fabrica.placement.snapshot import DEFAULT_POLICY, CandidateState, Needs, Policy, Snapshot

GIBIBYTE = 2**30
DAY_SECONDS = 86_400


def make_needs(**changes: Any) -> Needs:
    """Return a run of two hours on one node with four H100."""
    given: dict[str, Any] = {
        "run": "run_01jd0000000000000000000000",
        "resource_class": "gpu.h100",
        "nodes": 1,
        "devices_per_node": 4,
        "memory_bytes_per_node": 64 * GIBIBYTE,
        "disk_bytes": 100 * GIBIBYTE,
        "time_limit_seconds": 7200,
        "expected_seconds": 3600,
        "data_bytes": 10 * GIBIBYTE,
    }
    return Needs(**given | changes)


def make_candidate(site: str = "alpha", partition: str = "gpu", **changes: Any) -> CandidateState:
    """Return a real site that can take the run of `make_needs`, with everything known."""
    given: dict[str, Any] = {
        "site": site,
        "site_name": site.title(),
        "partition": partition,
        "country": "FI",
        "resource_class": "gpu.h100",
        "agent_age_seconds": 5,
        "software_stack": "cuda-x86",
        "containers": True,
        "interactive": True,
        "nodes": 100,
        "devices_per_node": 4,
        "devices_total": 400,
        "devices_free": 40,
        "memory_bytes_per_node": 512 * GIBIBYTE,
        "disk_free_bytes": 4096 * GIBIBYTE,
        "time_limit_seconds_max": 2 * DAY_SECONDS,
        "nodes_per_run_max": 32,
        "wait_q50_seconds": 600,
        "wait_q90_seconds": 3600,
        "wait_samples": 120,
        "relative_speed": 1.0,
        "device_watts": 700,
        "pue": 1.1,
        "gco2e_per_kwh": 79.158,
        "grid_year": 2023,
        "failure_share": 0.02,
        "data_here_bytes": 0,
        "link_bytes_per_second": 1_000_000_000,
        "allocation_free_milliseconds": 10**12,
        "allocation_granted_milliseconds": 2 * 10**12,
        "allocation_ends_in_seconds": 90 * DAY_SECONDS,
        "reserve_milliseconds": 4 * 7200 * 1000,
    }
    return CandidateState(**given | changes)


def make_snapshot(*candidates: CandidateState, needs: Needs | None = None, policy: Policy = DEFAULT_POLICY) -> Snapshot:
    """Return a snapshot of these candidates."""
    return Snapshot(
        needs=needs or make_needs(), candidates=candidates, decided_at="2026-11-20T12:00:00.000Z", policy=policy
    )
