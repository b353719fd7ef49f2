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
_TOLD_DAYS_TOKENS = 300e9


@dataclass(frozen=True, slots=True)
class Reported:
    """Tokens a second and device, null where nothing tells them. `basis`: how they follow from what the source says."""

    rate: float | None
    basis: str

    @property
    def lost_time(self) -> bool:
        """Whether the rate counts stops and evaluation too."""
        return "lost time" in self.basis


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says of a run, with its model and device. `devices` and `batch`: null where they are not told."""

    reported: Mapping[str, Any]
    derived: Mapping[str, Any]
    recompute: str | None
    source: str
    precision: str
    model: Model
    device: Device
    devices: float | None
    batch_sequences: float | None


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
    return Reported(None, "")


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
    """Return the rate from a share of the 16-bit peak; of which peak a share of narrower work is meant is not told."""
    peak = told.device.peak("fp16")
    if peak is None or told.precision not in ("bf16", "fp16"):
        return None
    for key, kind in (("mfu_pct", "model"), ("hfu_pct", "hardware")):
        share = told.reported.get(key)
        if share is not None:
            return _from_flop(told, float(share) / 100 * peak, kind)
    return None


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
