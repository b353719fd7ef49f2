"""The offline check: whatever was done to a sealed record is named."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabrica.record.folder import EVIDENCE, METRICS, SEAL
from fabrica.record.seal import seal
from fabrica.record.verify import sound, verify
from fabrica.run import append_line
from fabrica.values.ids import EvidenceRecordId
from fabrica.wire.evidence import GENESIS, evidence_hash
from fabrica.wire.record import RecordRefused

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return sealed_record(tmp_path)


def sealed_record(folder: Path) -> Path:
    for step in range(5):
        append_line(folder / METRICS, {"name": "loss", "value": 1 / (step + 1), "step": step})
    (folder / "run.json").write_text('{"name": "ride-demand"}')
    seal(folder, now=NOW)
    return folder


def codes(folder: Path) -> set[tuple[str, str]]:
    return {(finding.code, finding.path) for finding in verify(folder) if not finding.notice}


def test_an_untouched_record_has_no_findings(record: Path) -> None:
    assert verify(record) == []


def test_a_missing_file_is_named(record: Path) -> None:
    (record / "run.json").unlink()
    assert codes(record) == {("missing", "run.json")}


def test_an_added_file_is_named(record: Path) -> None:
    (record / "more").mkdir()
    (record / "more" / "praise.txt").write_text("good run")
    assert codes(record) == {("added", "more/praise.txt")}


def test_a_changed_file_is_named(record: Path) -> None:
    (record / "run.json").write_text('{"name": "other-demand"}')
    assert codes(record) == {("changed", "run.json")}


def test_a_file_replaced_by_a_link_to_the_same_bytes_is_named(record: Path, tmp_path_factory: Any) -> None:
    copy = tmp_path_factory.mktemp("elsewhere") / "run.json"
    (record / "run.json").rename(copy)
    (record / "run.json").symlink_to(copy)
    assert codes(record) == {("link", "run.json")}


def test_a_list_changed_to_fit_a_changed_file_does_not_fit_its_root(record: Path) -> None:
    (record / "run.json").write_bytes(b"{}")
    content = json.loads((record / SEAL).read_bytes())
    entry = next(file for file in content["files"] if file["path"] == "run.json")
    entry |= {"bytes": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
    (record / SEAL).write_text(json.dumps(content))
    assert codes(record) == {("wrong_root", SEAL)}


def test_a_record_without_a_seal_is_told(record: Path) -> None:
    (record / SEAL).unlink()
    assert codes(record) == {("unsealed", SEAL)}
    (record / SEAL).write_text("{}")
    assert codes(record) == {("wrong_root", SEAL)}


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[1:],
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        lambda lines: [*lines[:2], lines[2].replace(b"loss", b"cost"), *lines[3:]],
    ],
    ids=["first line cut", "line cut", "two swapped", "one twice", "one changed"],
)
def test_a_chain_that_was_edited_breaks_even_without_a_seal(record: Path, edit: Any) -> None:
    lines = (record / METRICS).read_bytes().splitlines(keepends=True)
    (record / METRICS).write_bytes(b"".join(edit(lines)))
    (record / SEAL).unlink()
    assert ("chain_broken", METRICS) in codes(record)


def test_a_torn_line_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    append_line(tmp_path / METRICS, {"name": "loss"})
    with (tmp_path / METRICS).open("ab") as file:
        file.write(b'{"sequence":2,"at":"2026')
    append_line(tmp_path / METRICS, {"name": "loss"})
    seal(tmp_path, now=NOW)
    findings = verify(tmp_path)
    assert [(finding.code, finding.notice) for finding in findings] == [("torn_line", True)]
    assert sound(findings)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_changed_byte_of_a_sealed_file_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = sealed_record(tmp_path_factory.mktemp("record"))
    path = folder / data.draw(st.sampled_from([METRICS, "run.json"]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert ("changed", path.name) in codes(folder)
    assert not sound(verify(folder))


def test_evidence_that_names_the_seal_agrees(record: Path) -> None:
    _write_evidence(record, [{"body": {"state": "running"}}, {"body": {"record_sha256": _seal_sha256(record)}}])
    assert verify(record) == []


@pytest.mark.parametrize(
    "spoil", [{"content": {"body": {}}}, {"previous": "1" * 64}, {"sequence": 7}, {"hash": "2" * 64}]
)
def test_evidence_that_was_changed_is_named(record: Path, spoil: dict[str, Any]) -> None:
    entries = _write_evidence(record, [{"body": {"record_sha256": _seal_sha256(record)}}])
    (record / EVIDENCE).write_text(json.dumps([entries[0] | spoil]))
    assert ("wrong_evidence", EVIDENCE) in codes(record)


def test_evidence_of_another_record_is_named(record: Path) -> None:
    _write_evidence(record, [{"body": {"record_sha256": "3" * 64}}, {"body": None}])
    assert codes(record) == {("wrong_evidence", EVIDENCE)}


def test_evidence_out_of_order_is_named(record: Path) -> None:
    entries = _write_evidence(record, [{"body": {}}, {"body": {"record_sha256": _seal_sha256(record)}}])
    (record / EVIDENCE).write_text(json.dumps(entries[::-1]))
    assert codes(record) == {("wrong_evidence", EVIDENCE)}


@pytest.mark.parametrize("content", ["", "{}", "[1]", "[" * 10_000])
def test_evidence_that_is_none_is_named(record: Path, content: str) -> None:
    (record / EVIDENCE).write_text(content)
    assert codes(record) == {("wrong_evidence", EVIDENCE)}


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordRefused, match="no record"):
        verify(tmp_path / "nowhere")


def _seal_sha256(record: Path) -> str:
    return hashlib.sha256((record / SEAL).read_bytes()).hexdigest()


def _write_evidence(record: Path, contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    previous, entries = GENESIS, []
    for sequence, content in enumerate(contents, start=1):
        digest = evidence_hash(previous, sequence, content)
        entries.append(
            {
                "id": EvidenceRecordId.new(),
                "sequence": sequence,
                "fact_kind": "runs.settled",
                "subject": "run_x",
                "content": content,
                "happened_at": "2026-11-20T12:00:00Z",
                "sealed_at": "2026-11-20T12:00:00Z",
                "previous": previous,
                "hash": digest,
            }
        )
        previous = digest
    (record / EVIDENCE).write_text(json.dumps(entries))
    return entries


def test_a_folder_that_holds_no_record_is_not_called_a_changed_one(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none of a run")
    with pytest.raises(RecordRefused, match="holds neither run"):
        verify(tmp_path)
