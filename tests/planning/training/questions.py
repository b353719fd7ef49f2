"""Models and questions for tests: valid by default."""

from pathlib import Path
from typing import Any

from fabrica.planning.training.constants import Case
from fabrica.planning.training.devices import find_device
from fabrica.planning.training.layouts import Fixed
from fabrica.planning.training.model import Experts, Model
from fabrica.planning.training.model_file import Training
from fabrica.planning.training.search import Question

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "training"


def make_model(**changes: Any) -> Model:
    """Return a dense decoder of 8 billion parameters."""
    shapes = {
        "name": "small",
        "layers": 32,
        "hidden": 4096,
        "ffn": 14336,
        "heads": 32,
        "key_value_heads": 8,
        "vocab": 128256,
        "seq_len": 8192,
    }
    return Model(**{**shapes, **changes})


def make_mixture(**changes: Any) -> Model:
    """Return a mixture of 128 experts, 30 billion parameters."""
    experts = changes.pop("experts", Experts(128, 8, 768))
    shapes = {"layers": 48, "hidden": 2048, "ffn": 6144, "heads": 32, "head_width": 128, "key_value_heads": 4}
    return make_model(**{**shapes, "name": "mixture", "seq_len": 4096, "experts": experts, **changes})


def make_question(model: Model | None = None, **changes: Any) -> Question:
    """Return the question of a model on 64 H100."""
    asked = model or make_model()
    device = find_device(changes.pop("device", "H100-SXM"))
    precision = changes.pop("precision", "bf16")
    case = Case(precision, device.key, device.family, 2025.5, experts=asked.experts is not None)
    return Question(
        asked,
        device,
        changes.pop("devices", 64),
        changes.pop("batch", 512.0),
        case,
        changes.pop("fixed", Fixed()),
    )


def make_training(model: Model | None = None, **changes: Any) -> Training:
    """Return a training of a model on a trillion tokens."""
    told = {"tokens": 1e12, "batch_tokens": 4e6, "precision": "bf16", "software": "vendor"}
    return Training(model or make_model(), **{**told, **changes})
