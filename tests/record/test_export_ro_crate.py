"""The RO-Crate validator accepts the export against the Process Run Crate profile.

The validator wants the RO-Crate context from the network, which tests do not have. It gets the terms that a crate of
ours uses, each with the address that RO-Crate 1.1 gives it; any other term is refused as unknown. It cannot
read a crate in a folder whose name has a space.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

from fabrica.record.export_ro_crate import METADATA, export_ro_crate
from fabrica.wire.record import RecordRefused
from tests.record.sample import NOW, make_record

SCHEMA_ORG_TERMS = (
    *("about", "actionStatus", "agent", "contentSize", "datePublished", "description", "encodingFormat", "endTime"),
    *("error", "hasPart", "instrument", "license", "mentions", "name", "object", "result", "softwareVersion"),
    *("startTime", "value", "version", "CreateAction", "CreativeWork", "Dataset", "Organization", "PropertyValue"),
    *("SoftwareApplication", "location", "Place", "softwareRequirements"),
)
CONTEXT = {
    "@context": {
        **{term: f"http://schema.org/{term}" for term in SCHEMA_ORG_TERMS},
        "File": "http://schema.org/MediaObject",
        "conformsTo": "http://purl.org/dc/terms/conformsTo",
    }
}


class ContextAnswer:
    """What the validator would get from the network."""

    status_code = 200
    headers = {"Content-Type": "application/ld+json"}  # noqa: RUF012
    text = json.dumps(CONTEXT)

    def json(self) -> Any:
        return CONTEXT


@pytest.fixture
def crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(HttpRequester, "get", lambda self, url, **options: ContextAnswer(), raising=False)
    record, outputs = make_record(tmp_path)
    return export(record, tmp_path / "crate", outputs)


def export(record: Path, target: Path, outputs: Path | None = None) -> Path:
    return export_ro_crate(
        record, target, now=NOW, licence="https://spdx.org/licenses/CC-BY-4.0", outputs=outputs
    ).parent


def issues(crate: Path) -> list[str]:
    """Return what the validator says against a crate, by the words of the profile."""
    wanted = models.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier="process-run-crate",
        requirement_severity=models.Severity.REQUIRED,
        offline=True,
    )
    return [str(issue.message) for issue in services.validate(wanted).get_issues()]


def graph(crate: Path) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in json.loads((crate / METADATA).read_bytes())["@graph"]}


def test_the_validator_accepts_the_export(crate: Path) -> None:
    assert issues(crate) == []


def test_the_validator_accepts_a_failed_run_without_outputs(crate: Path, tmp_path: Path) -> None:
    record, _ = make_record(tmp_path / "failed", reason="memory_exceeded", started_at=None)
    failed = export(record, tmp_path / "failed-crate")
    assert issues(failed) == []
    assert graph(failed)["#run"]["error"].startswith("memory_exceeded")


def test_the_validator_refuses_an_export_without_its_instrument(crate: Path) -> None:
    content = json.loads((crate / METADATA).read_bytes())
    for entity in content["@graph"]:
        entity.pop("instrument", None)
    (crate / METADATA).write_text(json.dumps(content))
    assert any("instrument" in issue for issue in issues(crate))


def test_every_file_of_record_and_outputs_is_a_part_and_is_there(crate: Path) -> None:
    parts = [part["@id"] for part in graph(crate)["./"]["hasPart"]]
    there = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()} - {METADATA}
    assert {unquote(part) for part in parts} == there
    assert "record/seal.json" in parts


def test_settings_go_in_and_metrics_and_outputs_come_out(crate: Path) -> None:
    entities = graph(crate)
    into = {link["@id"] for link in entities["#run"]["object"]}
    out = {link["@id"] for link in entities["#run"]["result"]}
    assert into == {"#dataset-bikeshare", "#parameter-trees"}
    assert out == {"outputs/mod%C3%A8le%201.txt", "#metric-bpc%2Fde", "#metric-mae", "#metric-loss"}
    assert entities["#metric-mae"]["value"] == 31.86882649379942
    assert entities["#parameter-trees"]["value"] == "395"


def test_it_says_where_the_run_was_and_with_which_packages(crate: Path) -> None:
    found = graph(crate)
    assert found["#run"]["location"] == [{"@id": "#site-vega"}]
    assert "partition gpu" in found["#site-vega"]["description"]
    assert {"@id": "#package-numpy"} in found["#command"]["softwareRequirements"]
    assert found["#package-numpy"]["softwareVersion"] == "2.4.6"
    assert found["#python"]["softwareVersion"] == "3.11.7"


def test_no_folder_is_overwritten_and_no_half_crate_left(crate: Path, tmp_path: Path) -> None:
    record, _ = make_record(tmp_path / "second")
    with pytest.raises(RecordRefused, match="exists already"):
        export(record, crate)
    (record / "run.json").write_text("{}")
    with pytest.raises(RecordRefused, match="does not say what was run"):
        export(record, tmp_path / "other")
    assert not list(tmp_path.glob("*other*"))
