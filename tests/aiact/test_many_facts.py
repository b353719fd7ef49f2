"""Classify many facts at once: each case comes out as the entries of the law's data that it names say."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.aiact import library
from fabrica.aiact.classify import classify

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "many_facts_cases.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["title"]))
def test_many_facts_come_out_as_the_law_says(case: dict[str, Any]) -> None:
    found = classify(case["answers"], date.fromisoformat(case.get("as_of", "2026-11-20")))
    duties = {one.id: one for one in found.obligations}
    fines = {one.id: one for one in found.penalties}
    bundled = {duty for name in case.get("bundles", ()) for duty in library.bundles()[name]}

    assert found.ai_system is case.get("ai_system", True)
    assert case.get("in_scope", True) in (found.in_scope, "any")
    assert set(found.roles) == set(case.get("roles", found.roles))
    assert set(found.roles) >= set(case.get("roles_with", ()))
    assert set(found.roles).isdisjoint(case.get("not_roles", ()))
    assert set(found.tiers) == set(case.get("tiers", found.tiers))
    assert found.confidence == case.get("confidence", found.confidence)
    assert set(case.get("basis", ())) <= set(found.basis)
    assert set(found.basis).isdisjoint(case.get("not_basis", ()))
    assert bundled | set(case.get("duties", ())) <= set(duties)
    assert set(duties).isdisjoint(case.get("not", ()))
    assert {key: _day(found.dates[key]) for key in case.get("dates", ())} == case.get("dates", {})
    assert {key: _day(duties[key].formal_date) for key in case.get("formal", ())} == case.get("formal", {})
    assert {key: _day(duties[key].former_date) for key in case.get("former", ())} == case.get("former", {})
    assert all(duties[key].in_force for key in case.get("in_force", ()))
    assert not any(duties[key].in_force for key in case.get("not_in_force", ()))
    assert set(case.get("penalties", ())) <= set(fines)
    assert set(fines).isdisjoint(case.get("not_penalties", ()))
    assert all(str(fines[key].rule).startswith(limit) for key, limit in case.get("limits", {}).items())
    assert set(case.get("open", ())) <= {one.fact for one in found.open_questions}
    assert set(case.get("possible", ())) <= {*found.tiers, *found.possible_tiers}
    assert set(case.get("unsettled", ())) <= {one.id for one in found.unsettled}


def test_every_case_names_what_establishes_it_in_the_law() -> None:
    entries = {entry for file in library.LAW.glob("*.yaml") for entry in _entries(yaml.safe_load(file.read_text()))}
    assert all(case["law"] for case in CASES)
    assert {str(name) for case in CASES for name in case["law"]} <= entries


def _entries(law: Any) -> Iterator[str]:
    """Yield every key of the data, and every value: an entry is named by its id, term, point or key."""
    if isinstance(law, dict):
        yield from map(str, law)
        law = list(law.values())
    for one in law if isinstance(law, list) else ():
        yield from _entries(one)
    if isinstance(law, str):
        yield law


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
