"""How far a model's compute is from the thresholds of the Act and its guidance, today and with what is planned."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from fabrica.aiact import library
from fabrica.aiact.figures import settled, significant
from fabrica.aiact.in_words import cited_in_words
from fabrica.aiact.schema import Threshold
from fabrica.wire.accounts import ComputeTotal, Margin, MarginState

_PARTS = 1000  # a ratio of the data is rounded to 16 digits; the fraction it stands for has a smaller denominator
_WORDS = {
    "below": "below the threshold, with the whole margin of error",
    "within_margin": "within the margin of error of the threshold, so it may be above",
    "above": "above the threshold, with the whole margin of error",
    "unknown": "not known",
}


@dataclass(frozen=True, slots=True)
class PlannedMargin:
    """How the compute of a planned training stands to one threshold; `share` of it, and where the Act has it."""

    threshold: str
    flop: float
    share: float
    state: MarginState
    source: str


def planned_margins(flop: float) -> tuple[PlannedMargin, ...]:
    """Return the margins of a training that is only planned to 10^23 and 10^25 FLOP."""
    limits = library.thresholds()
    return tuple(_planned(limits[name], flop) for name in ("gpai_indicative", "systemic_presumption"))


def _planned(threshold: Threshold, flop: float) -> PlannedMargin:
    limit = threshold.value_flop
    assert limit is not None
    return PlannedMargin(threshold.id, limit, flop / limit, state_of(flop, limit), threshold.source)


def margins_of(
    training: ComputeTotal,
    cumulative: ComputeTotal,
    modification: ComputeTotal | None,
    original: ComputeTotal | None,
    original_systemic: bool,
    planned_flop: float | None,
) -> tuple[Margin, ...]:
    """Return the margin to 10^23, to a third of the original's compute, and to 10^25.

    A third counts only for a model that starts from another; without the original's compute the fallbacks stand in.
    """
    limits = library.thresholds()
    indicative, systemic = limits["gpai_indicative"], limits["systemic_presumption"]
    return (
        _margin(indicative, "training compute", indicative.value_flop, training, planned_flop),
        *_third(modification, original, original_systemic, planned_flop),
        _margin(systemic, "cumulative training compute", systemic.value_flop, cumulative, planned_flop),
    )


def _third(
    modification: ComputeTotal | None, original: ComputeTotal | None, systemic: bool, planned: float | None
) -> Iterator[Margin]:
    if modification is None or original is None:
        return
    limits = library.thresholds()
    ratio = limits["modifier_ratio"]
    if original.complete and original.flop > 0:
        assert ratio.value_ratio is not None
        yield _margin(ratio, "modification compute", _part(original.flop, ratio.value_ratio), modification, planned)
    else:
        fallback = limits["modifier_fallback_systemic" if systemic else "modifier_fallback_other"]
        yield _margin(fallback, "modification compute", fallback.value_flop, modification, planned)


def _part(flop: float, ratio: float) -> float:
    """Return a part of a compute in the decimals it is written in: a third of 3e23 is 1e23, to the last digit."""
    return float(Fraction(repr(flop)) * Fraction(ratio).limit_denominator(_PARTS))


def _margin(
    threshold: Threshold, quantity: str, limit: float | None, total: ComputeTotal, planned: float | None
) -> Margin:
    assert limit is not None
    state = state_of(total.flop, limit, complete=total.complete)
    later = None if planned is None else state_of(total.flop + planned, limit, complete=total.complete)
    known = "" if total.complete else f" At least: the compute of {', '.join(total.unknown)} is unknown."
    words = f"{quantity[:1].upper()}{quantity[1:]} {_flop(total.flop)} is {_WORDS[state]}: {_flop(limit)}.{known}"
    return Margin(
        threshold=threshold.id,
        quantity=quantity,
        threshold_flop=limit,
        flop=total.flop,
        share=settled(total.flop / limit, 1),
        state=state,
        with_planned=later,
        words=words if state != "unknown" else f"{quantity} is not known to be below {_flop(limit)}.{known}",
        source=cited_in_words(threshold.source),
        confidence=threshold.confidence,
    )


def state_of(flop: float, limit: float, *, complete: bool = True) -> MarginState:
    """Return where an estimate stands: the threshold is crossed above it, and the margin is the guidelines' 30 %.

    An edge that only rounding parts from the figure is met and not crossed. What is unknown can only add, so an
    incomplete estimate is never said to be below.
    """
    margin = library.compute_accounting().error_margin.overall
    if settled(flop * (1 - margin), limit) > limit:
        return "above"
    if settled(flop * (1 + margin), limit) > limit:
        return "within_margin"
    return "below" if complete else "unknown"


def warnings_of(margins: tuple[Margin, ...], planned_flop: float | None) -> tuple[str, ...]:
    """Return a sentence for each threshold that is near, or that the planned compute may cross."""
    return tuple(_warnings(margins, planned_flop))


def _flop(value: float | None) -> str:
    return "an unknown number of FLOP" if value is None else f"{significant(value, 3)} FLOP"


def _warnings(margins: tuple[Margin, ...], planned: float | None) -> Iterator[str]:
    for one in margins:
        effect = library.thresholds()[one.threshold].effect or library.thresholds()["modifier_ratio"].effect
        if planned and one.with_planned in ("within_margin", "above") and one.with_planned != one.state:
            could = "would" if one.with_planned == "above" else "may"
            yield (
                f"With the planned {_flop(planned)}, {one.quantity} {could} cross {_flop(one.threshold_flop)} "
                f"({one.source}). Effect: {effect}."
            )
        elif one.state == "within_margin":
            yield f"{one.words} Effect when it is above ({one.source}): {effect}."
        elif one.state == "above":
            yield f"{one.words} Effect ({one.source}): {effect}."
