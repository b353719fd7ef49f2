"""The law's data: complete, of its schema, and never edited unseen."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.aiact import library, schema, schema_accounts, schema_documents
from fabrica.aiact.schema import Part, Thresholds
from fabrica.reference.reading import ReferenceMalformed

# The digest of all values as they were checked against the sources. A change of law changes it, together with a test
# of what the change means; nothing else may.
DIGEST = "00d294fa25f743b64c21fd96a963737768edb50ca0e600528ac3eb4e156ff9e5"
FACTS = Path(os.environ.get("FABRICA_SHARED_FACTS", Path(__file__).parents[3] / "shared" / "facts")) / "ai_act.yaml"


def _law() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for file in sorted(library.LAW.glob("*.yaml")):
        content = yaml.safe_load(file.read_bytes())
        assert not parts.keys() & content.keys(), f"{file.name} repeats a part"
        parts |= content
    return parts


def test_no_value_of_the_law_changes_unseen() -> None:
    canonical = json.dumps(_law(), sort_keys=True, ensure_ascii=False).encode()
    assert hashlib.sha256(canonical).hexdigest() == DIGEST


@pytest.mark.skipif(not FACTS.exists(), reason="the shared facts are not on this machine")
def test_the_law_equals_the_facts_it_was_copied_from() -> None:
    assert _law() == yaml.safe_load(FACTS.read_bytes())


def test_every_part_is_there() -> None:
    counts = {name: len(part) for name, part in _law().items()}
    assert counts["obligations"] == 70
    assert counts["document_templates"] == 16
    assert sum(len(one["items"]) for one in _law()["document_templates"].values()) == 174
    assert counts["evidence_catalogue"] == 53
    assert counts["facts_vocabulary"] == 65
    assert counts["classification_procedure"] == 11


SHAPES: dict[str, type[Part]] = {
    "amendments": schema_documents.Amendments,
    "classification_procedure": schema.Procedure,
    "compute_accounting": schema_accounts.ComputeAccounting,
    "conformity": schema_documents.Conformity,
    "definitions": schema_documents.Definitions,
    "document_templates": schema_documents.DocumentTemplates,
    "energy_reporting": schema_accounts.EnergyReporting,
    "evidence_catalogue": schema_documents.EvidenceCatalogue,
    "gpai": schema_documents.GpaiFile,
    "high_risk": schema.HighRiskFile,
    "instruments": schema.Instruments,
    "obligations": schema.Obligations,
    "open_questions": schema.OpenQuestions,
    "penalties": schema.Penalties,
    "prohibited_practices": schema.ProhibitedPractices,
    "roles": schema_documents.RolesFile,
    "scope": schema_documents.ScopeFile,
    "thresholds": schema.Thresholds,
    "tiers": schema.Tiers,
    "timeline": schema.Timeline,
    "transparency": schema_documents.TransparencyFile,
    "vocabulary": schema.Vocabulary,
}


def test_every_file_has_a_shape() -> None:
    assert {file.stem for file in library.LAW.glob("*.yaml")} == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_of_a_file_loses_no_value(name: str) -> None:
    file = library.LAW / f"{name}.yaml"
    loaded = library.read(SHAPES[name], file)
    assert loaded.model_dump(mode="json", exclude_unset=True) == yaml.safe_load(file.read_bytes())


def test_what_documents_and_accounts_are_made_from_is_there() -> None:
    assert library.document_templates()["annex_iv"].retention_years == 10
    assert library.evidence_kinds()["run.energy"].fill == "auto"
    assert len(library.compute_accounting().worked_examples) == 8
    assert "facility" in library.energy_reporting().gap


def test_what_a_duty_names_is_there() -> None:
    evidence = {*library.evidence_kinds(), *(f"doc:{name}" for name in library.document_templates())}
    for duty in library.obligations().values():
        assert duty.penalty in library.penalties()
        assert set(duty.evidence) <= evidence, duty.id
    for duties in library.bundles().values():
        assert set(duties) <= set(library.obligations())


def test_days_come_from_the_law() -> None:
    assert str(library.day_of("hr-9", "annex_iii")) == "2027-12-02"
    assert str(library.public_authority_day()) == "2030-08-02"
    assert str(library.limits()["marking_day"]) == "2026-08-02"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thresholds: [{id: a, source: b, confidence: sure}]", "thresholds.0.confidence"),
        ("thresholds: [{id: a, source: b, confidence: text, colour: red}]", "thresholds.0.colour"),
        ("thresholds: [", "is not YAML"),
    ],
)
def test_a_mistake_in_the_data_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "thresholds.yaml"
    file.write_text(text)
    with pytest.raises(ReferenceMalformed, match=said):
        library.read(Thresholds, file)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReferenceMalformed, match="cannot be read"):
        library.read(Thresholds, tmp_path / "gone.yaml")


def test_the_digest_is_another_when_a_rule_or_a_date_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = library.digest()
    for name in ("LAW", "RULES"):
        folder = tmp_path / name.lower()
        shutil.copytree(getattr(library, name), folder)
        monkeypatch.setattr(library, name, folder)
    library.digest.cache_clear()
    assert library.digest() == before
    with (tmp_path / "rules" / "duties.yaml").open("a") as file:
        file.write("# another word\n")
    library.digest.cache_clear()
    assert library.digest() != before
    library.digest.cache_clear()
