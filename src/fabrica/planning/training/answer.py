"""What it would take to train a model on a pool: the best layouts, time with stops, energy, carbon, cost, in words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from fabrica.planning.training import goodput as stops
from fabrica.planning.training.columns import LayoutColumns
from fabrica.planning.training.constants import Case
from fabrica.planning.training.figures import Figures, figures
from fabrica.planning.training.layouts import FULL, HALF, NONE, SELECTIVE, Fixed, select
from fabrica.planning.training.model_file import Training
from fabrica.planning.training.pools import Pool
from fabrica.planning.training.predict import Prediction, own_calibration, own_runs, predict
from fabrica.planning.training.prepare import Prepared, columns_of
from fabrica.planning.training.queueing import QueueWait
from fabrica.planning.training.runs import Run
from fabrica.planning.training.search import Found, Question, memory_parts, pareto, search
from fabrica.planning.training.software import USUAL
from fabrica.wire.training import ModelRefused

SMALL_MODEL, SMALL_BATCH_TOKENS, LARGE_BATCH_TOKENS = 30e9, 4 * 2**20, 16 * 2**20
SHOWN = 8
SLOWEST_SHOWN = 0.6  # of the fastest layout's rate
GIGABYTE = 1e9
EVEN_LOAD = "evenly loaded experts (natural routing made the steps of one published mixture 9 to 24 % longer)"
_RECOMPUTE = {NONE: "none", SELECTIVE: "selective", HALF: "half of the layers", FULL: "full"}


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout, and where its step goes: seconds by part, which together are the step before stragglers.

    `model_flop_share`: of the peak in 16 bit or the training's precision, model FLOP with causal attention (MFU).
    """

    tensor: int
    pipeline: int
    data: int
    context: int
    expert: int
    interleave: int
    micro_batch: int
    zero: int
    recompute: str
    zero_bubble: bool
    devices: int
    tokens_per_s_per_gpu: float
    step_seconds: float
    parts_seconds: dict[str, float]
    memory_gigabytes: dict[str, float]
    memory_free_share: float
    watts: float | None
    joules_per_token: float | None
    model_flop_share: float

    @property
    def words(self) -> str:
        """The layout as people write it: `TP8 PP16 DP128, 4 chunks, micro-batch 1`."""
        axes = (("TP", self.tensor), ("PP", self.pipeline), ("CP", self.context), ("EP", self.expert))
        split = [f"{name}{count}" for name, count in axes if count > 1] + [f"DP{self.data}"]
        more = [f"micro-batch {self.micro_batch}"]
        more += [f"{self.interleave} chunks a stage"] if self.interleave > 1 else []
        more += ["zero-bubble"] if self.zero_bubble else []
        more += [f"ZeRO-{self.zero}"] if self.zero > 1 else []
        more += [f"recompute {self.recompute}"] if self.recompute != "none" else []
        return f"{' '.join(split)}, {', '.join(more)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is known before a training starts. `layouts`: the fastest first, none beaten in every way.

    `queue_wait` is null where no jobs of the site are at hand. `assumed`: what the question left open.
    """

    pool: Pool
    model_name: str
    parameters: int
    active_parameters: int
    tokens: float
    batch_sequences: float
    seq_len: int
    precision: str
    flop: float
    prediction: Prediction
    layouts: tuple[Layout, ...]
    layouts_looked_at: int
    layouts_that_fit: int
    goodput: tuple[stops.Goodput, ...]
    figures: Figures
    queue_wait: QueueWait | None
    assumed: tuple[str, ...]


def ask(
    training: Training,
    pool: Pool,
    *,
    tokens: float | None = None,
    fixed: Fixed | None = None,
    resilience: str = "storage",
) -> Answer:
    """Return what it takes to train on a pool. `tokens` and `fixed` go before what the file says.

    `resilience`: which way to keep going, of `goodput.OPTIONS`, the figures count with; it stands first.

    Raises:
        ModelRefused: neither the file nor the call says on how many tokens, or they are fewer than one batch.
        LayoutImpossible: no layout fits; names the nearest pool that would.
        PrecisionUnknown: the device does not offer it.
    """
    wanted = tokens or training.tokens
    if wanted is None:
        raise ModelRefused(
            "On how many tokens is not told.", remedy="Give --tokens 15T, or tokens in [training] of the model's file."
        )
    question, assumed = _question(training, pool, fixed or Fixed())
    batch_tokens = question.batch_sequences * training.model.seq_len
    if wanted < batch_tokens:
        raise ModelRefused(
            f"{wanted:,.0f} tokens are fewer than one batch of {batch_tokens:,.0f}.",
            remedy="Write the tokens with their unit, such as 300B or 15T, or a smaller global_batch_tokens.",
        )
    calibration = own_calibration()
    found = search(question, calibration.numbers)
    shown = _shown(found)
    layouts = tuple(_layout(question, found, place) for place in shown)
    prediction = predict(_prepared(question, found.layouts), calibration, own_runs())[0]
    prediction = _for_pool(prediction, layouts[0], pool)
    replica = layouts[0].tensor * layouts[0].pipeline * layouts[0].context
    order = sorted(stops.OPTIONS, key=lambda name: name != resilience)
    options = tuple(stops.goodput(pool.devices, stops.OPTIONS[name], replica) for name in order)
    model = training.model
    return Answer(
        pool,
        model.name,
        model.parameters,
        model.active_parameters,
        wanted,
        question.batch_sequences,
        model.seq_len,
        training.precision,
        model.flop_per_token() * wanted,
        prediction,
        layouts,
        found.looked_at,
        len(found.rate),
        options,
        figures(pool, prediction, options[0], wanted, layouts[0].watts),
        None,
        assumed,
    )


def _question(training: Training, pool: Pool, fixed: Fixed) -> tuple[Question, tuple[str, ...]]:
    model, assumed = training.model, []
    batch = training.batch_tokens
    if batch is None:
        batch = float(SMALL_BATCH_TOKENS if model.parameters < SMALL_MODEL else LARGE_BATCH_TOKENS)
        assumed.append(f"batches of {batch / 2**20:.0f} Mi tokens, as published trainings of this size use")
    if model.experts is not None:
        assumed.append(EVEN_LOAD)
    case = Case(
        training.precision,
        pool.device.key,
        pool.device.family,
        USUAL,
        experts=model.experts is not None,
        campaign=True,
        framework=training.software == "framework",
    )
    sequences = float(max(round(batch / model.seq_len), 1))
    return Question(model, pool.device, pool.devices, sequences, case, fixed), tuple(assumed)


def _shown(found: Found) -> Sequence[int]:
    """Return the places to show: of those that no layout beats in every way, the fastest ones, one for each split."""
    places: list[int] = []
    splits: set[tuple[float, ...]] = set()
    one, rate = found.layouts, found.rate
    for place in pareto(found):
        split = tuple(float(axis[place]) for axis in (one.tensor, one.pipeline, one.context, one.expert, one.zero))
        if split not in splits and rate[place] >= SLOWEST_SHOWN * rate[0]:
            splits.add(split)
            places.append(int(place))
    return places[:SHOWN]


def _layout(question: Question, found: Found, place: int) -> Layout:
    one, step = found.layouts, found.step
    parts = ("compute", "tensor", "context", "expert", "bubble", "hops", "data", "optimizer", "fixed")
    seconds = {name: float(getattr(step, name)[place]) for name in parts}
    seconds["stragglers"] = float(step.seconds[place]) - sum(seconds.values())
    held = memory_parts(question, select(one, np.array([place])))
    memory = {part.name: float(getattr(held, part.name)[0]) / GIGABYTE for part in fields(held)}
    memory["runtime and margin"] = float(held.total[0]) / GIGABYTE - sum(memory.values())
    energy = found.joules_per_token()
    rate = float(found.rate[place])
    peak = question.device.peak(question.case.precision) or 1.0
    return Layout(
        int(one.tensor[place]),
        int(one.pipeline[place]),
        int(one.data[place]),
        int(one.context[place]),
        int(one.expert[place]),
        int(one.interleave[place]),
        int(one.micro_batch[place]),
        int(one.zero[place]),
        _RECOMPUTE[float(one.recompute[place])],
        bool(one.zero_bubble[place]),
        int(one.tensor[place] * one.pipeline[place] * one.data[place] * one.context[place]),
        rate,
        float(step.seconds[place]),
        seconds,
        memory,
        float(found.memory_free[place]),
        None if found.watts is None else float(found.watts[place]),
        None if energy is None else float(energy[place]),
        rate * question.model.flop_per_token() / peak,
    )


def _prepared(question: Question, layouts: LayoutColumns) -> Prepared:
    """Return the fastest layout as a run without a reported rate, so that it is predicted as those are."""
    run = Run(
        question.model.name,
        "",
        question.model,
        question.device,
        question.devices,
        question.case.precision,
        question.batch_sequences,
        question.fixed,
        question.case,
        None,
        False,
        None,
        (),
    )
    return columns_of([run], select(layouts, np.array([0])))


def _for_pool(prediction: Prediction, best: Layout, pool: Pool) -> Prediction:
    """Return the rate over all devices of the pool, those too that the layout leaves idle."""
    share = best.devices / pool.devices
    return Prediction(prediction.rate * share, prediction.low * share, prediction.high * share, prediction.extrapolates)


def as_plain(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values for JSON; the figures count with the first goodput."""
    plain = asdict(answer)
    plain["pool"]["device"] = answer.pool.device.key
    plain["layouts"] = [{"words": one.words, **asdict(one)} for one in answer.layouts]
    return plain
