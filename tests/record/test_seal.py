"""The seal: one hash over all files of a record, made once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.record.folder import SEAL
from fabrica.record.seal import read_seal, root_sha256, seal
from fabrica.wire.record import RecordRefused, RecordSealed, SealedFile

NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
files = st.builds(
    SealedFile,
    path=st.text("abc/.", min_size=1, max_size=5),
    bytes=st.integers(0, 99),
    sha256=st.sampled_from(["0" * 64, "1" * 64]),
)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    (tmp_path / "plots").mkdir()
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "plots" / "loss.svg").write_text("<svg/>")
    return tmp_path


def test_a_seal_lists_every_file_of_every_folder(record: Path) -> None:
    made = seal(record, now=NOW)
    assert [(file.path, file.bytes) for file in made.files] == [("plots/loss.svg", 6), ("run.json", 2)]
    assert made == read_seal(record)


def test_sealing_twice_returns_the_first_seal(record: Path) -> None:
    first = seal(record, now=NOW)
    assert seal(record, now=NOW + timedelta(days=1)) == first


def test_a_record_that_changed_is_not_sealed_again(record: Path) -> None:
    seal(record, now=NOW)
    before = (record / SEAL).read_bytes()
    (record / "run.json").write_text("[]")
    with pytest.raises(RecordSealed, match="changed since"):
        seal(record, now=NOW)
    assert (record / SEAL).read_bytes() == before


def test_a_seal_cut_off_while_it_was_written_is_made_again(record: Path) -> None:
    (record / f".{SEAL}.part").write_text('{"format"')
    made = seal(record, now=NOW)
    assert [file.path for file in made.files] == ["plots/loss.svg", "run.json"]


def test_what_is_no_plain_file_is_refused(record: Path) -> None:
    (record / "link").symlink_to("run.json")
    with pytest.raises(RecordRefused, match="'link'"):
        seal(record, now=NOW)
    assert not (record / SEAL).exists()


def test_a_linked_folder_is_refused_and_not_followed(record: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (record / "elsewhere").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(RecordRefused, match="'elsewhere'"):
        seal(record, now=NOW)


def test_a_name_that_would_forge_a_line_of_the_list_is_refused(record: Path) -> None:
    (record / "a\nb").write_text("")
    with pytest.raises(RecordRefused, match="cannot be written down"):
        seal(record, now=NOW)


def test_there_is_no_seal_without_a_record(tmp_path: Path) -> None:
    with pytest.raises(RecordRefused, match="no record"):
        seal(tmp_path / "nowhere", now=NOW)


@given(listed=st.lists(files, max_size=5, unique_by=lambda file: file.path), data=st.data())
def test_the_root_does_not_depend_on_the_order_and_changes_with_any_file(
    listed: list[SealedFile], data: st.DataObject
) -> None:
    root = root_sha256(listed)
    assert root_sha256(data.draw(st.permutations(listed))) == root
    if listed:
        assert root_sha256(listed[1:]) != root
        assert root_sha256([listed[0].model_copy(update={"bytes": 100}), *listed[1:]]) != root
