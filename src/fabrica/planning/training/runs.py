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
from fabrica.planning.training.rates import Reported, Told, reported_rate
from fabrica.planning.training.software import FUSED_SINCE, year_of
from fabrica.wire.problems import FabricaError
from fabrica.wire.training import DeviceUnknown, PrecisionUnknown, RunsMalformed

OWN_FILE = FOLDER / "runs.yaml"
USUAL_HEAD, USUAL_VOCABULARY, USUAL_TOP_K = 128, 128_000, 2
OLD_SEQUENCE, USUAL_SEQUENCE = 2048, 4096  # before attention was fused, and since
DEVICES_MAX = 10_000_000
DISAGREEMENT = 0.15  # of counted and stated parameters
_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_LATENT = re.compile(r"latent attention|\bMLA\b")
BATCH_TOKENS, LARGE_BATCH_TOKENS, LARGE_POOL = 4 * 2**20, 16 * 2**20, 4096
POOL_MIN, POOL_MAX = 128, 2048
_TRAINING_FACTS = frozenset(
    {"tokens_b", "gpu_hours", "gpu_hours_per_t_tokens", "days_wall", "failures", "energy_mwh", "co2_t"}
)
_MODEL_REPORT = re.compile(r"technical report|model card|release note|logbook", re.IGNORECASE)
_RECOMPUTE = {"none": NONE, "selective": SELECTIVE, "partial": SELECTIVE, "full": FULL}
PLAIN = "bf16"  # what trainings of which no precision is told mostly used
VENDOR = "NVIDIA"  # its containers shard with kernels of their own


@dataclass(frozen=True, slots=True)
class Run:
    """One published run. `reported`: tokens a second and device; null where none was published.

    `basis`: how they follow from the source. `guessed` names what the source does not tell and the planner had to
    assume. `lost_time`: the figure includes stops and evaluation.
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

    A run that cannot be read is refused alone, with its reason.

    Raises:
        RunsMalformed: not readable, not YAML, or none of its runs can be read; says which run and key.
    """
    try:
        content = yaml.safe_load(path.read_bytes())  # not in C: there deep nesting ends the process
    except OSError as error:
        raise RunsMalformed(f"{path} cannot be read: {error.strerror}.", remedy="Name a file of runs.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise RunsMalformed(f"{path} is not YAML: {error}.", remedy="Correct the syntax there.") from None
    if not isinstance(content, dict) or not isinstance(content.get("runs"), list):
        raise RunsMalformed(f"{path} has no list 'runs'.", remedy="Write 'models' and 'runs', as runs.yaml does.")
    models, rows = content.get("models") or {}, content["runs"]
    if not isinstance(models, dict):
        raise RunsMalformed(f"{path} has no table 'models'.", remedy="Write every model's shapes under its name.")
    _refuse_twice(rows)
    tables = [row for row in rows if isinstance(row, dict)]
    around = _Around(
        models,
        chunked={str(row.get("source")) for row in tables if _tells_chunks(row)},
        trained={str(row.get("group") or row.get("id")) for row in tables if _tells_a_training(row)},
    )
    runs: list[Run] = []
    refused: dict[str, FabricaError] = {}
    for place, row in enumerate(rows, start=1):
        name = str(row.get("id", f"number {place}") if isinstance(row, dict) else f"number {place}")
        try:
            runs.append(_run(row, name, around))
        except (DeviceUnknown, PrecisionUnknown, RunsMalformed) as problem:
            refused[name] = problem
    malformed = next((one for one in refused.values() if isinstance(one, RunsMalformed)), None)
    if malformed is not None and not runs:
        raise malformed
    return RunFile(tuple(runs), {name: problem.detail for name, problem in refused.items()})


def _refuse_twice(rows: list[Any]) -> None:
    names = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise RunsMalformed(f"There are two runs {twice}.", remedy="Give every run an id of its own.")


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


def _read(whole: Mapping[str, Any], around: _Around) -> Run:
    row = _numbers(whole)
    guessed: list[str] = []
    told, layout, derived = (_numbers(row.get(key) or {}) for key in ("reported", "layout", "derived"))
    note, source = str(row.get("note") or ""), str(row.get("source") or "")
    device = find_device(str(row["accelerator"]))
    if row["model"] not in around.models:
        raise ValueError(f"its model {row['model']!r} is not among 'models'")
    year = year_of(source)
    model = _model(str(row["model"]), _numbers(around.models[row["model"]]), row.get("seq_len"), year, guessed)
    devices, batch = _size(row, told, model, guessed)
    precision = _precision(row.get("precision"), guessed)
    group, programme = str(row.get("group") or row["id"]), "whole programme" in note
    case = Case(
        precision=precision,
        device=device.key,
        family=device.family,
        year=year,
        experts=model.experts is not None,
        campaign=group in around.trained and not programme,
        programme=programme,
        framework=layout.get("zero") in ("fsdp", "hsdp") and VENDOR not in source,
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
        _fixed(layout, tells_chunks=source in around.chunked),
        case,
        rate.rate,
        rate.lost_time,
        told.get("memory_gib"),
        tuple(guessed),
        rate.basis,
    )


def _numbers(row: Any) -> dict[str, Any]:
    """Return a table with its numbers as such: `64` in quotes is one, and so is 4e6, which YAML takes for text.

    Raises:
        TypeError: it is no table.
    """
    if not isinstance(row, dict):
        raise TypeError(f"{row!r:.60} is no table")
    texts = {key: value for key, value in row.items() if isinstance(value, str) and _NUMBER.fullmatch(value.strip())}
    numbers = {key: float(value) for key, value in texts.items() if key not in ("id", "group", "model")}
    return {**row, **{key: int(value) if value.is_integer() else value for key, value in numbers.items()}}


def _rate(
    row: Mapping[str, Any],
    told: Mapping[str, Any],
    derived: Mapping[str, Any],
    recompute: Any,
    precision: str,
    model: Model,
    device: Device,
) -> Reported:
    source, batch = str(row.get("source") or ""), row.get("global_batch_seqs")
    if batch is None and row.get("global_batch_tokens"):
        batch = row["global_batch_tokens"] / model.seq_len
    return reported_rate(Told(told, derived, recompute, source, precision, model, device, row.get("count"), batch))


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


def _size(row: Mapping[str, Any], told: Mapping[str, Any], model: Model, guessed: list[str]) -> tuple[int, float]:
    """Return devices and sequences of a batch; what is not told is guessed from the other.

    Raises:
        ValueError: a count that cannot be.
    """
    devices, batch = row.get("count"), row.get("global_batch_seqs")
    if batch is None and row.get("global_batch_tokens"):
        batch = row["global_batch_tokens"] / model.seq_len
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
    if not (1 <= devices <= DEVICES_MAX and 0 < batch < math.inf):
        raise ValueError(f"{batch:g} sequences a step on {devices:g} devices cannot be")
    return int(devices), float(batch)


def _model(name: str, told: Mapping[str, Any], seq_len: Any, year: float, guessed: list[str]) -> Model:
    length = seq_len or told.get("seq_len")
    if length is None:
        guessed.append("sequence")
        length = OLD_SEQUENCE if year < FUSED_SINCE else USUAL_SEQUENCE
    length = int(length)
    if told.get("layers") is None or told.get("hidden") is None:
        guessed.append("shapes")
        return guess_shapes(name, float(told["params_b"]), told.get("active_params_b"), length)
    hidden, gated = told["hidden"], told.get("gated_mlp") is not False
    ffn = told.get("ffn") or (8 * hidden // 3 if gated else 4 * hidden)
    heads = told.get("heads") or max(hidden // USUAL_HEAD, 1)
    experts = _experts(told.get("moe"), ffn, guessed)
    if not (told.get("heads") and told.get("ffn") and told.get("vocab")):
        guessed.append("widths")
    model = Model(
        name,
        told["layers"],
        hidden,
        ffn,
        heads,
        told.get("kv_heads") or heads,
        told.get("vocab") or USUAL_VOCABULARY,
        length,
        gated,
        told.get("head_dim"),
        experts,
        LatentAttention() if _LATENT.search(str(told.get("note") or "")) else None,
    )
    if model.parameters <= 0 or length <= 0:
        raise ValueError("a shape is 0 or negative")
    if told.get("params_b") and abs(model.parameters / 1e9 / told["params_b"] - 1) > DISAGREEMENT:
        guessed.append("shapes")  # these are not all that the model is made of
    return model


def _experts(told: Any, ffn: int, guessed: list[str]) -> Experts | None:
    """Return the experts; where their width is not told they are as wide as a dense layer, as in Mixtral."""
    if not told:
        return None
    mixture = _numbers(told)
    if not (mixture.get("expert_ffn") and mixture.get("top_k")):
        guessed.append("widths")
    return Experts(
        mixture["experts"],
        mixture.get("top_k") or USUAL_TOP_K,
        mixture.get("expert_ffn") or ffn,
        mixture.get("shared_experts") or 0,
        mixture.get("dense_layers") or 0,
    )


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
