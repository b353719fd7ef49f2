"""MLflow's own client reads from the export what the record says."""

from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from fabrica.record.export_mlflow import export_mlflow
from fabrica.record.folder import series
from fabrica.record.seal import seal
from fabrica.run import append_line
from fabrica.wire.record import RecordRefused
from tests.record.sample import NOW, make_record


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return MlflowClient((tmp_path / "store").as_uri())


def test_its_client_reads_equal_values_by_step(client: Any, tmp_path: Path) -> None:
    record, outputs = make_record(tmp_path)
    run = export_mlflow(record, tmp_path / "store", outputs=outputs)
    for name, points in series(record).items():
        read = [(metric.step, metric.value) for metric in client.get_metric_history(run, name)]
        assert read == [(step, float("inf") if value is None else value) for step, value in points]


def test_its_client_reads_settings_tags_times_and_artifacts(client: Any, tmp_path: Path) -> None:
    record, outputs = make_record(tmp_path)
    run = client.get_run(export_mlflow(record, tmp_path / "store", outputs=outputs))
    assert run.data.params == {"trees": "395"}
    assert run.data.tags["fabrica.run"] == "run_01jd0000000000000000000000"
    assert run.data.tags["fabrica.site"] == "vega"
    assert run.data.tags["fabrica.python"] == "CPython 3.11.7"
    assert run.data.tags["fabrica.root_sha256"] == seal(record, now=NOW).root_sha256
    assert (run.info.run_name, run.info.status) == ("ride-demand", "FINISHED")
    assert run.info.end_time - run.info.start_time == 60_500
    assert client.get_experiment(run.info.experiment_id).name == "ride-demand"
    place = Path(client.download_artifacts(run.info.run_id, "outputs", str(tmp_path)))
    assert (place / "modèle 1.txt").read_text() == "trees"
    assert "record/seal.json" in [file.path for file in client.list_artifacts(run.info.run_id, "record")]


@pytest.mark.parametrize(
    ("reason", "status"), [("exit_nonzero", "FAILED"), ("time_limit", "FAILED"), ("cancelled_by_user", "KILLED")]
)
def test_its_client_reads_how_the_run_ended(client: Any, tmp_path: Path, reason: str, status: str) -> None:
    record, _ = make_record(tmp_path, reason=reason)
    assert client.get_run(export_mlflow(record, tmp_path / "store")).info.status == status


def test_a_second_export_replaces_the_first(client: Any, tmp_path: Path) -> None:
    record, outputs = make_record(tmp_path)
    first = export_mlflow(record, tmp_path / "store", outputs=outputs)
    assert export_mlflow(record, tmp_path / "store") == first
    experiment = client.get_experiment_by_name("ride-demand").experiment_id
    assert [run.info.run_id for run in client.search_runs([experiment])] == [first]
    assert [file.path for file in client.list_artifacts(first)] == ["record"]


def test_a_metric_that_is_another_ones_folder_is_refused_and_leaves_no_run(tmp_path: Path) -> None:
    append_line(tmp_path / "record" / "metrics.jsonl", {"name": "bpc", "value": 1.0, "step": 0})
    append_line(tmp_path / "record" / "metrics.jsonl", {"name": "bpc/de", "value": 1.0, "step": 0})
    with pytest.raises(RecordRefused, match="'bpc'"):
        export_mlflow(tmp_path / "record", tmp_path / "store")
    assert not list((tmp_path / "store").glob("*/*/"))
