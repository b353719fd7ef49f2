"""Rows of evidence: a wrong field is named, rows of one thing are joined, and a contradiction stops everything."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.documents.evidence import evidence
from fabrica.aiact.documents.layout import kinds
from fabrica.aiact.documents.rows import LARGEST_TEXT, RowWrong, checked_row, joined, lacking
from fabrica.wire.documents import Evidence, EvidenceContradicts
from tests.aiact.samples import NOW


def _evidence(kind: str, *rows: dict[str, Any], source: str = "register") -> Evidence:
    return evidence(kind, rows, held_by="register", source=source, method="kept", at=NOW, sha256=None)


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(RowWrong, match="did you mean 'legal_name'"):
        checked_row("org.identity", {"legalname": "A"})


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("model.release", {"released_on": "soon"}, "is a day such as"),
        ("model.release", {"released_on": True}, "is a day such as"),
        ("data.id", {"size_tokens": "many"}, "is a number from 0"),
        ("data.id", {"size_tokens": -1}, "is a number from 0"),
        ("data.id", {"size_tokens": float("nan")}, "is a number from 0"),
        ("data.id", {"size_tokens": True}, "is a number from 0"),
        ("data.prov", {"source_class": "found"}, "is one of public"),
        ("org.identity", {"address": [["a"]]}, "neither text nor a list"),
        ("org.identity", {"address": "a" * (LARGEST_TEXT + 1)}, "longer than"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused(kind: str, facts: dict[str, Any], said: str) -> None:
    with pytest.raises(RowWrong, match=said):
        checked_row(kind, facts)


def test_days_numbers_lists_and_maps_are_read() -> None:
    assert checked_row("model.release", {"released_on": "2026-11-20"}) == {"released_on": date(2026, 11, 20)}
    assert checked_row("run.config", {"settings": {"seed": 7}}) == {"settings": ["seed: 7"]}
    assert checked_row("run.config", {"settings": "", "loss": None}) == {}


ROWS = st.dictionaries(st.sampled_from(sorted(kinds()["data.prov"].fields)), st.text(max_size=30) | st.none())


@given(ROWS)
def test_a_checked_row_holds_only_fields_of_its_kind(facts: dict[str, Any]) -> None:
    try:
        row = checked_row("data.prov", facts)
    except RowWrong:
        return
    assert row.keys() <= kinds()["data.prov"].fields.keys()
    assert None not in row.values()


def test_rows_of_the_same_dataset_become_one() -> None:
    given_evidence = [
        _evidence("data.id", {"dataset": "a", "sha256": "1"}, {"dataset": "b"}),
        _evidence("data.id", {"dataset": "a", "size_tokens": 5, "sha256": "1"}),
    ]
    assert joined("data.id", given_evidence) == [{"dataset": "a", "sha256": "1", "size_tokens": 5}, {"dataset": "b"}]


def test_two_places_that_disagree_are_both_named() -> None:
    both = [
        _evidence("model.id", {"version": "1"}, source="run"),
        _evidence("model.id", {"version": "2"}, source="file"),
    ]
    with pytest.raises(EvidenceContradicts, match=r"run says '1', file says '2'"):
        joined("model.id", both)


def test_what_a_kind_lacks_is_named_by_field_and_dataset() -> None:
    rows = [{"dataset": "a", "languages": "de"}, {"dataset": "b"}]
    assert lacking("data.lang", None, rows, ["a", "b", "c"]) == ["data.lang.languages of b", "data.lang of c"]
    assert lacking("data.lang", "shares", rows) == ["data.lang.shares of a, b"]
    assert lacking("data.lang", None, []) == ["data.lang"]
    assert lacking("data.splits", None, [{"training": "9/10", "testing": "1/10"}], ["a"]) == []
