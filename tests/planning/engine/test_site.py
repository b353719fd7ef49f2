"""A site that is advanced step by step does what the whole replay does."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.site import NEVER, Site, SiteRules, advance, new_site, offer
from fabrica.planning.engine.table import job_table
from fabrica.planning.replay import Cluster, Estimates, Policy, replay
from fabrica.planning.trace import Trace
from tests.planning.builders import CAPACITY, make_trace, small_traces


def site_of(trace: Trace, rules: SiteRules) -> Site:
    jobs = job_table(trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)
    return new_site(rules, jobs)


@pytest.mark.parametrize("node_devices", [0, 4])
@given(trace=small_traces())
def test_without_further_rules_a_site_starts_jobs_as_easy_does(node_devices: int, trace: Trace) -> None:
    site = site_of(trace, SiteRules(CAPACITY, node_devices))
    for job in range(len(trace)):
        offer(site, job, trace.submit_seconds[job])
    advance(site, NEVER)
    estimates = Estimates.EXACT if max(trace.limit_seconds) < 0 else Estimates.LIMIT
    whole = replay(trace, Cluster(CAPACITY, node_devices), Policy.EASY, estimates, plain=True)
    assert list(site.jobs["start"]) == list(whole.start_seconds)


@given(trace=small_traces(), steps=st.lists(st.integers(1, 9), max_size=20))
def test_a_site_gives_the_same_starts_however_it_is_stepped(trace: Trace, steps: list[int]) -> None:
    at_once, stepped = site_of(trace, SiteRules(CAPACITY)), site_of(trace, SiteRules(CAPACITY))
    for job in range(len(trace)):
        offer(at_once, job, trace.submit_seconds[job])
        advance(stepped, trace.submit_seconds[job])
        offer(stepped, job, trace.submit_seconds[job])
    advance(at_once, NEVER)
    until = int(trace.submit_seconds[-1])
    for step in steps:
        until += step
        advance(stepped, until)
    advance(stepped, NEVER)
    assert numpy.array_equal(at_once.jobs["start"], stepped.jobs["start"])


def test_a_site_tells_how_it_stands_just_before_an_instant() -> None:
    site = site_of(make_trace([(0, 10, 12, -1), (1, 5, 8, -1)]), SiteRules(CAPACITY))
    offer(site, 0, 0)
    offer(site, 1, 1)
    advance(site, 10)
    state = site.state[0]
    assert (state["running"], state["busy"], state["waiting"]) == (1, 12, 1)
    assert (state["reserved_for"], state["at"], state["waiting_device_seconds"]) == (1, 10, 40)
    advance(site, NEVER)
    assert (state["running"], state["waiting"], state["done"]) == (0, 0, 2)
    assert list(site.jobs["end"]) == [10, 15]


@pytest.mark.parametrize("rules", [SiteRules(CAPACITY, accounts=0), SiteRules(CAPACITY, levels=0)])
def test_a_site_without_accounts_or_levels_is_refused(rules: SiteRules) -> None:
    with pytest.raises(ValueError, match="an account and a level at least"):
        site_of(make_trace([(0, 1, 1, -1)]), rules)
