"""A published rate is read however its source tells it, and what the source counts is told with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.planning.training.runs import OWN_FILE, Run, read_runs
from tests.planning.training.test_runs import RUN, write


def one(folder: Path, **change: Any) -> Run:
    (run,) = read_runs(write(folder, {**RUN, **change})).runs
    return run


def test_what_is_told_directly_goes_before_what_follows(tmp_path: Path) -> None:
    both = {"tokens_per_s_per_gpu": 5.0, "step_s": 10.0, "tflops_per_gpu": 400, "tokens_b": 1, "gpu_hours": 1}
    assert one(tmp_path, reported=both).reported == 5.0
    told = one(tmp_path, reported=both, derived={"tokens_per_s_per_gpu": 6.0, "basis": "a table"})
    assert (told.reported, told.basis) == (6.0, "a table")


def test_model_flop_become_tokens_by_what_the_source_counts(tmp_path: Path) -> None:
    flop = {"tflops_per_gpu": 400, "flops_kind": "model"}
    paper = one(tmp_path, reported=flop, source="a paper of 2024")
    table = one(tmp_path, reported=flop, source="NVIDIA performance table 25.09")
    assert paper.reported == pytest.approx(400e12 / paper.model.flop_per_token(whole_attention=True))
    assert table.reported == pytest.approx(400e12 / table.model.flop_per_token())
    assert ("whole" in paper.basis, "causal" in table.basis) == (True, True)


def test_hardware_flop_hold_what_is_computed_again(tmp_path: Path) -> None:
    flop = {"tflops_per_gpu": 400, "flops_kind": "hardware"}
    rates = []
    for name in ("none", "selective", "full"):
        rate = one(tmp_path, reported=flop, layout={"recompute": name}).reported
        assert rate is not None
        rates.append(rate)
    assert rates[0] == pytest.approx(rates[2] * 4 / 3)
    assert rates[2] < rates[1] < rates[0]
    assert one(tmp_path, reported=flop, layout={}).reported is None


def test_a_share_of_the_peak_in_16_bit_is_a_rate(tmp_path: Path) -> None:
    told = one(tmp_path, reported={"mfu_pct": 40})
    assert told.reported == pytest.approx(0.4 * 989.4e12 / told.model.flop_per_token(whole_attention=True))
    assert told.basis.endswith("from a share of the bf16 peak")


@pytest.mark.parametrize(("peak", "teraflops"), [("bf16", 989.4), ("FP8", 1978.9)])
def test_a_share_in_8_bit_is_a_rate_where_its_peak_is_told(tmp_path: Path, peak: str, teraflops: float) -> None:
    told = one(tmp_path, reported={"mfu_pct": 40, "peak_precision": peak}, precision="fp8")
    each = told.model.flop_per_token(whole_attention=True)
    assert told.reported == pytest.approx(0.4 * teraflops * 1e12 / each, rel=1e-3)
    assert told.basis.endswith(f"from a share of the {peak.casefold()} peak")


def test_a_share_in_8_bit_whose_peak_is_not_told_is_no_rate_and_says_what_either_would_make(tmp_path: Path) -> None:
    told = one(tmp_path, reported={"mfu_pct": 40}, precision="fp8")
    assert told.reported is None
    assert told.lacks.startswith("mfu_pct 40 is of a run in fp8, and of which peak is not told (peak_precision).")
    either = one(tmp_path, reported={"mfu_pct": 40, "peak_precision": "fp8"}, precision="fp8").reported
    assert either is not None
    assert f"{either / 2:,.0f} if of the bf16 peak, {either:,.0f} if of the fp8 peak" in told.lacks


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"reported": {}}, "Nothing is told"),
        ({"reported": {"gpu_hours": 1000}}, "not for how many tokens (tokens_b)"),
        ({"reported": {"tokens_per_s": 1000}, "count": None}, "not how many devices (count)"),
        ({"reported": {"tflops_per_gpu": 400, "flops_kind": "hardware"}, "layout": {}}, "computed again"),
        ({"reported": {"hfu_pct": 40}, "layout": {}}, "computed again"),
        ({"reported": {"mfu_pct": 40, "peak_precision": "nvfp4"}}, "No peak of H100-80G-SXM in nvfp4 is known."),
    ],
)
def test_what_keeps_a_rate_from_following_is_said(tmp_path: Path, change: dict[str, Any], lacks: str) -> None:
    told = one(tmp_path, **change)
    assert told.reported is None
    assert lacks in told.lacks


def test_a_peak_of_no_precision_refuses_its_run(tmp_path: Path) -> None:
    file = read_runs(write(tmp_path, RUN, {**RUN, "id": "two", "reported": {"mfu_pct": 40, "peak_precision": "int3"}}))
    assert "int3" in file.refused["two"]


@pytest.mark.parametrize(
    ("reported", "rate"),
    [
        ({"gpu_hours": 1000, "tokens_b": 3.6}, 1000.0),
        ({"gpu_hours_per_t_tokens": 100_000}, 1e12 / 3.6e8),
        ({"days_wall": 10, "tokens_b": 6.912}, 1000.0),
    ],
)
def test_hours_and_days_of_whole_trainings_hold_lost_time(
    tmp_path: Path, reported: dict[str, float], rate: float
) -> None:
    told = one(tmp_path, reported=reported)
    assert told.reported == pytest.approx(rate)
    assert told.lost_time


def test_rates_worked_out_here_agree_with_those_of_the_packages_file(tmp_path: Path) -> None:
    content = yaml.safe_load(OWN_FILE.read_text())
    for row in content["runs"]:
        row.pop("derived", None)
    bare = tmp_path / "runs.yaml"
    bare.write_text(yaml.safe_dump(content))
    known = {run.id: run for run in read_runs(OWN_FILE).runs}
    for run in read_runs(bare).runs:
        assert (run.reported is None) == (known[run.id].reported is None), run.id
        if run.reported is not None:
            assert run.reported == pytest.approx(known[run.id].reported, rel=0.05), run.id
