"""Evaluations on the web: a log is imported as it is, a broken one refused by name, one taken back with its reason."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fabrica.server.aiact import evaluation_queries
from fabrica.server.core import uploads
from tests.aiact.evaluations.logs import JSON_LOG
from tests.server.aiact.desk_reader import HOSTILE, Desk, make_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def log(content: bytes = JSON_LOG, name: str = "capitals.json") -> dict[str, SimpleUploadedFile]:
    return {"log": SimpleUploadedFile(name, content)}


def test_a_log_is_imported_and_its_figures_are_evidence(desk: Desk) -> None:
    address = f"{desk.address}/evaluations"
    assert "No log is imported" in desk.member.get(desk.address).content.decode()
    assert desk.member.post(address, log()).headers["Location"] == address
    assert desk.member.post(address, log()).status_code == 302
    (one,) = evaluation_queries.evaluations(desk.lead, desk.version)
    page = desk.reader.get(address).content.decode()
    for metric in one.evaluation.metrics:
        assert metric.name in page
    assert one.evaluation.sha256 in page
    assert address in desk.reader.get(desk.address).content.decode()


def test_only_who_works_in_the_project_imports_and_takes_back(desk: Desk) -> None:
    address = f"{desk.address}/evaluations"
    desk.member.post(address, log())
    (one,) = evaluation_queries.evaluations(desk.lead, desk.version)
    for reader, status in ((desk.reader, 403), (desk.operator, 403), (desk.stranger, 404), (desk.nobody, 302)):
        assert reader.post(address, log()).status_code == status
        assert reader.post(f"{address}/{one.id}/take-back", {"reason": "No."}).status_code == status
    assert desk.reader.get(address).status_code == 200
    assert desk.stranger.get(address).status_code == 404
    assert 'type="file"' not in desk.reader.get(address).content.decode()


def test_who_may_not_import_is_refused_before_the_file_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr(uploads.BoundedUpload, "handle_raw_input", read)
    assert desk.reader.post(f"{desk.address}/evaluations", log()).status_code == 403


def test_an_evaluation_that_is_taken_back_stays_with_its_reason(desk: Desk) -> None:
    address = f"{desk.address}/evaluations"
    desk.member.post(address, log())
    (one,) = evaluation_queries.evaluations(desk.lead, desk.version)
    assert desk.member.post(f"{address}/{one.id}/take-back", {"reason": ""}, follow=True).status_code == 200
    assert not evaluation_queries.evaluations(desk.lead, desk.version)[0].taken_back_because
    desk.member.post(f"{address}/{one.id}/take-back", {"reason": f"Of another model {HOSTILE}"})
    page = desk.reader.get(address).content.decode()
    assert "Of another model" in page
    assert HOSTILE not in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello", "is no log of an evaluation"),
        (JSON_LOG[: len(JSON_LOG) // 2], "it is cut off"),
        (json.dumps(json.loads(JSON_LOG) | {"status": "error"}).encode(), "did not finish"),
        (json.dumps(json.loads(JSON_LOG) | {"version": 1}).encode(), "version 1 of Inspect"),
        (b"PK\x03\x04broken", "cut off or damaged"),
        (b'{"eval": {}, "status": "success", "version": 2}', "holds no metric"),
        (b"", "empty"),
    ],
)
def test_a_broken_log_is_refused_by_name_and_nothing_is_kept(desk: Desk, content: bytes, words: str) -> None:
    answer = desk.member.post(f"{desk.address}/evaluations", log(content))
    assert answer.status_code in (409, 422)
    assert words in answer.content.decode()
    assert not evaluation_queries.evaluations(desk.lead, desk.version)


def test_a_run_of_mlflow_packed_by_hand_with_its_folder_is_read(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("run_1/meta.yaml", "run_id: run_1\nstatus: 3\nend_time: 1764000000000\n")
        archive.writestr("run_1/metrics/accuracy", "1764000000000 0.75 0\n")
    assert desk.member.post(f"{desk.address}/evaluations", log(packed.getvalue(), "run_1.zip")).status_code == 302
    (one,) = evaluation_queries.evaluations(desk.lead, desk.version)
    assert [(metric.name, metric.value) for metric in one.evaluation.metrics] == [("accuracy", 0.75)]


def test_no_file_is_told_beside_the_field(desk: Desk) -> None:
    answer = desk.member.post(f"{desk.address}/evaluations", {})
    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
