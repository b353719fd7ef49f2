"""The law's data as values, each file read when it is first asked for."""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fabrica.aiact import schema, schema_accounts, schema_documents
from fabrica.reference.reading import ReferenceMalformed

LAW = Path(__file__).parent / "law"
RULES = Path(__file__).parent / "rules"
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is much faster, where it is built
Shape = TypeVar("Shape", bound=BaseModel)


def read(shape: type[Shape], file: Path) -> Shape:
    """Return a file's content in its shape.

    Raises:
        ReferenceMalformed: not readable, not YAML, or not of this shape; says where.
    """
    try:
        return shape.model_validate(yaml.load(file.read_bytes(), Loader=_SafeLoader))  # noqa: S506 - a safe loader
    except OSError as error:
        raise ReferenceMalformed(file, "", f"cannot be read ({error.strerror})", "install the package again") from error
    except yaml.YAMLError as error:
        raise ReferenceMalformed(file, "", f"is not YAML ({error})", "correct the syntax there") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = ".".join(map(str, first["loc"]))
        raise ReferenceMalformed(file, keys, first["msg"], f"it now holds {first['input']!r:.60}") from None


@cache
def digest() -> str:
    """Return the SHA-256 of the law's data and the rules: another one means that results may be others."""
    found = hashlib.sha256()
    for file in sorted((*LAW.glob("*.yaml"), *RULES.glob("*.yaml"))):
        found.update(f"{file.parent.name}/{file.name}\n".encode() + file.read_bytes())
    return found.hexdigest()


@cache
def about() -> schema.About:
    """Return the data's version, the day it was checked, and what its confidence words mean."""
    return _instruments().meta


@cache
def instruments() -> Mapping[str, schema.Instrument]:
    """Return the acts, guidelines and codes by their id."""
    return MappingProxyType({one.id: one for one in _instruments().instruments})


@cache
def _instruments() -> schema.Instruments:
    return read(schema.Instruments, LAW / "instruments.yaml")


@cache
def timeline() -> schema.Timeline:
    """Return the days from which things apply."""
    return read(schema.Timeline, LAW / "timeline.yaml")


@cache
def thresholds() -> Mapping[str, schema.Threshold]:
    """Return the numbers of the Act and its guidance by their id."""
    found = read(schema.Thresholds, LAW / "thresholds.yaml").thresholds
    return MappingProxyType({one.id: one for one in found})


@cache
def practices() -> Mapping[str, schema.Practice]:
    """Return the points of Article 5 by their id."""
    found = read(schema.ProhibitedPractices, LAW / "prohibited_practices.yaml").prohibited_practices
    return MappingProxyType({one.id: one for one in found})


@cache
def high_risk() -> schema.HighRisk:
    """Return the routes into high risk and the way out."""
    return read(schema.HighRiskFile, LAW / "high_risk.yaml").high_risk


@cache
def tiers() -> Mapping[str, str]:
    """Return each tier with its basis, in the order they are told."""
    return read(schema.Tiers, LAW / "tiers.yaml").tiers


@cache
def vocabulary() -> Mapping[str, schema.Fact]:
    """Return the facts a classification may use, by their key."""
    return read(schema.Vocabulary, LAW / "vocabulary.yaml").facts_vocabulary


@cache
def procedure() -> tuple[schema.Step, ...]:
    """Return the steps of a classification."""
    return read(schema.Procedure, LAW / "classification_procedure.yaml").classification_procedure


@cache
def obligations() -> Mapping[str, schema.Obligation]:
    """Return every duty by its id, in the order of the law's data."""
    return MappingProxyType({one.id: one for one in _obligations().obligations})


@cache
def duty_order() -> Mapping[str, int]:
    """Return the place of each duty in the law's data."""
    return {duty: place for place, duty in enumerate(obligations())}


@cache
def bundles() -> Mapping[str, tuple[str, ...]]:
    """Return the duties that come together, by the bundle's name."""
    return _obligations().obligation_bundles


@cache
def _obligations() -> schema.Obligations:
    return read(schema.Obligations, LAW / "obligations.yaml")


@cache
def penalties() -> Mapping[str, schema.Penalty]:
    """Return the tiers of fines by their id."""
    found = read(schema.Penalties, LAW / "penalties.yaml").penalties
    return MappingProxyType({one.id: one for one in found})


@cache
def traps() -> tuple[schema.Trap, ...]:
    """Return wrong answers that are often given, each with the right one."""
    return _questions().answer_traps


@cache
def open_questions() -> Mapping[str, schema.OpenQuestion]:
    """Return the questions that nobody has settled, by their id."""
    return MappingProxyType({one.id: one for one in _questions().open_questions})


@cache
def _questions() -> schema.OpenQuestions:
    return read(schema.OpenQuestions, LAW / "open_questions.yaml")


@cache
def evidence_kinds() -> Mapping[str, schema_documents.Evidence]:
    """Return the kinds of evidence by their id."""
    found = read(schema_documents.EvidenceCatalogue, LAW / "evidence_catalogue.yaml").evidence_catalogue
    return MappingProxyType({one.id: one for one in found})


@cache
def document_templates() -> Mapping[str, schema_documents.DocumentTemplate]:
    """Return the documents of the Act by their key, such as `annex_iv`."""
    return read(schema_documents.DocumentTemplates, LAW / "document_templates.yaml").document_templates


@cache
def compute_accounting() -> schema_accounts.Compute:
    """Return how training compute is counted."""
    return read(schema_accounts.ComputeAccounting, LAW / "compute_accounting.yaml").compute_accounting


@cache
def energy_reporting() -> schema_accounts.Energy:
    """Return what the law asks about energy."""
    return read(schema_accounts.EnergyReporting, LAW / "energy_reporting.yaml").energy_reporting


@cache
def limits() -> Mapping[str, float | date]:
    """Return the numbers and days that rules compare with, by name.

    The days from which a legacy rule counts back are the days the duties themselves apply from.
    """
    numbers = {one.id: one.value_flop or one.value_ratio for one in thresholds().values()}
    rules = timeline().application_rules
    days = {
        "high_risk_annex_iii_day": rules.high_risk_annex_iii,
        "high_risk_annex_i_day": rules.high_risk_annex_i,
        "gpai_day": day_of("gp-53-1d", "placed_from_2025_08_02"),
        "marking_day": day_of("tr-50-2", "placed_from_2026_08_02"),
    }
    return MappingProxyType({name: limit for name, limit in {**numbers, **days}.items() if limit is not None})


def day_of(obligation: str, case: str) -> date:
    """Return the day a duty applies from in one case of its data, such as `annex_iii`."""
    days = obligations()[obligation].applies_from
    assert not isinstance(days, str), f"{obligation} has one day, not one for {case}"
    return days[case]


@cache
def public_authority_day() -> date:
    """Return the day by which legacy high-risk systems for public authorities must comply.

    Source: Regulation (EU) 2024/1689, Art. 111(2).
    """
    (day,) = (one.date for one in timeline().timeline if one.basis == "Art. 111(2)")
    return day
