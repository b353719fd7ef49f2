"""Evaluations that tests start from."""

import io
from typing import Any

from fabrica.aiact.evaluations.reading import read_evaluation
from fabrica.wire.evaluations import Evaluation
from tests.aiact.evaluations.logs import JSON_LOG


def make_evaluation(**changes: Any) -> Evaluation:
    """Return what a real log says."""
    return read_evaluation(io.BytesIO(JSON_LOG), "inspect.json").model_copy(update=changes)
