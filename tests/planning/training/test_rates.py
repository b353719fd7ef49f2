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


def test_a_share_of_the_peak_is_a_rate_in_16_bit_alone(tmp_path: Path) -> None:
    told = one(tmp_path, reported={"mfu_pct": 40})
    assert told.reported == pytest.approx(0.4 * 989.4e12 / told.model.flop_per_token(whole_attention=True))
    assert one(tmp_path, reported={"mfu_pct": 40}, precision="fp8").reported is None


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
