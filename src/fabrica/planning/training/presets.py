"""Published models to begin a plan with, as the documents that a model's file would hold."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fabrica.planning.training.model import Model
from fabrica.planning.training.model_file import SHAPES
from fabrica.planning.training.runs import OWN_FILE, read_runs

PRESETS = (
    "smollm3-3b",
    "llama3-8b",
    "eurollm-9b",
    "olmo2-32b",
    "llama3-70b",
    "llama3.1-405b",
    "qwen3-30b-a3b",
    "gpt-oss-120b",
    "deepseek-v3",
)
"""Names of published runs whose shapes are all known, small to large, mixtures of experts last."""


@cache
def load_presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the document of each preset by its name, dense models first, small to large."""
    runs = read_runs(OWN_FILE).runs
    models = {run.model.name: run.model for run in reversed(runs)}  # some train again, with longer sequences
    return {name: document_of(models[name]) for name in PRESETS}


def document_of(model: Model) -> Mapping[str, Any]:
    """Return a model as the keys and tables of a model's file."""
    document: dict[str, Any] = {"name": model.name} | {name: getattr(model, name) for name in SHAPES}
    document |= {"kv_heads": model.key_value_heads, "gated_mlp": model.gated_mlp}
    if model.head_width is not None:
        document["head_dim"] = model.head_width
    if model.experts is not None:
        one = model.experts
        document["moe"] = {
            "experts": one.count,
            "top_k": one.top_k,
            "expert_ffn": one.ffn,
            "shared_experts": one.shared,
            "dense_layers": one.dense_layers,
        }
    if model.latent is not None:
        names = ("query_rank", "key_value_rank", "rope_dim", "plain_dim", "value_dim")
        document["latent_attention"] = {name: getattr(model.latent, name) for name in names}
    if model.window is not None:
        document["window"] = {"tokens": model.window.tokens, "share": model.window.share}
    return document
