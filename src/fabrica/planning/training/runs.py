"""Published training runs: a file of them, read into what the planner can predict."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from fabrica.planning.training.constants import Case
from fabrica.planning.training.devices import FOLDER, PRECISION_NAMES, Device, find_device
from fabrica.planning.training.layouts import FULL, HALF, NONE, SELECTIVE, Fixed
from fabrica.planning.training.model import Model
from fabrica.planning.training.rates import Reported, Told, reported_rate
from fabrica.planning.training.row_values import COUNT_MAX, numbers, whole
from fabrica.planning.training.shapes import model_of
from fabrica.planning.training.software import year_of
from fabrica.wire.problems import FabricaError
from fabrica.wire.training import DeviceUnknown, PrecisionUnknown, RunsMalformed

OWN_FILE = FOLDER / "runs.yaml"
BATCH_TOKENS, LARGE_BATCH_TOKENS, LARGE_POOL = 4 * 2**20, 16 * 2**20, 4096
POOL_MIN, POOL_MAX = 128, 2048
_TRAINING_FACTS = frozenset(
    {"tokens_b", "gpu_hours", "gpu_hours_per_t_tokens", "days_wall", "failures", "energy_mwh", "co2_t"}
)
_MODEL_REPORT = re.compile(r"technical report|model card|release note|logbook", re.IGNORECASE)
_RECOMPUTE = {"none": NONE, "false": NONE, "half": HALF, "full": FULL, "uniform": FULL, "true": FULL}
"""By what a source calls it; by any other name it is selective."""
_SHARDED = re.compile(r"fsdp|hsdp", re.IGNORECASE)
_STAGE = re.compile(r"(?:zero[-_ ]?)?([0-3])", re.IGNORECASE)
_STAGES_IN_ALL = re.compile("torchtitan", re.IGNORECASE)  # its default: as many micro-batches as stages
PLAIN = "bf16"  # what trainings of which no precision is told mostly used
VENDOR = "NVIDIA"  # its containers shard with kernels of their own


@dataclass(frozen=True, slots=True)
class Run:
    """One published run. `reported`: tokens a second and device; null where none was published.

    `basis`: how they follow from the source; `lacks`: what keeps them from following. `guessed` names what the source
    does not tell and the planner had to assume. `lost_time`: the figure includes stops and evaluation.
    """

    id: str
    group: str
    model: Model
    device: Device
    devices: int
    precision: str
    batch_sequences: float
    fixed: Fixed
    case: Case
    reported: float | None
    lost_time: bool
    memory_gibibytes: float | None
    guessed: tuple[str, ...]
    basis: str = ""
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class RunFile:
    """The runs of a file, and by id why others cannot be predicted."""

    runs: tuple[Run, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a row: the models, the sources that tell chunks where there are any, and the groups of whole
    trainings."""

    models: Mapping[str, Any]
    chunked: set[str]
    trained: set[str]


def read_runs(path: Path) -> RunFile:
    """Return the runs of a file of the form of the package's own `runs.yaml`; keys that are not known are passed over.

    A run that cannot be read is refused alone, with its reason. A model that the file does not describe is the one of
    that name in the package's own file, where there is one.

    Raises:
        RunsMalformed: not readable, not YAML, or none of its runs can be read; says which run and key.
    """
    content = _content(path)
    models, rows = content.get("models") or {}, content["runs"]
    if not isinstance(models, dict):
        raise RunsMalformed(f"{path} has no table 'models'.", remedy="Write every model's shapes under its name.")
    tables = [row for row in rows if isinstance(row, dict)]
    if path != OWN_FILE and any(str(row.get("model")) not in models for row in tables):
        models = {**_content(OWN_FILE)["models"], **models}
    around = _Around(
        models,
        chunked={str(row.get("source")) for row in tables if _tells_chunks(row)},
        trained={str(row.get("group") or row.get("id")) for row in tables if _tells_a_training(row)},
    )
    runs: list[Run] = []
    refused: dict[str, FabricaError] = {}
    for place, row in enumerate(rows, start=1):
        name = str(row.get("id", f"number {place}") if isinstance(row, dict) else f"number {place}")
        if any(run.id == name for run in runs):
            again = RunsMalformed(f"There is a run {name} before it.", remedy="Give every run an id of its own.")
            refused[f"{name} (number {place})"] = again
            continue
        try:
            runs.append(_run(row, name, around))
        except (DeviceUnknown, PrecisionUnknown, RunsMalformed) as problem:
            refused[name] = problem
    malformed = next((one for one in refused.values() if isinstance(one, RunsMalformed)), None)
    if malformed is not None and not runs:
        raise malformed
    return RunFile(tuple(runs), {name: problem.detail for name, problem in refused.items()})


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())  # not in C: there deep nesting ends the process
    except OSError as error:
        raise RunsMalformed(f"{path} cannot be read: {error.strerror}.", remedy="Name a file of runs.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise RunsMalformed(f"{path} is not YAML: {error}.", remedy="Correct the syntax there.") from None
    if not isinstance(content, dict) or not isinstance(content.get("runs"), list) or not content["runs"]:
        raise RunsMalformed(
            f"{path} has no list 'runs' with a run in it.", remedy="Write 'models' and 'runs', as runs.yaml does."
        )
    return content


def _tells_chunks(row: Mapping[str, Any]) -> bool:
    layout = row.get("layout")
    return isinstance(layout, dict) and layout.get("vpp") is not None


def _tells_a_training(row: Mapping[str, Any]) -> bool:
    """Return whether a row tells of a whole training, not of a measured step: by its facts, or by its source."""
    told = row.get("reported")
    facts = isinstance(told, dict) and not _TRAINING_FACTS.isdisjoint(told)
    return facts or _MODEL_REPORT.search(str(row.get("source"))) is not None


def _run(row: Any, name: str, around: _Around) -> Run:
    try:
        run = _read(row, around)
        run.device.columns(run.precision)  # says whether the device offers it
        return run
    except KeyError as missing:
        raise RunsMalformed(
            f"Run {name} lacks {missing}.", remedy="Write it; null where the source is silent."
        ) from None
    except (DeviceUnknown, PrecisionUnknown):
        raise
    except FabricaError as problem:
        raise RunsMalformed(f"Run {name}: {problem.detail}", remedy=problem.remedy) from None
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise RunsMalformed(f"Run {name} cannot be read: {error}.", remedy="Compare it with runs.yaml.") from None


def _read(written: Mapping[str, Any], around: _Around) -> Run:
    row = numbers(written)
    guessed: list[str] = []
    told, layout, derived = (numbers(row.get(key) or {}) for key in ("reported", "layout", "derived"))
    note, source = str(row.get("note") or ""), str(row.get("source") or "")
    device = find_device(str(row["accelerator"]))
    if isinstance(row["model"], dict | list):
        raise ValueError("its model is no name; write its shapes under a name in 'models', and that name here")
    if row["model"] not in around.models:
        raise ValueError(f"its model {row['model']!r} is not among 'models'")
    year = year_of(source)
    model = model_of(str(row["model"]), numbers(around.models[row["model"]]), whole(row, "seq_len"), year, guessed)
    devices, batch = _size(row, told, model, guessed)
    precision = _precision(row.get("precision"), device, guessed)
    group, programme = str(row.get("group") or row["id"]), "whole programme" in note
    case = Case(
        precision=precision,
        device=device.key,
        family=device.family,
        year=year,
        experts=model.experts is not None,
        campaign=group in around.trained and not programme,
        programme=programme,
        framework=_SHARDED.fullmatch(str(layout.get("zero"))) is not None and VENDOR not in source,
    )
    rate = _rate(row, told, derived, layout.get("recompute"), precision, model, device)
    return Run(
        str(row["id"]),
        group,
        model,
        device,
        devices,
        precision,
        batch,
        _with_micro_batch(_fixed(layout, tells_chunks=source in around.chunked), devices, batch, source),
        case,
        rate.rate,
        rate.lost_time,
        told.get("memory_gib"),
        tuple(guessed),
        rate.basis,
        rate.lacks,
    )


def _rate(
    row: Mapping[str, Any],
    told: Mapping[str, Any],
    derived: Mapping[str, Any],
    recompute: Any,
    precision: str,
    model: Model,
    device: Device,
) -> Reported:
    source, devices, batch = str(row.get("source") or ""), whole(row, "count"), _batch(row, model)
    peak = _precision(told["peak_precision"], device, []) if told.get("peak_precision") else None
    return reported_rate(Told(told, derived, recompute, source, precision, model, device, devices, batch, peak))


def _precision(name: str | None, device: Device, guessed: list[str]) -> str:
    """Return the name of a precision as the planner knows it: `FP8_CS` is `fp8`, `fp8_mx` is `mxfp8`.

    Where none is told it is taken to be bf16, or fp16 where the device has no other 16 bit, and that is said.
    """
    if not name:
        guessed.append("precision")
        return PLAIN if device.peak(PLAIN) else "fp16"
    plain = re.sub(r"[-_ ]", "", str(name).casefold())
    if "fp4" in plain:
        return "nvfp4"
    if "fp8" in plain:
        return "mxfp8" if "mx" in plain else "fp8"
    if plain.startswith(("bf16", "bfloat16")):
        return "bf16"
    if plain.startswith(("fp16", "float16")):
        return "fp16"
    raise PrecisionUnknown(f"There is no precision {name!r}.", remedy=f"Known are {', '.join(PRECISION_NAMES)}.")


def _fixed(layout: Mapping[str, Any], *, tells_chunks: bool) -> Fixed:
    """Return what a source tells of a layout. `tells_chunks`: it tells the chunks of a stage where there are any."""

    def number(name: str) -> float | None:
        value = whole(layout, name)
        return None if value is None else float(value)

    stage = _zero_stage(layout.get("zero"))
    placed = number("tp") is not None and number("pp") is not None
    recompute = layout.get("recompute")
    return Fixed(
        tensor=number("tp"),
        pipeline=number("pp"),
        data=number("dp"),
        context=number("cp") or 1.0,
        expert=number("ep") if placed else None,
        expert_tensor=number("etp") or 1.0,
        interleave=number("vpp") or (1.0 if placed and (tells_chunks or number("pp") == 1) else None),
        micro_batch=number("micro_batch"),
        zero=stage if stage is not None else (1.0 if placed else None),
        zero_bubble=0.0,
        recompute=None if recompute is None else _RECOMPUTE.get(str(recompute).casefold(), SELECTIVE),
    )


def _zero_stage(told: Any) -> float | None:
    """Return the stage of ZeRO; ZeRO-2 counts as 1, for it differs in memory alone, where sources tell none."""
    if _SHARDED.fullmatch(str(told)):
        return 3.0
    stage = _STAGE.fullmatch(str(told))
    return None if stage is None else {"0": 0.0, "3": 3.0}.get(stage[1], 1.0)


def _with_micro_batch(fixed: Fixed, devices: int, batch: float, source: str) -> Fixed:
    """Return a layout with the micro-batch of its pipeline where the source is silent and its software's default known.

    A told micro-batch that is all of a replica's batch is what the stages share among them: a pipeline splits it.
    """
    stages = fixed.pipeline or 1.0
    replicas = fixed.data or devices / (stages * (fixed.tensor or 1.0) * (fixed.context or 1.0))
    share = batch / max(replicas, 1.0)
    is_whole = fixed.micro_batch is not None and fixed.micro_batch >= share > 1
    is_default = fixed.micro_batch is None and _STAGES_IN_ALL.search(source) is not None
    if stages == 1 or not (is_whole or is_default):
        return fixed
    return replace(fixed, micro_batch=max(share // stages, 1.0))


def _size(row: Mapping[str, Any], told: Mapping[str, Any], model: Model, guessed: list[str]) -> tuple[int, float]:
    """Return devices and sequences of a batch; what is not told is guessed from the other.

    Raises:
        ValueError: a count that cannot be.
    """
    devices, batch = whole(row, "count"), _batch(row, model)
    if batch is None:
        guessed.append("batch")
        large = (devices or 0) >= LARGE_POOL or (told.get("tokens_b") or 0) >= 10_000
        batch = (LARGE_BATCH_TOKENS if large else BATCH_TOKENS) / model.seq_len
        batch = max(batch, float(devices or 1) / 8)
    if devices is None:
        guessed.append("devices")
        devices = POOL_MIN
        while devices * 2 <= min(batch, POOL_MAX):
            devices *= 2
    return devices, batch


def _batch(row: Mapping[str, Any], model: Model) -> float | None:
    """Return the sequences of a step, told as such or in tokens.

    Raises:
        ValueError: a batch that cannot be.
    """
    sequences, tokens = row.get("global_batch_seqs"), row.get("global_batch_tokens")
    if sequences is None and not tokens:
        return None
    batch = float(tokens) / model.seq_len if sequences is None else float(sequences)  # type: ignore[arg-type]
    if not 0 < batch <= COUNT_MAX:
        raise ValueError(f"a batch of {batch:g} sequences cannot be")
    return batch
