"""From a plan to action: the `fabrica.toml` of a training that was planned."""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabrica.planning.training.answer import Answer

LIMIT_DAYS_MAX = 31
NODE_DEVICES = 8
FILE_NAME = "fabrica.toml"


def write_manifest(answer: "Answer", folder: Path) -> Path:
    """Write the `fabrica.toml` of the best layout into a folder, which is made; return where it stands.

    Raises:
        OutputNotWritten: there is one already, or it cannot be written.
        PoolRefused: no resource class is known for the device, so no run can ask for it.
    """
    from fabrica.planning.outputs import write_text_once

    path = folder / FILE_NAME
    write_text_once(manifest(answer), path)
    return path


def manifest(answer: "Answer") -> str:
    """Return the text. A run lasts 31 days at most; a longer training goes on from its checkpoint.

    Raises:
        PoolRefused: no resource class is known for the device.
    """
    from fabrica.wire.training import PoolRefused

    pool, best = answer.pool, answer.layouts[0]
    if pool.resource_class is None:
        raise PoolRefused(
            f"{pool.device.key} is of no resource class.", remedy="Plan on an accelerator of the network."
        )
    each = min(pool.node_devices, pool.devices)
    nodes = math.ceil(pool.devices / each)
    days = min(math.ceil(answer.figures.days.high), LIMIT_DAYS_MAX)
    layout = {
        "tensor-parallel": best.tensor,
        "pipeline-parallel": best.pipeline,
        "context-parallel": best.context,
        "expert-parallel": best.expert,
        "micro-batch": best.micro_batch,
    }
    parts = ("python", "train.py", *(f"--{name}={value}" for name, value in layout.items()))
    command = ", ".join(f'"{part}"' for part in parts)
    longer = math.ceil(answer.figures.days.high / LIMIT_DAYS_MAX)
    given = nodes * each
    whole = f"# Nodes are given whole: {given:,} devices for the {pool.devices:,} that were planned.\n"
    chain = f"# It may take {longer} such runs, one after another, each from the checkpoint of the last.\n"
    return (
        f"# Planned by `fabrica plan train`: {best.words}.\n"
        f"# {answer.figures.device_hours.value:,.0f} device-hours are expected, "
        f"{answer.figures.device_hours.high:,.0f} at the high end: ask for the latter.\n"
        f"{whole if given > pool.devices else ''}"
        f"{chain if longer > 1 else ''}"
        "# Put your own program into `command`; the options are those of the planned layout.\n"
        f'name = "{_plain(answer.model_name)}"\n'
        'purpose = "pretraining"\n'
        f"command = [{command}]\n"
        'outputs = ["checkpoints"]\n\n'
        "[resources]\n"
        f'resource_class = "{pool.resource_class}"\n'
        f"nodes = {nodes}\n"
        f"devices = {each}\n"
        f'time_limit = "{days} {"days" if days > 1 else "day"}"\n'
    )


def _plain(name: str) -> str:
    """Return a name as a run may carry it."""
    return re.sub(r"[^a-z0-9-]+", "-", name.casefold()).strip("-")[:60] or "training"
