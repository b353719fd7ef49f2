"""A program that follows the published rules gives the starts of the engine to the second."""

from random import Random

import pytest

from fabrica.planning.replay import Cluster, Estimates, Policy, replay
from fabrica.planning.trace import Trace
from tests.planning.builders import make_trace
from tests.planning.published_rules import Job, starts

TRACES = 60


def _jobs(random: Random, capacity: int) -> list[Job]:
    """Return jobs that often meet at one instant, of no, short and long run times, with limits over and under."""
    at, jobs = 0, []
    for _ in range(random.randint(1, 24)):
        at += random.choice([0, 0, 1, 2, random.randint(0, 30)])
        runtime = random.choice([0, 1, 2, random.randint(1, 60)])
        units = random.choice([1, min(2, capacity), capacity, random.randint(1, capacity)])
        limit = random.choice([None, 0, runtime, 2 * runtime + 1, runtime + random.randint(0, 30), max(runtime - 2, 0)])
        jobs.append(Job(at, runtime, units, limit))
    return jobs


def _trace(jobs: list[Job]) -> Trace:
    rows = [(one.submit, one.runtime, one.units, -1 if one.limit is None else one.limit) for one in jobs]
    return make_trace(rows)


@pytest.mark.parametrize("by_limit", [False, True])
@pytest.mark.parametrize("policy", ["fifo", "easy", "conservative"])
@pytest.mark.parametrize("plain", [False, True])
def test_starts_are_those_of_the_published_rules(policy: str, by_limit: bool, plain: bool) -> None:
    for seed in range(TRACES):
        random = Random(seed)
        devices = random.choice([0, 0, 2, 4, 8]) if policy != "conservative" else 0
        capacity = random.choice([1, 2, 5, 16]) * (devices or 1)
        jobs = [*_jobs(random, capacity), Job(10**4, 1, 1, 1)]
        estimates = Estimates.LIMIT if by_limit else Estimates.EXACT
        done = replay(_trace(jobs), Cluster(capacity, devices), Policy(policy), estimates, plain=plain)
        nodes = capacity // devices if devices else 1
        assert list(done.start_seconds) == starts(jobs, nodes, devices or capacity, policy, by_limit=by_limit), seed
