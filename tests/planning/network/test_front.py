"""The front of a site is what a look at all who wait finds, however little changed since the look before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

numpy = pytest.importorskip("numpy")
pytest.importorskip("numba")

from fabrica.planning.engine.attempts import join, leave  # noqa: E402 (the module needs Numba)
from fabrica.planning.engine.shares import charge  # noqa: E402
from fabrica.planning.engine.site import SiteRules, new_site  # noqa: E402
from fabrica.planning.engine.table import job_table  # noqa: E402
from fabrica.planning.network.arithmetic import size_class  # noqa: E402
from fabrica.planning.network.front import HAS_BEGUN, Front, look, no_front  # noqa: E402

JOBS, ACCOUNTS, LEVELS, MOST = 24, 3, 2, 5
numbers = st.integers(0, JOBS - 1)
charges = st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(1, 100))


@given(
    units=st.lists(st.integers(1, 9), min_size=JOBS, max_size=JOBS),
    places=st.lists(st.integers(0, ACCOUNTS * LEVELS - 1), min_size=JOBS, max_size=JOBS),
    steps=st.lists(st.lists(st.one_of(numbers, charges), max_size=6), max_size=12),
    begun=st.sets(numbers),
)
def test_a_front_is_the_first_jobs_in_the_order_in_which_they_are_asked(
    units: list[int], places: list[int], steps: list[list[int | tuple[int, int]]], begun: set[int]
) -> None:
    account, level = [place % ACCOUNTS for place in places], [place // ACCOUNTS for place in places]
    jobs = job_table(numpy.arange(JOBS), 1, units, -1, account, level)
    jobs["start"][list(begun)] = 0
    site = new_site(SiteRules(16, accounts=ACCOUNTS, levels=LEVELS, is_fair=True), jobs)
    front = Front(*(column[0] for column in no_front(1, ACCOUNTS * LEVELS, MOST)))
    waiting, used = set[int](), [0] * ACCOUNTS
    for step in steps:
        for move in step:
            if isinstance(move, tuple):
                used[move[0]] += move[1]
                charge(site.shares, *move, 0)
                continue
            (leave if move in waiting else join)(site, move)
            waiting ^= {move}
        in_order = sorted(waiting, key=lambda job: (-level[job], used[account[job]], account[job], job))
        expected = [(job, job, HAS_BEGUN if job in begun else size_class(units[job])) for job in in_order[:MOST]]
        found = look(front, site)
        assert [tuple(row) for row in front.jobs[front.looks[0] % 2][:found]] == expected
