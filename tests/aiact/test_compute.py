"""The compute account: what counts, both methods, nothing twice, and an unknown figure stays unknown."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.compute import account, require_explanation
from fabrica.aiact.compute_methods import architecture_flop, hardware_flop
from fabrica.wire.accounts import (
    Architecture,
    ComputeUnexplained,
    OutsideSource,
    RecordedRun,
    SameComputeTwice,
    Sources,
)
from tests.aiact.samples import event, make_hardware, make_run, source_evidence

EXAMPLES = library.compute_accounting().worked_examples
COUNTING = {"pretraining", "continued_training", "finetuning", "reinforcement_learning"}
TAGS = [one.tag for one in library.compute_accounting().run_purpose_tags]


def _architecture_run(run: str, flop: float, purpose: str = "pretraining") -> RecordedRun:
    stated = event("run.flop_arch", operations_per_pass=flop, passes=1)
    return make_run(run, purpose=purpose, flop=None, events=(stated,))


def _source(name: str, tag: str, flop: float | None, **more: Any) -> OutsideSource:
    told = {"id": name, "what": "elsewhere", "tag": tag, "flop": flop, "method": "published"}
    return OutsideSource.model_validate({**told, "evidence": source_evidence(), **more})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: str(one.model))
def test_a_worked_example_of_the_guidelines_comes_out_as_printed(example: Any) -> None:
    """As printed: to within one unit of its last printed digit, as some are rounded and some are cut."""
    if example.method == "hw":
        period = make_hardware(seconds=example.gpu_hours * 3600, peak_flops=example.peak, utilisation=example.U)
        source = _source(example.model, "pretraining", None, hardware=(period,))
        assert hardware_flop([period]) == pytest.approx(example.gpu_hours * 3600 * example.peak * example.U)
    else:
        inputs = Architecture(parameters_active=example.P, training_tokens=example.D)
        source = _source(example.model, "pretraining", None, architecture=inputs)
        assert architecture_flop(inputs) == pytest.approx(6 * example.P * example.D)
    found = account((), Sources(sources=(source,))).training_compute
    digits = 2 if example.model == "D" else 1  # 1.66e23 is printed with three significant digits, the others with two
    last_digit = 10.0 ** (math.floor(math.log10(example.C)) - digits)
    assert abs(found.flop - example.C) < last_digit
    assert found.complete


def test_all_eight_examples_are_there() -> None:
    assert [one.model for one in EXAMPLES] == list("ABCDEFGH")


@pytest.mark.parametrize("tag", TAGS)
def test_a_purpose_counts_as_the_data_says(tag: str) -> None:
    found = account([_architecture_run("run_a", 1e20, tag)])
    counts = next(one.counts for one in library.compute_accounting().run_purpose_tags if one.tag == tag)
    assert found.training_compute.flop == (1e20 if tag in COUNTING else 0)
    assert found.cumulative_training_compute.flop == (1e20 if tag in COUNTING or counts == "cumulative only" else 0)
    assert found.lost_steps.flop == (1e20 if tag == "failed_restart" else 0)
    assert (counts is True) == (tag in COUNTING - {"reinforcement_learning"})


@given(st.lists(st.tuples(st.sampled_from(TAGS), st.floats(1, 1e26)), max_size=6))
def test_cumulative_compute_is_never_below_training_compute(runs: list[tuple[str, float]]) -> None:
    records = [_architecture_run(f"run_{number}", flop, tag) for number, (tag, flop) in enumerate(runs)]
    found = account(records)
    assert found.cumulative_training_compute.flop >= found.training_compute.flop
    assert len(found.lines) == len(records)


@given(st.permutations(["pretraining", "synthetic_nonpublic", "evaluation"]))
def test_the_order_of_the_records_changes_no_sum(order: list[str]) -> None:
    found = account([_architecture_run(f"run_{tag}", 1e21, tag) for tag in order])
    assert found.training_compute.flop == 1e21
    assert found.cumulative_training_compute.flop == 2e21


def test_a_run_without_a_figure_makes_the_total_a_lower_bound() -> None:
    found = account([make_run("run_a", flop=None), _architecture_run("run_b", 1e20)])
    assert found.training_compute.flop == 1e20
    assert not found.training_compute.complete
    assert found.training_compute.unknown == ("run_a",)
    assert all(margin.state == "unknown" for margin in found.margins)


def test_a_peak_whose_precision_nobody_states_gives_no_figure() -> None:
    flop = make_run().flop
    assert flop is not None
    found = account([make_run(flop=flop.model_copy(update={"peak_source": "Told by the vendor."}))])
    assert found.lines[0].hardware_flop is None


def test_busy_time_is_told_to_be_an_upper_bound() -> None:
    (line,) = account([make_run()]).lines
    assert line.method == "hardware"
    assert line.flop == pytest.approx(8 * 3600 * 9.89e14 * 0.4)
    assert any("upper bound" in note for note in line.notes)


def test_two_methods_apart_by_more_than_thirty_percent_must_be_explained() -> None:
    hardware = make_run().flop
    assert hardware is not None
    assert hardware.flop is not None
    near, far = (event("run.flop_arch", operations_per_pass=hardware.flop / by, passes=1) for by in (1.29, 1.31))
    assert not account([make_run(events=(near,))]).lines[0].differs
    found = account([make_run(events=(far,))])
    assert found.needs_explanation == ("run_a",)
    with pytest.raises(ComputeUnexplained, match="run_a"):
        require_explanation(found)
    require_explanation(account([make_run(events=(far,))], Sources(explanation="Busy is not FLOP.")))


def test_the_architecture_is_reported_before_the_hardware() -> None:
    (line,) = account([make_run(events=(event("run.flop_arch", operations_per_pass=5e18, passes=2),))]).lines
    assert (line.method, line.flop) == ("architecture", 1e19)
    assert line.hardware_flop is not None


def test_few_parameters_for_the_context_are_told() -> None:
    stated = event("run.flop_arch", parameters_active=1000, training_tokens=10, context_length_tokens=8192)
    assert any("twelfth" in note for note in account([make_run(events=(stated,))]).lines[0].notes)


def test_what_a_simulated_site_ran_counts_for_nothing() -> None:
    found = account([make_run(simulated=True)])
    assert found.training_compute.flop == 0
    assert found.lines[0].counts == "no"


def test_reinforcement_learning_counts_in_full_unless_a_share_is_stated() -> None:
    run = _architecture_run("run_a", 1e20, "reinforcement_learning")
    assert account([run]).training_compute.flop == 1e20
    shared = Sources.model_validate({"runs": {"run_a": {"counted_share": 0.25, "evidence": source_evidence()}}})
    assert account([run], shared).training_compute.flop == 0.25e20


def test_a_modification_is_measured_against_a_third_of_the_original() -> None:
    base = _source("base", "initial_weights", 3e22)
    found = account([_architecture_run("run_a", 0.9e22, "finetuning")], Sources(sources=(base,)))
    third = next(margin for margin in found.margins if margin.threshold == "modifier_ratio")
    assert third.threshold_flop == pytest.approx(1e22)
    assert third.state == "within_margin"
    assert found.training_compute.flop == pytest.approx(3.9e22)


@pytest.mark.parametrize(("systemic", "limit"), [(True, 3.33333e24), (False, 3.33333e22)])
def test_an_unknown_original_is_measured_by_the_fallback(systemic: bool, limit: float) -> None:
    base = _source("base", "initial_weights", None, systemic=systemic)
    found = account([_architecture_run("run_a", 1e21, "finetuning")], Sources(sources=(base,)))
    assert limit in [margin.threshold_flop for margin in found.margins]


def test_the_same_compute_is_never_counted_twice() -> None:
    run, source = make_run("run_a"), _source("run_a", "pretraining", 1.0)
    for runs, outside in (([run, run], Sources()), ([run], Sources(sources=(source,)))):
        with pytest.raises(SameComputeTwice, match="run_a is there twice"):
            account(runs, outside)
    extra = Sources.model_validate({"runs": {"run_b": {"evidence": source_evidence()}}})
    with pytest.raises(SameComputeTwice, match="run_b"):
        account([run], extra)
    stated = event("run.flop_arch", operations_per_pass=1.0, passes=1)
    with pytest.raises(SameComputeTwice, match="2 times"):
        account([make_run(events=(stated, stated))])


@pytest.mark.parametrize("given_inputs", list(itertools.combinations(Architecture.model_fields, 1)))
def test_half_a_pair_of_inputs_is_refused(given_inputs: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="parameters_active with training_tokens"):
        Architecture.model_validate(dict.fromkeys(given_inputs, 5))
