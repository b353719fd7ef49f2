"""A record is read for accounts and documents only as it was sealed."""

from pathlib import Path

import pytest

from fabrica.record.reading import read_run
from fabrica.wire.record import RecordRefused
from tests.record.sample import make_record


def test_a_sealed_record_tells_its_run_and_the_hash_of_each_file(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path)
    run = read_run(record)
    assert (run.name, run.purpose, run.site, run.simulated) == ("ride-demand", "exploratory", "vega", False)
    assert run.parameters == {"trees": 395}
    assert run.datasets[0]["licence"] == "CC-BY-4.0"
    assert run.flop is None
    assert run.energy == ()
    assert set(run.files) == {path.name for path in record.iterdir()} - {"seal.json"}


def test_a_changed_record_is_refused_with_the_file(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path)
    (record / "run.json").write_text("{}")
    with pytest.raises(RecordRefused, match="not as it was sealed") as refused:
        read_run(record)
    assert refused.value.facts["file"] == "run.json"


def test_an_unsealed_record_is_refused(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path)
    (record / "seal.json").unlink()
    with pytest.raises(RecordRefused):
        read_run(record)


def test_a_record_that_tells_no_run_is_refused(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path, purpose="for fun")
    with pytest.raises(RecordRefused, match="purpose"):
        read_run(record)
