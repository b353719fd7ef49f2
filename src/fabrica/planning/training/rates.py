"""The rate that a published run tells, by tokens, steps, FLOP or hours, as tokens a second and device.

FLOP become tokens by what their source counts. Sources: Chowdhery et al. 2022 (arXiv:2204.02311), appendix B, for model
FLOP with whole attention; Korthikanti et al. 2022 (arXiv:2205.05198) for hardware FLOP, which hold what is computed
again; NVIDIA's tables from 2025 on count causal attention, half of the whole.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fabrica.planning.training.devices import Device
from fabrica.planning.training.model import Model
from fabrica.planning.training.software import is_release_of

HOUR_SECONDS, DAY_SECONDS = 3600.0, 86_400.0
CAUSAL_SINCE = 2025.0
LOST_TIME = "includes lost time"
SIXTEEN_BIT = ("bf16", "fp16")
_SHARES: Mapping[str, str] = {"mfu_pct": "model", "hfu_pct": "hardware"}
_TOLD_DAYS_TOKENS = 300e9


@dataclass(frozen=True, slots=True)
class Reported:
    """Tokens a second and device, null where nothing tells them.

    `basis`: how they follow from what the source says. `lacks`: what keeps them from following; empty where they do.
    """

    rate: float | None
    basis: str
    lacks: str = ""

    @property
    def lost_time(self) -> bool:
        """Whether the rate counts stops and evaluation too."""
        return "lost time" in self.basis


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says of a run, with its model and device. `devices` and `batch`: null where they are not told.

    `peak_precision`: of which peak a share is told; null where the source does not say.
    """

    reported: Mapping[str, Any]
    derived: Mapping[str, Any]
    recompute: str | None
    source: str
    precision: str
    model: Model
    device: Device
    devices: float | None
    batch_sequences: float | None
    peak_precision: str | None = None


def reported_rate(told: Told) -> Reported:
    """Return the rate, from the first of the ways below that the row allows; what is told directly goes first.

    Raises:
        ValueError: a rate, a time or a count that cannot be.
    """
    for way in _WAYS:
        found = way(told)
        if found is None:
            continue
        rate, basis = found
        if not 0 < rate < math.inf:
            raise ValueError(f"a rate of {rate:g} tokens a second and device cannot be")
        return Reported(rate, basis)
    return Reported(None, "", _lack(told))


_Found = tuple[float, str] | None


def _as_derived(told: Told) -> _Found:
    rate = told.derived.get("tokens_per_s_per_gpu")
    return None if rate is None else (float(rate), str(told.derived.get("basis") or "as derived in the file"))


def _of_device(told: Told) -> _Found:
    rate = told.reported.get("tokens_per_s_per_gpu")
    return None if rate is None else (float(rate), "reported throughput")


def _of_pool(told: Told) -> _Found:
    rate = told.reported.get("tokens_per_s")
    return None if rate is None or not told.devices else (float(rate) / told.devices, "reported throughput")


def _of_step(told: Told) -> _Found:
    seconds = told.reported.get("step_s")
    if seconds is None or not told.devices or not told.batch_sequences:
        return None
    return told.batch_sequences * told.model.seq_len / told.devices / float(seconds), "step time"


def _of_flop(told: Told) -> _Found:
    teraflops = told.reported.get("tflops_per_gpu")
    if teraflops is None:
        return None
    return _from_flop(told, float(teraflops) * 1e12, told.reported.get("flops_kind") or "model")


def _of_share(told: Told) -> _Found:
    """Return the rate from a share of a peak: the one that is told, or of work in 16 bit the 16-bit one.

    Work in 8 or 4 bit has a peak of its own beside that in 16 bit, and sources take either: none is guessed.
    """
    precision = told.peak_precision or (told.precision if told.precision in SIXTEEN_BIT else None)
    return None if precision is None else _of_share_of(told, precision)


def _of_share_of(told: Told, precision: str) -> _Found:
    peak = told.device.peak("fp16" if precision in SIXTEEN_BIT else precision)
    key, share = _share(told)
    if peak is None or share is None:
        return None
    found = _from_flop(told, float(share) / 100 * peak, _SHARES[key])
    return None if found is None else (found[0], f"{found[1]}, from a share of the {precision} peak")


def _share(told: Told) -> tuple[str, float | None]:
    """Return which share of a peak is told, and how many hundredths it is."""
    return next(((key, told.reported[key]) for key in _SHARES if told.reported.get(key) is not None), ("", None))


def _from_flop(told: Told, flop: float, kind: str) -> _Found:
    """Return the rate from FLOP a second; null where it is not told how much is computed again."""
    causal = is_release_of(told.source, CAUSAL_SINCE)
    model = told.model
    each, core = model.flop_per_token(whole_attention=not causal), model.attention_flop_per_token(whole=not causal)
    again = {"full": each / 3, "selective": core, "none": 0.0}
    if kind == "hardware":
        if told.recompute not in again:
            return None
        each += again[told.recompute]
    counted = "causal" if causal else "whole"
    return flop / each, f"{kind} FLOP/s, {counted} attention counted"


def _of_device_hours(told: Told) -> _Found:
    hours, tokens = told.reported.get("gpu_hours"), told.reported.get("tokens_b")
    if hours is None or tokens is None:
        return None
    return float(tokens) * 1e9 / (float(hours) * HOUR_SECONDS), f"GPU-hours ({LOST_TIME})"


def _of_hours_for_tokens(told: Told) -> _Found:
    hours = told.reported.get("gpu_hours_per_t_tokens")
    return None if hours is None else (1e12 / (float(hours) * HOUR_SECONDS), f"GPU-hours ({LOST_TIME})")


def _of_days(told: Told) -> _Found:
    days, tokens = told.reported.get("days_wall"), told.reported.get("tokens_b")
    if days is None or tokens is None or not told.devices:
        return None
    return float(tokens) * 1e9 / (float(days) * DAY_SECONDS * told.devices), f"wall days ({LOST_TIME})"


def _of_told_days(told: Told) -> _Found:
    days = told.reported.get("days_for_300b_tokens")
    if days is None or not told.devices:
        return None
    return _TOLD_DAYS_TOKENS / (float(days) * DAY_SECONDS * told.devices), "days that its authors work out"


def _lack(told: Told) -> str:
    """Return what a row would have to tell beside what it tells, for a rate to follow."""
    key, share = _share(told)
    if share is not None and told.precision not in SIXTEEN_BIT and told.peak_precision is None:
        return _lack_of_peak(told, key, share)
    if told.peak_precision is not None and _share_of_unknown_peak(told):
        return f"No peak of {told.device.key} in {told.peak_precision} is known."
    for key, lack in _LACKS.items():
        if told.reported.get(key) is not None:
            return f"{key} is told, but not {lack}."
    return "Nothing is told that a rate follows from."


def _lack_of_peak(told: Told, key: str, share: float) -> str:
    rates = [(precision, _of_share_of(told, precision)) for precision in ("bf16", told.precision)]
    would = [f"{found[0]:,.0f} if of the {precision} peak" for precision, found in rates if found is not None]
    told_rates = f" Tokens a second and device would be {', '.join(would)}." if would else ""
    return (
        f"{key} {share:g} is of a run in {told.precision}, and of which peak is not told (peak_precision).{told_rates}"
    )


def _share_of_unknown_peak(told: Told) -> bool:
    precision = "fp16" if told.peak_precision in SIXTEEN_BIT else str(told.peak_precision)
    return _share(told)[1] is not None and told.device.peak(precision) is None


_LACKS: Mapping[str, str] = {
    "tokens_per_s": "how many devices (count)",
    "step_s": "how many devices and sequences (count, global_batch_seqs)",
    "tflops_per_gpu": "how much is computed again (layout.recompute)",
    "mfu_pct": "a peak of its device",
    "hfu_pct": "how much is computed again (layout.recompute)",
    "gpu_hours": "for how many tokens (tokens_b)",
    "days_wall": "for how many tokens on how many devices (tokens_b, count)",
    "days_for_300b_tokens": "how many devices (count)",
}
"""What else a figure needs to become a rate."""

_WAYS: tuple[Callable[[Told], _Found], ...] = (
    _as_derived,
    _of_device,
    _of_pool,
    _of_step,
    _of_flop,
    _of_share,
    _of_device_hours,
    _of_hours_for_tokens,
    _of_days,
    _of_told_days,
)
