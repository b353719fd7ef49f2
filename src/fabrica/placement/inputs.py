"""The one input of each term that a change may alter: how it is read, solved for, rounded, written and told."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.snapshot import CandidateState, Needs, Number
from fabrica.values.quantities import show_bytes
from fabrica.values.time import show_duration


class Input(NamedTuple):
    """One input of a term.

    `read(needs, candidate)`: its value; None: not known, or of no consequence.
    `solve(needs, candidate, figure, tying_figure)`: the input's value at which the term has the tying figure.
    `step`: what a value is rounded to, so that people read a plain number. `allows`: whether a value can be.
    """

    read: Callable[[Needs, CandidateState], Number | None]
    solve: Callable[[Needs, CandidateState, float, float], float | None]
    step: Callable[[float], float]
    allows: Callable[[Needs, float], bool]
    write: Callable[[CandidateState, float], dict[str, Any]]
    tell: Callable[[str, float, float], str]


def inputs(term: int) -> Input:
    """Return the input that a change of this term alters."""
    return _INPUTS[term]


def _read_wait(needs: Needs, candidate: CandidateState) -> Number | None:
    return None if candidate.starts_at_once(needs) else candidate.wait_q50_seconds


def _solve_wait(needs: Needs, candidate: CandidateState, figure: float, tying: float) -> float | None:
    return float(candidate.wait_q50_seconds or 0) + tying - figure


def _write_wait(candidate: CandidateState, seconds: float) -> dict[str, Any]:
    """The whole distribution of the wait moves, so its spread, which is the risk, stays."""
    becomes: dict[str, Any] = {"wait_q50_seconds": seconds}
    if candidate.wait_q90_seconds is not None and candidate.wait_q50_seconds is not None:
        becomes["wait_q90_seconds"] = candidate.wait_q90_seconds + (seconds - candidate.wait_q50_seconds)
    return becomes


def _tell_wait(where: str, old: float, new: float) -> str:
    return f"If the wait at {where} {_went(old, new)} from {show_duration(old)} to {show_duration(new)}"


def _duration_step(seconds: float) -> float:
    """What `show_duration` shows: days and hours, hours and minutes, or seconds."""
    if seconds >= 86_400:
        return 3600.0
    return 60.0 if seconds >= 3600 else 1.0


def _solve_intensity(needs: Needs, candidate: CandidateState, figure: float, tying: float) -> float | None:
    return float(candidate.gco2e_per_kwh or 0) * tying / figure if figure > 0.0 else None


def _tell_intensity(where: str, old: float, new: float) -> str:
    return f"If the grid's carbon intensity at {where} {_went(old, new)} from {old:g} to {new:g} g/kWh"


def _three_digits(value: float) -> float:
    return float(10.0 ** (math.floor(math.log10(value)) - 2)) if value > 0.0 else 0.001


def _tell_end(where: str, old: float, new: float) -> str:
    return f"If the allocation at {where} ended in {show_duration(new)} instead of {show_duration(old)}"


def _solve_failure(needs: Needs, candidate: CandidateState, figure: float, tying: float) -> float | None:
    """The risk is 1 - (1 - failure share) x certainty of the wait; the certainty stays."""
    failure = candidate.failure_share
    if failure is None or failure >= 1.0 or figure >= 1.0:  # of no certainty nothing is left to share out
        return None
    return 1.0 - (1.0 - tying) * (1.0 - failure) / (1.0 - figure)


def _tell_failure(where: str, old: float, new: float) -> str:
    return f"If the share of attempts that failed by the site at {where} {_went(old, new)} from {old:.1%} to {new:.1%}"


def _solve_data(needs: Needs, candidate: CandidateState, figure: float, tying: float) -> float | None:
    return (needs.data_bytes or 0) * (1.0 - tying)


def _tell_data(where: str, old: float, new: float) -> str:
    return f"If {show_bytes(round(new))} of the data instead of {show_bytes(round(old))} were at {where}"


def _went(old: float, new: float) -> str:
    return "rose" if new > old else "fell"


def _not_negative(needs: Needs, value: float) -> bool:
    return value >= 0.0


_INPUTS: dict[int, Input] = {
    c.TIME_TO_RESULT: Input(
        read=_read_wait,
        solve=_solve_wait,
        step=_duration_step,
        allows=_not_negative,
        write=_write_wait,
        tell=_tell_wait,
    ),
    c.CARBON: Input(
        read=lambda needs, candidate: candidate.gco2e_per_kwh,
        solve=_solve_intensity,
        step=_three_digits,
        allows=_not_negative,
        write=lambda candidate, value: {"gco2e_per_kwh": value},
        tell=_tell_intensity,
    ),
    c.BALANCE: Input(
        read=lambda needs, candidate: candidate.allocation_ends_in_seconds,
        solve=lambda needs, candidate, figure, tying: tying,
        step=_duration_step,
        allows=_not_negative,
        write=lambda candidate, value: {"allocation_ends_in_seconds": value},
        tell=_tell_end,
    ),
    c.RISK: Input(
        read=lambda needs, candidate: candidate.failure_share,
        solve=_solve_failure,
        step=lambda value: 0.001,
        allows=lambda needs, value: 0.0 <= value <= 1.0,
        write=lambda candidate, value: {"failure_share": value},
        tell=_tell_failure,
    ),
    c.MOVEMENT: Input(
        read=lambda needs, candidate: candidate.data_here_bytes,
        solve=_solve_data,
        step=lambda value: 1.0,
        allows=lambda needs, value: 0.0 <= value <= (needs.data_bytes or 0),
        write=lambda candidate, value: {"data_here_bytes": int(value)},
        tell=_tell_data,
    ),
}
