"""Runs that MLflow's own client wrote come out as evaluations, from their folder and from what it prints of them."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.tracking import MlflowClient

from fabrica.aiact.evaluations.mlflow_run import META, pack_run
from fabrica.aiact.evaluations.reading import open_log, read_evaluation
from fabrica.wire.evaluations import EvaluationRefused, EvaluationUnfinished
from tests.aiact.evaluations.logs import packed

_SEEN = {"info": {"run_id": "a", "status": "FINISHED"}, "data": {"metrics": {"accuracy": 1}}}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return MlflowClient((tmp_path / "store").as_uri())


def _run(client: Any, *, status: str = "FINISHED") -> str:
    experiment = client.create_experiment(f"held-out {status}")
    run: str = client.create_run(experiment, run_name="held-out perplexity").info.run_id
    client.log_param(run, "model", "euro-char-gpt 1.0")
    for step, value in enumerate((4.31, 4.12)):
        client.log_metric(run, "perplexity", value, step=step)
    client.log_metric(run, "accuracy", 0.81)
    client.log_metric(run, "accuracy_stderr", 0.02)
    data = Dataset(name="held-out", digest="9f1c2ab0", source_type="http", source='{"url": "https://data.example.eu"}')
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "eval")])])
    client.set_terminated(run, status)
    return run


def _folder(client: Any, run: str, tmp_path: Path) -> Path:
    return tmp_path / "store" / str(client.get_run(run).info.experiment_id) / run


def test_a_run_of_its_client_tells_what_was_measured(client: Any, tmp_path: Path) -> None:
    run = _run(client)
    with open_log(_folder(client, run, tmp_path)) as log:
        found = read_evaluation(log, "run")
    assert (found.form, found.tool, found.log_id, found.task) == ("mlflow_run", "MLflow", run, "held-out perplexity")
    assert (found.dataset, found.dataset_digest, found.model) == ("held-out", "9f1c2ab0", "euro-char-gpt 1.0")
    measured = [(one.name, one.value, one.standard_error) for one in found.metrics]
    assert measured == [("accuracy", 0.81, 0.02), ("perplexity", 4.12, None)]
    assert found.completed_at is not None
    assert (found.tool_version, found.samples_total) == (None, None), "MLflow does not tell, so nothing is told"


def test_the_same_run_has_the_same_hash_and_its_description_the_same_figures(client: Any, tmp_path: Path) -> None:
    run = _run(client)
    folder = _folder(client, run, tmp_path)
    assert pack_run(folder) == pack_run(folder)
    described = json.dumps(client.get_run(run).to_dictionary()).encode()
    told, packed_run = (read_evaluation(io.BytesIO(one), "run") for one in (described, pack_run(folder)))
    assert told.form == "mlflow_json"
    different = {"form", "bytes", "sha256"}
    assert told.model_dump(exclude=different) == packed_run.model_dump(exclude=different)


def test_another_runs_data_is_not_taken_for_its_own(client: Any, tmp_path: Path) -> None:
    folder = _folder(client, _run(client), tmp_path)
    other = folder.parent / "datasets" / ("a" * 32)
    other.mkdir()
    (other / META).write_text("name: of another run\n")
    assert read_evaluation(io.BytesIO(pack_run(folder)), "run").dataset == "held-out"


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_a_run_that_did_not_finish_is_no_evidence(client: Any, tmp_path: Path, status: str) -> None:
    folder = _folder(client, _run(client, status=status), tmp_path)
    with pytest.raises(EvaluationUnfinished):
        read_evaluation(io.BytesIO(pack_run(folder)), "run")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationRefused, match=r"no meta\.yaml"):
        open_log(tmp_path)


def test_links_out_of_a_run_are_not_followed(client: Any, tmp_path: Path) -> None:
    folder = _folder(client, _run(client), tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("1 42.0 0\n")
    (folder / "metrics" / "stolen").symlink_to(secret)
    assert "stolen" not in {one.name for one in read_evaluation(io.BytesIO(pack_run(folder)), "run").metrics}


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("metrics/accuracy", b"1 high 0\n", "metric accuracy"),
        (META, b"status: [", "meta.yaml"),
        (META, b"[" * 200_000, "meta.yaml"),
        (META, b"a: " + b"b" * 300_000, "more than"),
    ],
)
def test_a_damaged_or_hostile_run_is_refused_by_name(
    client: Any, tmp_path: Path, file: str, content: bytes, said: str
) -> None:
    folder = _folder(client, _run(client), tmp_path)
    (folder / file).write_bytes(content)
    with pytest.raises(EvaluationRefused, match=said):
        read_evaluation(io.BytesIO(pack_run(folder)), "run")


def test_a_run_without_a_metric_is_refused(client: Any, tmp_path: Path) -> None:
    folder = _folder(client, _run(client), tmp_path)
    shutil.rmtree(folder / "metrics")
    with pytest.raises(EvaluationRefused, match="no metric"):
        read_evaluation(io.BytesIO(pack_run(folder)), "run")


def test_more_metrics_than_a_person_could_read_are_refused() -> None:
    metrics = {f"m{number}": 1 for number in range(1_001)}
    many = _SEEN | {"data": {"metrics": metrics}}
    with pytest.raises(EvaluationRefused, match="more than 1,000 metrics"):
        read_evaluation(io.BytesIO(json.dumps(many).encode()), "run.json")


def test_more_inputs_than_any_run_has_are_refused() -> None:
    members = {META: b"status: 3\nrun_id: a\n"} | {f"inputs/{number}/{META}": b"a: 1\n" for number in range(51)}
    with pytest.raises(EvaluationRefused, match="more than 50 inputs"):
        read_evaluation(io.BytesIO(packed(members)), "run.zip")


def test_a_run_that_was_packed_with_its_own_folder_is_read_and_of_two_runs_none() -> None:
    run = {"": b"", "metrics/": b"", META: b"run_id: a\nstatus: 3\n", "metrics/accuracy": b"1764000000000 0.75 0\n"}

    def inside(*folders: str) -> io.BytesIO:
        return io.BytesIO(packed({f"{one}/{name}": words for one in folders for name, words in run.items()}))

    found = read_evaluation(inside("a"), "a.zip")
    assert [(one.name, one.value) for one in found.metrics] == [("accuracy", 0.75)]
    with pytest.raises(EvaluationRefused):
        read_evaluation(inside("a", "b"), "runs.zip")
