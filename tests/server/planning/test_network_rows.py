"""Rows of the builder: what is a row at all, where it may stand, and how one more or less comes about."""

from typing import Any

import pytest
from django.http import QueryDict

from fabrica.server.planning.network_rows import (
    KINDS,
    AccountRow,
    ChangeRow,
    RowChange,
    SiteRow,
    WindowRow,
    as_fields,
    change_of,
    changed,
    give_focus,
    is_told,
    known_places,
    row_sets,
    sites_of,
    told,
    typed,
)
from fabrica.server.planning.network_text import ROWS, Opened

PLACES = (("jaif", "JAIF"), ("it4lia", "IT4LIA"), ("it4lia|Leonardo Booster", "IT4LIA: Leonardo Booster"))


def test_a_nought_is_told_and_nothing_is_not() -> None:
    assert told({"pue": 0, "days": None, "name": "", "on": False, "off": True}) == {"pue": 0, "off": True}
    assert is_told(0.0)


def test_places_are_sites_with_published_machines_and_their_partitions_where_there_are_several() -> None:
    places = dict(known_places())
    assert places["lumi-aif"] == "LUMI AI Factory"
    assert places["lumi-aif|LUMI-G"] == "LUMI AI Factory: LUMI-G"
    assert not any(place.startswith("jaif|") for place in places)
    assert {place for place in places if "|" not in place} == sites_of(("current", "incoming", "upgrade"))


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (ChangeRow, {"site": "jaif", "closed_from_day": 0.0, "closed_to_day": 9.5}),
        (ChangeRow, {"site": "it4lia", "partition": "Leonardo Booster", "leaf_nodes": 18, "pod_leaves": 4, "pue": 1.1}),
        (WindowRow, {"from_day": 1.0, "hours": 8.0}),
        (WindowRow, {"site": "jaif", "from_day": 0.0, "hours": 1.5, "devices": 8, "accounts": ["account 3"]}),
        (AccountRow, {"name": "account 12", "share": 2.0, "device_hours": 0.0}),
        (SiteRow, {"id": "giga", "country": "FI", "accelerator": "GB300", "basis": "a test"}),
    ],
)
def test_a_table_that_is_shown_and_sent_is_the_same_table(kind: type, row: dict[str, Any]) -> None:
    shown = {name: value for name, value in kind.shown(row).items() if is_told(value)}  # type: ignore[attr-defined]  # of rows
    made = kind(shown, places=PLACES, use_required_attribute=False)
    assert made.is_valid(), made.errors
    assert made.row == row


def test_a_row_in_which_nothing_was_filled_in_is_none() -> None:
    untouched = {"id": "giga", "name": "Planned gigafactory", "accelerator": "GB300", "devices": "100000"}
    untouched |= {"basis": "assumed in the portal"}
    assert not SiteRow(untouched, places=(), use_required_attribute=False).has_changed()
    assert SiteRow(untouched | {"country": "FI"}, places=(), use_required_attribute=False).has_changed()
    assert not WindowRow({"place": ""}, places=PLACES, use_required_attribute=False).has_changed()


def test_a_place_that_is_not_there_is_shown_and_refused() -> None:
    made = WindowRow({"place": "gone|main", "from_day": "1", "hours": "2"}, places=PLACES, use_required_attribute=False)
    assert ("gone|main", "gone|main") in made.fields["place"].choices  # type: ignore[attr-defined]  # of a choice
    assert list(made.errors) == ["place"]


def rows_of(begun: dict[str, Any]) -> Any:
    return row_sets(None, as_fields(Opened({}, {table: begun.get(table, ()) for table in ROWS})).rows)


def test_a_row_of_each_list_but_accounts_is_there_to_begin_with() -> None:
    assert {table: len(rows.forms) for table, rows in rows_of({}).items()} == {
        "site": 1,
        "change": 1,
        "window": 1,
        "account": 0,
    }


def test_own_sites_can_be_changed_and_reserved_by_their_names() -> None:
    site = {"id": "giga", "name": "Giga", "country": "FI", "accelerator": "GB300", "basis": "a test"}
    (window,) = rows_of({"site": [site]})["window"].forms
    assert ("giga", "Giga") in window.fields["place"].choices
    (window,) = rows_of({"site": [site, site | {"id": "other"}]})["window"].forms
    assert ("other", "Giga (other)") in window.fields["place"].choices


@pytest.mark.parametrize(
    ("sent", "change"),
    [
        ("", None),
        ("more=window", RowChange("window", None)),
        ("less=site-1", RowChange("site", 1)),
        ("more=wall", None),
        ("less=window", None),
        ("less=window--1", None),
        ("less=window-x", None),
    ],
)
def test_a_button_for_rows_is_known_and_nothing_else(sent: str, change: RowChange | None) -> None:
    assert change_of(QueryDict(sent)) == change


def test_one_more_is_empty_and_has_the_focus_and_one_less_is_gone() -> None:
    rows = {table: [{"hours": 1}, {"hours": 2}] for table in KINDS}
    assert changed(rows, RowChange("window", None))["window"] == [{"hours": 1}, {"hours": 2}, {}]
    assert changed(rows, RowChange("window", 0)) == rows | {"window": [{"hours": 2}]}
    assert changed(rows, RowChange("window", 7)) == rows
    sets = rows_of({})
    give_focus(sets, RowChange("window", None))
    assert "autofocus" in str(sets["window"].forms[0]["place"])
    assert "autofocus" not in str(sets["change"].forms[0]["place"])


def test_what_was_typed_is_returned_right_or_wrong() -> None:
    made = AccountRow({"name": "none", "share": "-1"}, places=(), use_required_attribute=False)
    assert typed(made) == {"name": "none", "share": "-1", "device_hours": None}
