"""The kernel: compiled and plain give the same bits, and it refuses exactly what plain words say it should."""

import itertools
import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.placement import columns as c
from fabrica.placement.encode import encode
from fabrica.placement.filters import FILTERS
from fabrica.placement.kernel import answer_arrays, answer_lists, choose, compiled, weigh
from fabrica.placement.rank import rank
from fabrica.placement.snapshot import CandidateState, Needs, Policy, Snapshot
from tests.placement.builders import make_candidate, make_snapshot
from tests.placement.strategies import contested_snapshots, snapshots

ANY = snapshots() | contested_snapshots()


@settings(deadline=None)  # the first example compiles
@given(ANY)
def test_compiled_and_plain_kernel_give_the_same_bits(snapshot: Snapshot) -> None:
    numpy = pytest.importorskip("numpy")
    pytest.importorskip("numba")
    encoded, count = encode(snapshot), len(snapshot.candidates)
    plain, fast = answer_lists(count), answer_arrays(count)
    facts = numpy.array(encoded.facts, dtype=float).reshape(count, c.FACTS)
    chosen = compiled()(facts, numpy.array(encoded.needs), numpy.array(encoded.policy), fast)
    assert chosen == choose(*encoded, plain)
    for ours, theirs in zip(plain, fast, strict=True):
        assert numpy.array(ours, dtype=theirs.dtype).reshape(theirs.shape).tobytes() == theirs.tobytes()


@given(ANY)
def test_what_is_told_is_what_the_kernel_decided(snapshot: Snapshot) -> None:
    encoded, answer = encode(snapshot), answer_lists(len(snapshot.candidates))
    chosen = choose(*encoded, answer)
    placement = rank(snapshot)
    told = {(str(one.site), one.partition): one for one in placement.candidates}
    for row, state in enumerate(snapshot.candidates):
        candidate = told[state.site, state.partition]
        bits = sum((not reason.passed) << bit for bit, reason in enumerate(candidate.reasons))
        assert bits == answer.refused[row]
        if bits == 0:
            assert candidate.score == answer.scores[row]
            assert [term.value for term in candidate.terms] == answer.values[row]
            assert sum(term.missing << bit for bit, term in enumerate(candidate.terms)) == answer.missing[row]
    winner = snapshot.candidates[chosen] if chosen >= 0 else None
    assert placement.chosen == (winner.site if winner else None)


@given(snapshots())
def test_filters_refuse_exactly_what_plain_words_say(snapshot: Snapshot) -> None:
    answer = answer_lists(len(snapshot.candidates))
    choose(*encode(snapshot), answer)
    for state, bits in zip(snapshot.candidates, answer.refused, strict=True):
        refusing = {row.code for index, row in enumerate(FILTERS) if bits >> index & 1}
        assert refusing == {code for code, refuses in in_plain_words(snapshot.needs, state, snapshot.policy) if refuses}


def in_plain_words(needs: Needs, state: CandidateState, policy: Policy) -> list[tuple[str, bool]]:
    """Tell each filter a second time, on the snapshot's own values."""
    age, stack, free = state.word_age_seconds, state.software_stack, state.allocation_free_milliseconds
    starts, ends = state.maintenance_starts_in_seconds, state.allocation_ends_in_seconds

    def short(has: float | None, asked: float) -> bool:
        return has is not None and has < asked

    return [
        ("sites", needs.sites is not None and state.site not in needs.sites),
        ("no_agent", age is None),
        ("site_fresh", age is not None and age > policy.fresh_seconds),
        ("draining", state.draining),
        ("simulated", state.simulated and not needs.accept_simulated),
        ("already_declined", state.declined),
        ("site_account", state.site_account is False),
        ("personal_site", state.own_site is False),
        ("resource_class", state.resource_class != needs.resource_class),
        ("software_stack", needs.software_stack is not None and stack not in (None, needs.software_stack)),
        ("containers", needs.containers and state.containers is False),
        ("interactive", needs.interactive and not state.interactive),
        ("countries", needs.countries is not None and state.country not in needs.countries),
        ("nodes", short(state.nodes, needs.nodes)),
        ("nodes_per_run", short(state.nodes_per_run_max, needs.nodes)),
        (
            "devices",
            short(state.devices_per_node, needs.devices_per_node)
            or short(state.devices_total, needs.devices_per_node * needs.nodes),
        ),
        ("memory", short(state.memory_bytes_per_node, needs.memory_bytes_per_node)),
        ("disk", short(state.disk_free_bytes, needs.disk_bytes)),
        ("time_limit", short(state.time_limit_seconds_max, needs.time_limit_seconds)),
        ("maintenance", starts is not None and starts < needs.time_limit_seconds),
        (
            "allocation",
            free is None
            or free < state.reserve_milliseconds
            or state.allocation_starts_in_seconds > 0
            or short(ends, needs.time_limit_seconds),
        ),
    ]


def test_a_missing_input_counts_as_the_worst_known_and_never_as_the_best() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", wait_q50_seconds=60),
        make_candidate("beta", wait_q50_seconds=90_000, wait_q90_seconds=95_000),
        make_candidate("gamma", wait_samples=29),
    )
    answer = answer_lists(3)
    choose(*encode(snapshot), answer)
    times = [values[c.TIME_TO_RESULT] for values in answer.values]
    assert times[0] == 0.0 < times[1] == times[2]
    assert [bits >> c.TIME_TO_RESULT & 1 for bits in answer.missing] == [0, 0, 1]


def test_a_run_is_taken_to_start_where_nobody_waits_for_what_is_free_and_else_to_wait_long() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", wait_q50_seconds=90_000, wait_q90_seconds=95_000, devices_spare=4),
        make_candidate("beta", wait_samples=0, devices_spare=400),
        make_candidate("gamma", wait_q50_seconds=90_000, wait_q90_seconds=95_000, devices_spare=3),
        make_candidate("delta", wait_samples=0, devices_spare=3),
    )
    answer = answer_lists(4)
    choose(*encode(snapshot), answer)
    in_order = [candidate.site for candidate in snapshot.candidates]
    times = {site: answer.figures[row][c.TIME_TO_RESULT] for row, site in enumerate(in_order)}
    known = {site: not answer.missing[row] >> c.TIME_TO_RESULT & 1 for row, site in enumerate(in_order)}
    assert times["alpha"] == times["beta"] == times["delta"] == pytest.approx(times["gamma"] - 95_000)
    assert known == {"alpha": True, "beta": True, "gamma": True, "delta": False}


def test_a_term_nobody_knows_counts_one_for_all() -> None:
    snapshot = make_snapshot(make_candidate("alpha", device_watts=None), make_candidate("beta", gco2e_per_kwh=None))
    answer = answer_lists(2)
    choose(*encode(snapshot), answer)
    assert [values[c.CARBON] for values in answer.values] == [1.0, 1.0]


def test_known_part_of_a_slow_site_counts_even_when_its_wait_is_unknown() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha"),
        make_candidate("beta", wait_q50_seconds=1200),
        make_candidate("gamma", wait_samples=0, relative_speed=0.01),
    )
    answer = answer_lists(3)
    choose(*encode(snapshot), answer)
    assert answer.values[2][c.TIME_TO_RESULT] > answer.values[1][c.TIME_TO_RESULT]


def test_carbon_is_power_times_devices_times_overhead_times_time_times_intensity() -> None:
    answer = answer_lists(1)
    choose(*encode(make_snapshot(make_candidate(device_watts=500, pue=1.5, gco2e_per_kwh=100))), answer)
    assert answer.figures[0][c.CARBON] == pytest.approx(0.5 * 4 * 1.5 * 1 * 100)  # kW x devices x PUE x h x g/kWh


def test_what_ends_first_is_spent_first_and_what_never_ends_last() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", allocation_ends_in_seconds=None),
        make_candidate("beta", allocation_ends_in_seconds=10**6),
        make_candidate("gamma", allocation_ends_in_seconds=2 * 10**6),
    )
    answer = answer_lists(3)
    assert choose(*encode(snapshot), answer) == 1
    assert [values[c.BALANCE] for values in answer.values] == [1.0, 0.0, 0.5]


@given(ANY, st.lists(st.floats(0.0, 1.0), min_size=c.TERMS, max_size=c.TERMS))
def test_weighing_anew_gives_what_choosing_anew_gives(snapshot: Snapshot, weights: list[float]) -> None:
    facts, needs, policy = encode(snapshot)
    other = weights + policy[c.TERMS :]
    weighed, chosen = answer_lists(len(facts)), answer_lists(len(facts))
    choose(facts, needs, policy, weighed)
    assert weigh(facts, other, weighed) == choose(facts, needs, other, chosen)
    assert weighed == chosen


@given(ANY)
def test_able_rows_stand_in_order_and_draw_a_tie(snapshot: Snapshot) -> None:
    facts, needs, policy = encode(snapshot)
    answer = answer_lists(len(facts))
    choose(facts, needs, policy, answer)
    able = [row for row, bits in enumerate(answer.refused) if bits == 0]
    assert answer.able == able + [-1] * (len(facts) - len(able))
    assert all(0.0 <= facts[row][c.TIE] < 1.0 for row in able)


def test_buffers_used_again_give_the_same_answer() -> None:
    small = make_snapshot(make_candidate("alpha", draining=True), make_candidate("beta"))
    other = make_snapshot(make_candidate("alpha"), make_candidate("beta", draining=True))
    answer = answer_lists(2)
    chosen = [choose(*encode(snapshot), answer) for snapshot in itertools.islice(itertools.cycle((small, other)), 4)]
    assert chosen == [1, 0, 1, 0]
    assert answer.scores[1] == math.inf


def test_ranking_does_not_load_numpy_or_numba() -> None:
    code = "import sys, fabrica.placement.rank; sys.exit(bool({'numpy', 'numba'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
