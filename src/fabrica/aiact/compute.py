"""The compute account: what counts as training compute of one model, by both methods, beside the thresholds.

Source: Commission guidelines on the scope of obligations of providers of general-purpose AI models, Annex A.1 to A.3.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from fabrica.aiact import library
from fabrica.aiact.compute_margins import margins_of, warnings_of
from fabrica.aiact.compute_methods import (
    FEW_PARAMETERS_FACTOR,
    architecture_flop,
    architecture_formula,
    hardware_flop,
    hardware_formula,
)
from fabrica.aiact.in_words import cited_in_words
from fabrica.reference.purposes import load_purposes
from fabrica.wire.accounts import (
    Architecture,
    ComputeAccount,
    ComputeLine,
    ComputeTotal,
    ComputeUnexplained,
    Counts,
    Hardware,
    OutsideSource,
    RecordedRun,
    RunAddition,
    SameComputeTwice,
    Sources,
)
from fabrica.wire.runs import Flop

INITIAL_WEIGHTS = "initial_weights"
_COUNTS: Mapping[str, Counts] = {
    "counts": "both",
    "in_part": "both",
    "cumulative_only": "cumulative_only",
    "does_not_count": "no",
    "open": "separately",
}
_OCCUPANCY = "The utilisation is the share of time the devices were busy, not model FLOP utilisation: an upper bound."


def account(
    runs: Iterable[RecordedRun], sources: Sources | None = None, *, planned_flop: float | None = None
) -> ComputeAccount:
    """Return the account of one model from the records of its runs and the sources a person entered.

    Raises:
        SameComputeTwice: a run or a source is there twice, or an addition names a run that is not there.
    """
    given, outside = tuple(runs), sources or Sources()
    _check_once(given, outside)
    lines = (
        *(_line_of_run(run, outside.runs.get(run.run)) for run in given),
        *(_line_of_source(source) for source in outside.sources),
    )
    both = [line for line in lines if line.counts == "both"]
    original = [line for line in both if line.tag == INITIAL_WEIGHTS]
    own = [line for line in both if line.tag != INITIAL_WEIGHTS]
    training, cumulative = _total(both), _total(line for line in lines if line.counts in ("both", "cumulative_only"))
    modification = _total(own) if original else None
    systemic = any(source.systemic for source in outside.sources if source.tag == INITIAL_WEIGHTS)
    margins = margins_of(
        training, cumulative, modification, _total(original) if original else None, systemic, planned_flop
    )
    rules = library.compute_accounting()
    return ComputeAccount(
        training_compute=training,
        cumulative_training_compute=cumulative,
        modification_compute=modification,
        original_compute=_total(original) if original else None,
        lost_steps=_total(line for line in lines if line.counts == "separately"),
        lines=lines,
        margins=margins,
        planned_flop=planned_flop,
        warnings=warnings_of(margins, planned_flop),
        needs_explanation=tuple(line.id for line in lines if line.differs and line.counts != "no"),
        explanation=outside.explanation,
        error_margin=rules.error_margin.overall,
        source=cited_in_words(rules.source),
        confidence=rules.confidence,
    )


def require_explanation(found: ComputeAccount) -> None:
    """Let a document be issued only when a gap between the two methods is explained.

    Raises:
        ComputeUnexplained: they differ by more than the guidelines' margin and nobody says why.
    """
    if found.needs_explanation and not found.explanation:
        raise ComputeUnexplained(
            f"The two methods differ by more than {found.error_margin:.0%} for {', '.join(found.needs_explanation)}.",
            remedy="Say why under `explanation` in the sources file.",
        )


def _check_once(runs: Sequence[RecordedRun], outside: Sources) -> None:
    ids = Counter([*(run.run for run in runs), *(source.id for source in outside.sources)])
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise SameComputeTwice(f"{twice[0]} is there twice.", remedy="Give each record and each source once.")
    strange = sorted(outside.runs.keys() - {run.run for run in runs})
    if strange:
        raise SameComputeTwice(
            f"The sources add to {strange[0]}, whose record is not given.",
            remedy="Give its record, or enter it as a source of its own.",
        )


def _line_of_run(run: RecordedRun, addition: RunAddition | None) -> ComputeLine:
    counts, why, notes = _counts_of(run.purpose)
    if run.simulated:
        counts, why = "no", "A simulated site ran it, so nothing was computed."
    hardware = addition.hardware if addition and addition.hardware else _hardware_of(run.flop)
    architecture = addition.architecture if addition and addition.architecture else stated_architecture(run)
    share = addition.counted_share if addition else None
    if run.purpose == "reinforcement_learning" and counts == "both":
        part = "in full: which part updated the policy is not stated" if share is None else f"as {share:.0%} of the run"
        notes = (*notes, f"Counted {part}.")
    return _line(
        id=run.run,
        what=f"{run.name} at {run.site}",
        tag=run.purpose,
        origin="record",
        counts=counts,
        why=why,
        hardware=hardware,
        architecture=architecture,
        stated=None,
        share=1.0 if share is None else share,
        notes=notes if addition is None else (*notes, f"With what {addition.evidence.entered_by} entered."),
        evidence=f"usage.json of {run.run}",
        sha256=run.files.get("usage.json"),
        at=run.sealed_at,
    )


def _line_of_source(source: OutsideSource) -> ComputeLine:
    if source.tag == INITIAL_WEIGHTS:
        counts: Counts = "both"
        why, notes = "Training compute of weights used for initialisation, merged or averaged counts (in-3).", ()
    else:
        counts, why, notes = _counts_of(source.tag)  # type: ignore[assignment]
    seen = source.evidence
    return _line(
        id=source.id,
        what=source.what,
        tag=source.tag,
        origin="outside",
        counts=counts,
        why=why,
        hardware=source.hardware,
        architecture=source.architecture,
        stated=source.flop,
        share=1.0,
        notes=(*notes, f"{source.method}. Entered by {seen.entered_by}."),
        evidence=seen.reference,
        sha256=seen.sha256,
        at=seen.entered_on,
    )


def _counts_of(tag: str) -> tuple[Counts, str, tuple[str, ...]]:
    purpose = load_purposes()[tag]
    words = {
        "both": "Counts toward both quantities.",
        "cumulative_only": "Counts toward cumulative training compute only.",
        "separately": "Reported separately: the guidelines do not say whether lost steps count.",
        "no": "Does not count.",
    }
    counts = _COUNTS[purpose.counts]
    return counts, f"{purpose.words} {words[counts]}", ((purpose.counts_words,) if purpose.counts_words else ())


def _hardware_of(flop: Flop | None) -> tuple[Hardware, ...]:
    """Return what a record tells of the hardware; nothing when an input or the meaning of the peak is unknown."""
    if flop is None or not flop.peak_flops or flop.utilisation is None or flop.devices < 1:
        return ()
    if "dense bf16" not in flop.peak_source.lower():  # a peak without precision and sparsity is refused
        return ()
    return (
        Hardware(
            devices=flop.devices,
            seconds=flop.seconds,
            peak_flops=flop.peak_flops,
            precision="bf16",
            sparsity="dense",
            peak_source=flop.peak_source[:200],
            utilisation=flop.utilisation,
            utilisation_definition="time_occupancy",
            utilisation_source=flop.utilisation_source[:200],
        ),
    )


def stated_architecture(run: RecordedRun) -> Architecture | None:
    """Return what the program of a run stated with `log.event("run.flop_arch", …)`, null when it stated nothing.

    Raises:
        SameComputeTwice: it stated it more than once.
        pydantic.ValidationError: what it stated is no pair of inputs.
    """
    stated = [line["facts"] for line in run.events if line.get("name") == "run.flop_arch"]
    if len(stated) > 1:
        raise SameComputeTwice(
            f"{run.run} states run.flop_arch {len(stated)} times.", remedy="State it once, when training has ended."
        )
    known = Architecture.model_fields.keys()
    return Architecture.model_validate({key: stated[0][key] for key in stated[0] if key in known}) if stated else None


def _line(
    *,
    hardware: tuple[Hardware, ...],
    architecture: Architecture | None,
    stated: float | None,
    share: float,
    notes: tuple[str, ...],
    **told: object,
) -> ComputeLine:
    """Return a line; the architecture's figure is reported before the hardware's, which hangs on utilisation."""
    by_hardware = hardware_flop(hardware) * share if hardware else None
    by_architecture = architecture_flop(architecture) * share if architecture else None
    figures = (("stated", stated), ("architecture", by_architecture), ("hardware", by_hardware))
    method, flop = next(((name, figure) for name, figure in figures if figure is not None), (None, None))
    difference = None
    if by_hardware is not None and by_architecture is not None and flop:
        difference = abs(by_hardware - by_architecture) / flop
    formulas = [*(hardware_formula(period) for period in hardware)]
    if architecture:
        formulas.append(architecture_formula(architecture))
        if _too_few_parameters(architecture):
            notes = (*notes, "6 x P x D is not safe here: P is not well above a twelfth of the context length.")
    if any(period.utilisation_definition == "time_occupancy" for period in hardware):
        notes = (*notes, _OCCUPANCY)
    margin = library.compute_accounting().error_margin.overall
    return ComputeLine.model_validate(
        {
            **told,
            "hardware_flop": by_hardware,
            "architecture_flop": by_architecture,
            "flop": flop,
            "method": method,
            "difference_share": difference,
            "differs": difference is not None and difference > margin,
            "formulas": tuple(formulas),
            "notes": notes,
        }
    )


def _too_few_parameters(inputs: Architecture) -> bool:
    if inputs.parameters_active is None or inputs.context_length_tokens is None:
        return False
    return inputs.parameters_active < FEW_PARAMETERS_FACTOR * inputs.context_length_tokens / 12


def _total(lines: Iterable[ComputeLine]) -> ComputeTotal:
    given = tuple(lines)
    unknown = tuple(line.id for line in given if line.flop is None)
    flop = sum(line.flop for line in given if line.flop is not None)
    margin = library.compute_accounting().error_margin.overall
    return ComputeTotal(
        flop=flop,
        complete=not unknown,
        unknown=unknown,
        low_flop=flop * (1 - margin),
        high_flop=flop * (1 + margin),
    )
