"""Fair share: usage fades alike compiled and plain, however long nothing happens, and the lines stay in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.plain_shares import PlainShares
from fabrica.planning.engine.shares import IN_ORDER, charge, is_due, line_of, no_usage, put_in_order

ACCOUNTS, LEVELS, AGES = 4, 2, 3
charges = st.lists(
    st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(-50, 10**6), st.integers(0, 50_000)), max_size=40
)


@given(charges=charges, half_life=st.sampled_from([0, 1, 60, 10**6]))
def test_compiled_and_plain_usage_and_order_are_the_same(charges: list[tuple[int, int, int]], half_life: int) -> None:
    shares, plain, now = no_usage(ACCOUNTS, LEVELS, half_life, True, AGES - 1), PlainShares(half_life, {}), 0
    lines = [(level, age, account) for level in range(LEVELS) for age in range(AGES) for account in range(ACCOUNTS)]
    for line, (level, age, account) in enumerate(lines):
        assert line_of(shares, account, level, age) == line
        shares.lines["root"][line] = 0  # somebody waits in every line
        is_due(shares, line)
    for account, device_seconds, passed in charges:
        now += passed
        charge(shares, account, device_seconds, now)
        plain.charge(account, device_seconds, now)
        put_in_order(shares)
        used = [plain.used(one) for one in range(ACCOUNTS)]
        assert list(shares.accounts["usage"]) == used
        order = [lines[line] for line in shares.order[: shares.counts[IN_ORDER]]]
        ranks = sorted((-level, used[of] * 0.5**age, of, -age) for level, age, of in lines)
        assert order == [(-level, -age, of) for level, _, of, age in ranks]


def test_usage_counts_half_after_a_half_life() -> None:
    shares = PlainShares(100, {1: 2.0})
    shares.charge(0, 600, 0)
    shares.charge(1, 600, 100)
    assert shares.used(1) == shares.used(0), "it counts double, for a share of two"
