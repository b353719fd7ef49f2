"""The terms of the score, told with their inputs. The numbers are the kernel's; this module only tells them."""

import functools
from collections.abc import Callable
from typing import Literal, get_args

from fabrica.placement import columns as c
from fabrica.placement.kernel import Answer
from fabrica.placement.snapshot import CandidateState, Needs, Number, Policy, Snapshot
from fabrica.values.quantities import show_bytes
from fabrica.values.time import show_duration
from fabrica.wire.placement import Term

TermCode = Literal["time_to_result", "carbon", "balance", "risk", "movement"]
TERM_CODES: tuple[TermCode, ...] = get_args(TermCode)
"""The terms' codes, in the order of the kernel's columns and of the policy's weights."""

_kept = functools.lru_cache(maxsize=4096)
"""Keeps a part of a sentence by what it tells: runs differ, but a site's grid, power and waits stay for a while."""


def terms(snapshot: Snapshot, answer: Answer, able: list[int]) -> list[tuple[Term, ...]]:
    """Return the terms of each able candidate. `answer`: as the kernel filled it; `able`: rows."""
    return list(zip(*[_column(term, snapshot, answer, able) for term in range(c.TERMS)], strict=True))


def _column(term: int, snapshot: Snapshot, answer: Answer, able: list[int]) -> list[Term]:
    """Return one term of each able candidate."""
    needs, policy, candidates = snapshot.needs, snapshot.policy, snapshot.candidates
    code, tell, bit = TERM_CODES[term], _TELLERS[term], 1 << term
    weight = float(getattr(policy.weights, code))
    column, figures, values, made = [], answer.figures, answer.values, Term.trusted
    for row in able:
        words = tell(needs, candidates[row], policy, figures[row][term])
        missing = answer.missing[row] & bit != 0
        if missing:
            words += _STANDS_IN
        column.append(made(code=code, weight=weight, value=values[row][term], missing=missing, words=words))
    return column


_STANDS_IN = " What is not known counts as the worst known among the sites that are able."


def _time_to_result(needs: Needs, candidate: CandidateState, policy: Policy, figure: float) -> str:
    median, late = candidate.wait_q50_seconds, candidate.wait_q90_seconds
    wait = _wait(median, late, candidate.wait_samples, policy.wait_samples_min)
    if candidate.starts_at_once(needs):
        wait = f"no wait expected with {candidate.devices_spare:,} devices free that nobody waits for, else {wait}"
    elif candidate.devices_free is not None:
        wait = f"{wait} with {candidate.devices_free:,} devices free now"
    staging = _staging(needs.data_bytes, candidate.data_here_bytes, candidate.link_bytes_per_second)
    run = _run(needs.seconds, needs.expected_seconds is not None, candidate.relative_speed)
    return f"About {show_duration(figure)}, as far as known: {wait}, {staging}, {run}."


@_kept
def _wait(median: Number | None, late: Number | None, samples: int, samples_min: int) -> str:
    """Return what the history says of a run that cannot start at once."""
    if median is None or samples < samples_min:
        return f"wait not known ({samples} runs seen, {samples_min} needed)"
    if late is None or late <= median:
        return f"wait {show_duration(median)} (median of {samples:,} runs)"
    return f"wait {show_duration(late)} (nine of ten of {samples:,} runs waited less)"


@_kept
def _staging(data_bytes: int | None, here_bytes: int | None, link_bytes_per_second: Number | None) -> str:
    if data_bytes is None:
        return "staging not counted, the size of the data is not known"
    if data_bytes == 0:
        return "no data to stage"
    if here_bytes is None:
        return "staging not known, nor which data is here"
    moved = max(data_bytes - here_bytes, 0)
    if moved == 0:
        return "all data here already"
    if not link_bytes_per_second:
        return f"{show_bytes(moved)} to stage over a link of unknown speed"
    return f"{show_bytes(moved)} to stage in {show_duration(moved / link_bytes_per_second)}"


@_kept
def _run(seconds: Number, expected: bool, speed: Number | None) -> str:
    run = f"run {show_duration(seconds)} on the reference device ({'expected' if expected else 'the time limit'})"
    here = "speed here not known" if speed is None else f"speed here {speed:g} times that device's"
    return f"{run}, {here}"


def _carbon(needs: Needs, candidate: CandidateState, policy: Policy, figure: float) -> str:
    watts, intensity = candidate.device_watts, candidate.gco2e_per_kwh
    if watts is None or intensity is None:
        unknown = ["the power of a device"] if watts is None else []
        unknown += ["the grid's carbon intensity"] if intensity is None else []
        return f"Carbon not known here: {' and '.join(unknown)} not stated."
    power = _power(needs.devices, watts, candidate.pue, policy.pue_assumed)
    grid = _grid(intensity, candidate.country, candidate.grid_year)
    return f"About {_show_grams(figure)} g CO2e: {power}, {show_duration(needs.seconds)}, {grid}."


def _show_grams(grams: float) -> str:
    return f"{grams:,.0f}" if grams >= 100 else f"{grams:.3g}"


@_kept
def _power(devices: int, watts: Number, pue: Number | None, pue_assumed: Number) -> str:
    shown = f"{pue_assumed:g} (assumed, the site states none)" if pue is None else f"{pue:g}"
    return f"{devices:,} x {watts:g} W, PUE {shown}"


@_kept
def _grid(gco2e_per_kwh: Number, country: str, year: int | None) -> str:
    return f"{gco2e_per_kwh:g} g/kWh in {country} ({'year not stated' if year is None else f'mean of {year}'})"


def _balance(needs: Needs, candidate: CandidateState, policy: Policy, figure: float) -> str:
    if candidate.allocation_ends_in_seconds is None:
        return "The allocation here does not end, so it is spent last."
    left = show_duration(candidate.allocation_ends_in_seconds)
    return f"The allocation here ends in {left}; what ends first is spent first."


def _risk(needs: Needs, candidate: CandidateState, policy: Policy, figure: float) -> str:
    if candidate.wait_samples >= policy.wait_samples_min:
        spread = _spread(candidate.wait_q50_seconds, candidate.wait_q90_seconds)
    else:
        spread = _NO_WAIT if candidate.starts_at_once(needs) else _SPREAD_UNKNOWN
    return f"Risk: {_failure(candidate.failure_share)}; {spread}."


@_kept
def _failure(share: Number | None) -> str:
    if share is None:
        return "share of attempts that the site failed not known"
    return f"the site failed {share:.1%} of recent attempts"


_SPREAD_UNKNOWN = "spread of the wait not known"
_NO_WAIT = "no wait expected"


def _spread(median: Number | None, late: Number | None) -> str:
    if median is None or late is None:
        return _SPREAD_UNKNOWN
    return f"one wait in ten is over {show_duration(late)}, the median {show_duration(median)}"


def _movement(needs: Needs, candidate: CandidateState, policy: Policy, figure: float) -> str:
    return _move(needs.data_bytes, candidate.data_here_bytes, candidate.country)


@_kept
def _move(data_bytes: int | None, here_bytes: int | None, country: str) -> str:
    if data_bytes == 0:
        return "The run has no data to move."
    if data_bytes is None:
        return "The size of the run's data is not known."
    if here_bytes is None:
        return f"Which of the run's {show_bytes(data_bytes)} is here is not known."
    return f"{show_bytes(max(data_bytes - here_bytes, 0))} of {show_bytes(data_bytes)} would move to {country}."


_TELLERS: tuple[Callable[[Needs, CandidateState, Policy, float], str], ...] = (
    _time_to_result,
    _carbon,
    _balance,
    _risk,
    _movement,
)
assert len(_TELLERS) == c.TERMS  # the table and the kernel's columns are one list
