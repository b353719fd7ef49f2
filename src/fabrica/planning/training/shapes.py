"""Shapes of the models of published runs: as a file tells them, with usual ones where it is silent."""

import re
from collections.abc import Mapping
from typing import Any

from fabrica.planning.training.model import Experts, LatentAttention, Model
from fabrica.planning.training.row_values import needed, numbers, whole
from fabrica.planning.training.software import FUSED_SINCE

USUAL_HEAD, USUAL_VOCABULARY, USUAL_TOP_K = 128, 128_000, 2
OLD_SEQUENCE, USUAL_SEQUENCE = 2048, 4096  # before attention was fused, and since
DISAGREEMENT = 0.15  # of counted and stated parameters
BILLIONS_MAX = 1_000_000
_LATENT = re.compile(r"latent attention|\bMLA\b")


def model_of(name: str, told: Mapping[str, Any], seq_len: int | None, year: float, guessed: list[str]) -> Model:
    """Return a model with the sequence of its run; what had to be guessed is added to `guessed`.

    Raises:
        KeyError: neither shapes nor a count of parameters are told.
        ValueError: a shape that cannot be.
    """
    length = seq_len or whole(told, "seq_len")
    if length is None:
        guessed.append("sequence")
        length = OLD_SEQUENCE if year < FUSED_SINCE else USUAL_SEQUENCE
    layers, hidden = whole(told, "layers"), whole(told, "hidden")
    if layers is None or hidden is None:
        guessed.append("shapes")
        return guess_shapes(name, _billions(told, "params_b"), told.get("active_params_b"), length)
    gated = told.get("gated_mlp") is not False
    ffn = whole(told, "ffn") or (8 * hidden // 3 if gated else 4 * hidden)
    heads = whole(told, "heads") or max(hidden // USUAL_HEAD, 1)
    experts = _experts(told.get("moe"), layers, ffn, guessed)
    if not (told.get("heads") and told.get("ffn") and told.get("vocab")):
        guessed.append("widths")
    model = Model(
        name,
        layers,
        hidden,
        ffn,
        heads,
        whole(told, "kv_heads") or heads,
        whole(told, "vocab") or USUAL_VOCABULARY,
        length,
        gated,
        whole(told, "head_dim"),
        experts,
        LatentAttention() if _LATENT.search(str(told.get("note") or "")) else None,
    )
    if model.head_dim < 1:
        raise ValueError(f"{hidden:,} hidden are fewer than {heads:,} heads")
    if told.get("params_b") and abs(model.parameters / 1e9 / _billions(told, "params_b") - 1) > DISAGREEMENT:
        guessed.append("shapes")  # these are not all that the model is made of
    return model


def _billions(told: Mapping[str, Any], key: str) -> float:
    billions = float(told[key])
    if not 0 < billions < BILLIONS_MAX:
        raise ValueError(f"its {key} {billions:g} is no number of billions of parameters")
    return billions


def _experts(told: Any, layers: int, ffn: int, guessed: list[str]) -> Experts | None:
    """Return the experts; where their width is not told they are as wide as a dense layer, as in Mixtral."""
    if not told:
        return None
    mixture = numbers(told)
    count, width, top_k = needed(mixture, "experts"), whole(mixture, "expert_ffn"), whole(mixture, "top_k")
    if width is None or top_k is None:
        guessed.append("widths")
    shared, dense = (whole(mixture, key, least=0) or 0 for key in ("shared_experts", "dense_layers"))
    if (top_k or 1) > count or dense >= layers:
        raise ValueError(f"{count:,} experts and {layers:,} layers do not hold top_k {top_k}, dense_layers {dense}")
    return Experts(count, top_k or min(USUAL_TOP_K, count), width or ffn, shared, dense)


def guess_shapes(name: str, billions: float, active: float | None, seq_len: int) -> Model:
    """Return usual shapes for a count of parameters, where a source tells no more.

    A mixture of unknown width is taken to use a ninth of its parameters for a token, the middle of published ones
    (4 to 28 %).
    """
    mixture = "moe" in name.casefold() or (active is not None and active < 0.9 * billions)
    used = billions if not mixture else active if active and active < 0.9 * billions else billions / 9
    layers = max(round(13 * used**0.4), 4)
    hidden = max(round((used * 1e9 / (12 * layers)) ** 0.5 / USUAL_HEAD), 2) * USUAL_HEAD
    heads = hidden // USUAL_HEAD
    if not mixture:
        return Model(name, layers, hidden, 8 * hidden // 3, heads, max(heads // 8, 1), USUAL_VOCABULARY, seq_len)
    count, top_k = 64, 8
    ffn = max(round(billions * 1e9 / (layers * 3 * hidden * count) / 64), 1) * 64
    experts = Experts(count, top_k, ffn)
    return Model(name, layers, hidden, ffn, heads, max(heads // 8, 1), USUAL_VOCABULARY, seq_len, experts=experts)
