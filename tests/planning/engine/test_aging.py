"""Age: who waits is asked earlier and earlier, up to a bound, and never after somebody later of the same account."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.engine.plain_jobs import PlainJob
from fabrica.planning.engine.plain_site import PlainSite
from fabrica.planning.engine.site_rules import NEVER, SiteRules

CAPACITY, HOUR = 8, 3600


def run(rules: SiteRules, rows: list[tuple[int, int, int]]) -> list[PlainJob]:
    """Return jobs of submit, run time and account, each of the whole cluster, as they ran."""
    jobs = [PlainJob(number, at, seconds, seconds, CAPACITY, of) for number, (at, seconds, of) in enumerate(rows)]
    site = PlainSite(rules)
    for job in jobs:
        site.offer(job, job.submit)
    site.advance(NEVER)
    return jobs


def rules(age_seconds: int, age_steps: int) -> SiteRules:
    return SiteRules(CAPACITY, accounts=2, is_fair=True, age_seconds=age_seconds, age_steps=age_steps)


BUSY = [(0, 4 * HOUR, 0), (1, HOUR, 1), (2, HOUR, 0)]
"""Account 0 used four hours when its second job waits; then account 1 comes with a job every hour."""
WITH_MORE = sorted(BUSY + [(hour * HOUR, HOUR, 1) for hour in range(4, 12)])


def start_of_the_waiting(age_seconds: int, age_steps: int) -> int:
    """Return after how many hours the second job of account 0 starts."""
    return run(rules(age_seconds, age_steps), WITH_MORE)[2].start // HOUR


def test_without_age_a_job_waits_until_the_other_account_used_as_much() -> None:
    assert start_of_the_waiting(0, 0) == 8, "then both used four hours, and account 0 is the first by number"


def test_after_each_step_of_waiting_what_its_account_used_counts_half_up_to_a_bound() -> None:
    assert start_of_the_waiting(6 * HOUR, 1) == 7, "its four hours count as two, and account 1 used three"
    assert start_of_the_waiting(2 * HOUR, 1) == 6, "they count as two long before, and never as less"
    assert start_of_the_waiting(2 * HOUR, 3) == 5, "they count as one after four hours of waiting"


@given(
    rows=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.integers(0, 1)), min_size=1, max_size=30),
    age_seconds=st.sampled_from([2, 9]),
)
def test_jobs_of_one_account_that_ask_the_same_start_in_the_order_of_their_arrival(
    rows: list[tuple[int, int, int]], age_seconds: int
) -> None:
    jobs = run(rules(age_seconds, 4), sorted(rows, key=lambda row: row[0]))
    for account in (0, 1):
        starts = [job.start for job in jobs if job.account == account]
        assert starts == sorted(starts)
