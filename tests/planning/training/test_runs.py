"""Files of published runs are read with what they leave open; mistakes name the run and the key."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.planning.training.layouts import FULL, HALF, NONE, SELECTIVE
from fabrica.planning.training.runs import OWN_FILE, read_runs
from fabrica.planning.training.shapes import guess_shapes
from fabrica.wire.training import RunsMalformed

MODEL = {
    "params_b": 8.0,
    "layers": 32,
    "hidden": 4096,
    "ffn": 14336,
    "gated_mlp": True,
    "heads": 32,
    "kv_heads": 8,
    "vocab": 128256,
    "seq_len": 8192,
}
RUN: dict[str, Any] = {
    "id": "one",
    "group": "ones",
    "source": "a note of 2024",
    "model": "m",
    "accelerator": "H100-SXM",
    "count": 8,
    "precision": "bf16",
    "global_batch_seqs": 128,
    "layout": {"tp": 1, "pp": 1, "dp": 8, "cp": 1, "ep": 1},
    "reported": {"step_s": 10.0},
}


def write(folder: Path, *runs: dict[str, Any], model: dict[str, Any] | None = None) -> Path:
    file = folder / "runs.yaml"
    file.write_text(yaml.safe_dump({"models": {"m": model or MODEL}, "runs": list(runs)}))
    return file


def test_the_packages_own_runs_are_all_read() -> None:
    found = read_runs(OWN_FILE)
    assert (len(found.runs), dict(found.refused)) == (107, {})
    assert sum(run.reported is not None for run in found.runs) == 103
    assert {run.group for run in found.runs if run.lost_time} >= {"llama2", "olmoe"}


def test_a_rate_follows_from_the_time_of_a_step(tmp_path: Path) -> None:
    (run,) = read_runs(write(tmp_path, RUN)).runs
    assert run.reported == 128 * 8192 / 8 / 10
    assert (run.fixed.tensor, run.fixed.micro_batch, run.fixed.recompute) == (1, None, None)


def test_what_a_source_leaves_open_is_guessed_and_said(tmp_path: Path) -> None:
    (run,) = read_runs(write(tmp_path, {**RUN, "count": None, "global_batch_seqs": None, "layout": None})).runs
    assert set(run.guessed) == {"devices", "batch"}
    assert run.devices >= 128
    (bare,) = read_runs(
        write(tmp_path, RUN, model={"params_b": 350, "active_params_b": None, "layers": None, "seq_len": 4096})
    ).runs
    assert bare.guessed == ("shapes",)
    (thin,) = read_runs(write(tmp_path, RUN, model={**MODEL, "heads": None, "ffn": None, "vocab": None})).runs
    assert "widths" in thin.guessed
    assert thin.model.heads == 32
    (other,) = read_runs(write(tmp_path, RUN, model={**MODEL, "params_b": 30.0})).runs
    assert other.guessed == ("shapes",)


def test_a_device_or_precision_that_is_not_known_refuses_its_run_alone(tmp_path: Path) -> None:
    runs = (
        RUN,
        {**RUN, "id": "two", "accelerator": "Abacus"},
        {**RUN, "id": "three", "accelerator": "A100-80G", "precision": "fp8"},
    )
    found = read_runs(write(tmp_path, *runs, {**RUN, "id": "four", "precision": "int3"}))
    assert [run.id for run in found.runs] == ["one"]
    assert set(found.refused) == {"two", "three", "four"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "other"}, "other"),
        ({"count": "many"}, "one"),
        ({"layout": {"tp": "two"}}, "one"),
        ({"reported": {"step_s": 0}}, "one"),
        ({"reported": {"tokens_per_s_per_gpu": 0}}, "a rate of 0"),
        ({"reported": {"tokens_per_s_per_gpu": -4}}, "a rate of -4"),
        ({"reported": {"tokens_per_s_per_gpu": float("nan")}}, "a rate of nan"),
    ],
)
def test_a_run_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    file = write(tmp_path, {**RUN, **change})
    with pytest.raises(RunsMalformed, match="Run one") as refused:
        read_runs(file)
    assert words in refused.value.detail


def test_a_run_without_precision_or_group_is_read_and_the_guess_said(tmp_path: Path) -> None:
    bare = {key: value for key, value in RUN.items() if key not in ("precision", "group")}
    (run,) = read_runs(write(tmp_path, bare)).runs
    assert (run.precision, run.group, run.guessed) == ("bf16", "one", ("precision",))
    (old,) = read_runs(write(tmp_path, {**bare, "accelerator": "V100-32G"})).runs
    assert (old.precision, old.guessed) == ("fp16", ("precision",))


@pytest.mark.parametrize(
    "change",
    [
        {"count": "many"},
        {"model": "other"},
        {"reported": {"step_s": 0}},
        {"count": 0},
        {"layout": [1]},
        {"reported": 7},
    ],
)
def test_a_run_that_cannot_be_read_is_refused_alone(tmp_path: Path, change: dict[str, Any]) -> None:
    found = read_runs(write(tmp_path, RUN, {**RUN, "id": "two", **change}))
    assert [run.id for run in found.runs] == ["one"]
    assert found.refused["two"].startswith("Run two")


@pytest.mark.parametrize(
    "change",
    [{"layers": 0}, {"hidden": 1e300}, {"heads": -4}, {"vocab": "many"}, {"kv_heads": 0.5}, {"ffn": float("nan")}],
)
def test_a_shape_that_cannot_be_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(RunsMalformed, match=f"its {next(iter(change))} .* is no whole number from 1"):
        read_runs(write(tmp_path, RUN, model={**MODEL, **change}))


def test_a_layout_or_experts_that_cannot_be_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunsMalformed, match="its tp 0 is no whole number"):
        read_runs(write(tmp_path, {**RUN, "layout": {"tp": 0}}))
    with pytest.raises(RunsMalformed, match="do not hold top_k 9"):
        read_runs(write(tmp_path, RUN, model={**MODEL, "moe": {"experts": 4, "top_k": 9}}))


def test_numbers_written_as_text_are_numbers(tmp_path: Path) -> None:
    texts = {"count": "8", "seq_len": "8192", "global_batch_seqs": "1.28e2", "reported": {"step_s": "10"}}
    (run,) = read_runs(write(tmp_path, {**RUN, **texts}, model={**MODEL, "layers": "32", "hidden": "4096"})).runs
    assert (run.devices, run.batch_sequences, run.reported) == (8, 128.0, 128 * 8192 / 8 / 10)


@pytest.mark.parametrize(
    ("layout", "zero", "recompute"),
    [
        ({"zero": "ZeRO-3", "recompute": True}, 3, FULL),
        ({"zero": "FSDP", "recompute": False}, 3, NONE),
        ({"zero": "zero_1", "recompute": "uniform"}, 1, FULL),
        ({"zero": 0, "recompute": "half"}, 0, HALF),
        ({"zero": 2, "recompute": "mlp"}, 1, SELECTIVE),
    ],
)
def test_stages_of_zero_and_modes_of_recompute_have_several_names(
    tmp_path: Path, layout: dict[str, Any], zero: float, recompute: float
) -> None:
    (run,) = read_runs(write(tmp_path, {**RUN, "layout": {**RUN["layout"], **layout}})).runs
    assert (run.fixed.zero, run.fixed.recompute) == (zero, recompute)


def test_precisions_have_long_names_too(tmp_path: Path) -> None:
    runs = ({**RUN, "id": name, "precision": name} for name in ("bfloat16", "float16", "FP8_CS", "fp8-mx"))
    assert [run.precision for run in read_runs(write(tmp_path, *runs)).runs] == ["bf16", "fp16", "fp8", "mxfp8"]


def test_a_pipeline_splits_what_its_replica_is_told_to_take(tmp_path: Path) -> None:
    deep = {**RUN, "count": 64, "layout": {"tp": 1, "pp": 8, "dp": 8, "zero": "fsdp"}, "global_batch_seqs": 256}
    titan = {**deep, "id": "two", "source": "torchtitan note of 2024"}
    whole = {**deep, "id": "three", "layout": {**deep["layout"], "micro_batch": 32}}
    told = {**titan, "id": "four", "layout": {**deep["layout"], "micro_batch": 1}}
    runs = read_runs(write(tmp_path, deep, titan, whole, told)).runs
    assert [run.fixed.micro_batch for run in runs] == [None, 4, 4, 1]


def test_a_model_that_the_file_does_not_describe_is_the_packages_own(tmp_path: Path) -> None:
    own, other = read_runs(write(tmp_path, {**RUN, "model": "llama3-70b"}, {**RUN, "id": "two"})).runs
    assert (own.model.layers, other.model.layers) == (80, 32)


def test_a_sequence_and_widths_of_experts_that_are_not_told_are_guessed_and_that_is_said(tmp_path: Path) -> None:
    mixture = {**MODEL, "params_b": None, "seq_len": None, "moe": {"experts": 8}}
    (run,) = read_runs(write(tmp_path, {**RUN, "reported": {}}, model=mixture)).runs
    assert (run.model.seq_len, run.guessed) == (4096, ("sequence", "widths"))
    assert run.model.experts is not None
    assert (run.model.experts.top_k, run.model.experts.ffn) == (2, MODEL["ffn"])


def test_a_training_is_told_from_a_benchmark_by_its_facts_its_group_or_its_source(tmp_path: Path) -> None:
    rows: dict[str, dict[str, Any]] = {
        "measured": {},
        "hours": {"reported": {"step_s": 1.0, "gpu_hours": 5}},
        "beside": {"group": "hours"},
        "report": {"source": "A Team 2024, Technical Report"},
        "programme": {"reported": {"gpu_hours": 5, "tokens_b": 1}, "note": "hours of the whole programme"},
    }
    written = [{**RUN, "id": name, "group": change.get("group", name), **change} for name, change in rows.items()]
    found = {run.id: run.case for run in read_runs(write(tmp_path, *written)).runs}
    assert [name for name, case in found.items() if case.campaign] == ["hours", "beside", "report"]
    assert [name for name, case in found.items() if case.programme] == ["programme"]


def test_a_model_written_into_its_run_is_refused_with_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(RunsMalformed, match="write its shapes under a name in 'models'"):
        read_runs(write(tmp_path, RUN | {"model": MODEL}))


def test_of_two_runs_of_one_id_the_second_is_refused(tmp_path: Path) -> None:
    found = read_runs(write(tmp_path, RUN, {**RUN, "count": 16}))
    assert [(run.id, run.devices) for run in found.runs] == [("one", 8)]
    assert found.refused == {"one (number 2)": "There is a run one before it."}


@pytest.mark.parametrize("text", ["", "[1, 2]", "runs: 5", "{", "runs: [5]", "runs: []"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "runs.yaml"
    file.write_text(text)
    with pytest.raises(RunsMalformed):
        read_runs(file)


@pytest.mark.parametrize("billions", [1.0, 7.0, 70.0, 400.0])
def test_guessed_shapes_have_about_the_parameters_asked_for(billions: float) -> None:
    assert guess_shapes("x", billions, None, 4096).parameters / 1e9 == pytest.approx(billions, rel=0.6)
    assert guess_shapes("some-moe", billions, None, 4096).experts is not None
