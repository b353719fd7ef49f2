"""Published training runs: a file of them, read into what the planner can predict."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fabrica.planning.training.constants import Case
from fabrica.planning.training.devices import FOLDER, PRECISION_NAMES, Device, find_device
from fabrica.planning.training.layouts import FULL, NONE, SELECTIVE, Fixed
from fabrica.planning.training.model import Experts, LatentAttention, Model
from fabrica.planning.training.software import year_of
from fabrica.wire.problems import FabricaError
from fabrica.wire.training import DeviceUnknown, PrecisionUnknown, RunsMalformed

OWN_FILE = FOLDER / "runs.yaml"
USUAL_HEAD, USUAL_VOCABULARY = 128, 128_000
DISAGREEMENT = 0.15  # of counted and stated parameters
_LATENT = re.compile(r"latent attention|\bMLA\b")
BATCH_TOKENS, LARGE_BATCH_TOKENS, LARGE_POOL = 4 * 2**20, 16 * 2**20, 4096
POOL_MIN, POOL_MAX = 128, 2048
_RECOMPUTE = {"none": NONE, "selective": SELECTIVE, "partial": SELECTIVE, "full": FULL}
PLAIN = "bf16"  # what trainings of which no precision is told mostly used
VENDOR = "NVIDIA"  # its containers shard with kernels of their own


@dataclass(frozen=True, slots=True)
class Run:
    """One published run. `reported`: tokens a second and device; null where none was published. `guessed` names what
    the source does not tell and the planner had to assume. `lost_time`: the figure includes stops and evaluation."""

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


@dataclass(frozen=True, slots=True)
class RunFile:
    """The runs of a file, and by id why others cannot be predicted: a device or precision that is not known."""

    runs: tuple[Run, ...]
    refused: Mapping[str, str]


def read_runs(path: Path) -> RunFile:
    """Return the runs of a file of the form of the package's own `runs.yaml`; keys that are not known are passed over.

    Raises:
        RunsMalformed: not readable, not YAML, or a run lacks what it needs; says which run and key.
    """
    try:
        content = yaml.safe_load(path.read_bytes())  # not in C: there deep nesting ends the process
    except OSError as error:
        raise RunsMalformed(f"{path} cannot be read: {error.strerror}.", remedy="Name a file of runs.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RunsMalformed(f"{path} is not YAML: {error}.", remedy="Correct the syntax there.") from None
    if not isinstance(content, dict) or not isinstance(content.get("runs"), list):
        raise RunsMalformed(f"{path} has no list 'runs'.", remedy="Write 'models' and 'runs', as runs.yaml does.")
    models = content.get("models") or {}
    runs: list[Run] = []
    refused: dict[str, str] = {}
    _refuse_twice(content["runs"])
    chunked = {str(row.get("source")) for row in content["runs"] if isinstance(row, dict) and _tells_chunks(row)}
    for place, row in enumerate(content["runs"], start=1):
        try:
            runs.append(_run(row, models, place, chunked))
        except (DeviceUnknown, PrecisionUnknown) as problem:
            refused[str(row["id"])] = problem.detail
    return RunFile(tuple(runs), refused)


def _refuse_twice(rows: list[Any]) -> None:
    names = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise RunsMalformed(f"There are two runs {twice}.", remedy="Give every run an id of its own.")


def _tells_chunks(row: Mapping[str, Any]) -> bool:
    layout = row.get("layout")
    return isinstance(layout, dict) and layout.get("vpp") is not None


def _run(row: Any, models: Mapping[str, Any], place: int, chunked: set[str]) -> Run:
    name = row.get("id", f"number {place}") if isinstance(row, dict) else f"number {place}"
    try:
        run = _read(row, models, chunked)
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


def _read(row: Mapping[str, Any], models: Mapping[str, Any], chunked: set[str]) -> Run:
    guessed: list[str] = []
    told, note = row.get("reported") or {}, str(row.get("note") or "")
    device = find_device(row["accelerator"])
    model = _model(row["model"], models[row["model"]], row.get("seq_len"), guessed)
    devices, batch = _size(row, model, guessed)
    layout = row.get("layout") or {}
    derived = row.get("derived") or {}
    basis = str(derived.get("basis") or "")
    precision = _precision(row.get("precision"), guessed)
    case = Case(
        precision=precision,
        device=device.key,
        family=device.family,
        year=year_of(str(row.get("source") or "")),
        experts=model.experts is not None,
        campaign="tokens_b" in told and "whole programme" not in note,
        programme="whole programme" in note,
        framework=layout.get("zero") in ("fsdp", "hsdp") and VENDOR not in str(row.get("source")),
    )
    return Run(
        row["id"],
        str(row.get("group") or row["id"]),
        model,
        device,
        devices,
        precision,
        batch,
        _fixed(layout, tells_chunks=str(row.get("source")) in chunked),
        case,
        reported_rate(told, derived, devices, row, model),
        "lost time" in basis,
        told.get("memory_gib"),
        tuple(guessed),
    )


def _precision(name: str | None, guessed: list[str]) -> str:
    """Return the name of a precision as the planner knows it: `FP8_CS` is `fp8`, `fp8_mx` is `mxfp8`.

    Where none is told it is taken to be bf16, and that is said.
    """
    if not name:
        guessed.append("precision")
        return PLAIN
    plain = re.sub(r"[-_ ]", "", str(name).casefold())
    if "fp4" in plain:
        return "nvfp4"
    if "fp8" in plain:
        return "mxfp8" if "mx" in plain else "fp8"
    if plain.startswith(("bf16", "fp16")):
        return plain[:4]
    raise PrecisionUnknown(f"There is no precision {name!r}.", remedy=f"Known are {', '.join(PRECISION_NAMES)}.")


def reported_rate(
    told: Mapping[str, Any], derived: Mapping[str, Any], devices: int, row: Mapping[str, Any], model: Model
) -> float | None:
    """Return tokens a second and device: as derived in the file, else from the rate, or the time of a step.

    Raises:
        ValueError: a rate, a time or a count that cannot be.
    """
    rate = _told_rate(told, derived, devices, row, model)
    if rate is not None and not 0 < rate < math.inf:
        raise ValueError(f"a rate of {rate:g} tokens a second and device cannot be")
    return rate


def _told_rate(
    told: Mapping[str, Any], derived: Mapping[str, Any], devices: int, row: Mapping[str, Any], model: Model
) -> float | None:
    if derived.get("tokens_per_s_per_gpu") is not None:
        return float(derived["tokens_per_s_per_gpu"])
    if told.get("tokens_per_s_per_gpu") is not None:
        return float(told["tokens_per_s_per_gpu"])
    if row.get("count") and told.get("tokens_per_s") is not None:
        return float(told["tokens_per_s"]) / devices
    if row.get("count") and told.get("step_s") is not None and row.get("global_batch_seqs"):
        return float(row["global_batch_seqs"]) * model.seq_len / devices / float(told["step_s"])
    return None


def _fixed(layout: Mapping[str, Any], *, tells_chunks: bool) -> Fixed:
    """Return what a source tells of a layout. `tells_chunks`: it tells the chunks of a stage where there are any."""

    def number(name: str) -> float | None:
        return None if layout.get(name) is None else float(layout[name])

    zero = layout.get("zero")
    stage = 3.0 if zero in (3, "3", "fsdp", "hsdp") else 1.0 if zero in (1, 2, "1", "2") else None
    placed = number("tp") is not None and number("pp") is not None
    recompute = layout.get("recompute")
    return Fixed(
        tensor=number("tp"),
        pipeline=number("pp"),
        data=number("dp"),
        context=number("cp") or 1.0,
        expert=number("ep") if placed else None,
        interleave=number("vpp") or (1.0 if placed and (tells_chunks or number("pp") == 1) else None),
        micro_batch=number("micro_batch"),
        zero=stage if stage is not None else (1.0 if placed else None),
        zero_bubble=0.0,
        recompute=None if recompute is None else _RECOMPUTE.get(str(recompute), SELECTIVE),
    )


def _size(row: Mapping[str, Any], model: Model, guessed: list[str]) -> tuple[int, float]:
    """Return devices and sequences of a batch; what is not told is guessed from the other."""
    devices, batch = row.get("count"), row.get("global_batch_seqs")
    if batch is None and row.get("global_batch_tokens"):
        batch = row["global_batch_tokens"] / model.seq_len
    if batch is None:
        guessed.append("batch")
        large = (devices or 0) >= LARGE_POOL or (row.get("reported") or {}).get("tokens_b", 0) >= 10_000
        batch = (LARGE_BATCH_TOKENS if large else BATCH_TOKENS) / model.seq_len
        batch = max(batch, float(devices or 1) / 8)
    if devices is None:
        guessed.append("devices")
        devices = POOL_MIN
        while devices * 2 <= min(batch, POOL_MAX):
            devices *= 2
    return int(devices), float(batch)


def _model(name: str, told: Mapping[str, Any], seq_len: Any, guessed: list[str]) -> Model:
    length = int(seq_len or told["seq_len"])
    if told.get("layers") is None or told.get("hidden") is None:
        guessed.append("shapes")
        return guess_shapes(name, float(told["params_b"]), told.get("active_params_b"), length)
    mixture = told.get("moe")
    experts = None
    if mixture:
        experts = Experts(
            mixture["experts"],
            mixture["top_k"],
            mixture["expert_ffn"],
            mixture.get("shared_experts") or 0,
            mixture.get("dense_layers") or 0,
        )
    hidden, gated = told["hidden"], bool(told.get("gated_mlp", True))
    heads = told.get("heads") or max(hidden // USUAL_HEAD, 1)
    if not (told.get("heads") and told.get("ffn") and told.get("vocab")):
        guessed.append("widths")
    model = Model(
        name,
        told["layers"],
        hidden,
        told.get("ffn") or (8 * hidden // 3 if gated else 4 * hidden),
        heads,
        told.get("kv_heads") or heads,
        told.get("vocab") or USUAL_VOCABULARY,
        length,
        gated,
        told.get("head_dim"),
        experts,
        LatentAttention() if _LATENT.search(str(told.get("note") or "")) else None,
    )
    if told.get("params_b") and abs(model.parameters / 1e9 / told["params_b"] - 1) > DISAGREEMENT:
        guessed.append("shapes")  # these are not all that the model is made of
    return model


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
