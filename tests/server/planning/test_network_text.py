"""A scenario's file opens as fields and rows, and nothing of it is lost."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.placement.snapshot import Weights
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import Account, Change, OwnSite, Scenario, Window
from fabrica.server.planning.network_text import (
    ROWS,
    ROWS_MAX,
    TABLES,
    TOP,
    Line,
    doubled,
    merged,
    open_text,
    write_lines,
    written,
)

FILE_ALONE = {
    "base",  # of a file; a server reads no other
    "work.trace",
    "site.gco2e_per_kwh_file",
    "site.eur_per_kwh_file",
    "change.gco2e_per_kwh_file",
    "change.eur_per_kwh_file",
    "period.seed",  # a server runs a scenario with the seed of its own field
    "network.without",
    "work.growth",
}
"""Every key without a field: a new one is either shown or named here, on purpose."""
LISTS = {"site": OwnSite, "change": Change, "window": Window, "account": Account}
EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "network").glob("*.toml"))


def test_every_key_has_a_field_or_is_left_to_the_file_on_purpose() -> None:
    hints = get_type_hints(Scenario)
    known = {f"{table}.{one.name}" for table in TABLES if table != "policy" for one in fields(hints[table])}
    known |= {f"{table}.{one.name}" for table, kind in LISTS.items() for one in fields(kind)}
    known |= {f"policy.{one.name}" for one in fields(Weights)} | {"policy.pue_assumed"}
    known |= {"name", "description", "base"}
    shown = {f"{table}.{key}" for table, keys in (*TABLES.items(), *ROWS.items()) for key in keys} | set(TOP)
    assert known - shown == FILE_ALONE
    assert shown <= known


def together(text: str) -> dict[str, Any]:
    """Return what an opened file says in all its parts."""
    opened = open_text(text)
    shown = {key: opened.fields[key] for key in TOP if key in opened.fields}
    for table, keys in TABLES.items():
        given = {key: opened.fields[key] for key in keys if key in opened.fields}
        shown |= {table: given} if given else {}
    shown |= {table: list(rows) for table, rows in opened.rows.items() if rows}
    return merged(shown, tomllib.loads(opened.rest))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.stem)
def test_an_example_says_the_same_once_it_was_opened_and_written(example: Path) -> None:
    text = example.read_text()
    assert together(text) == tomllib.loads(text)
    assert tomllib.loads(written(write_lines(together(text)))) == tomllib.loads(text)


def test_what_has_no_field_is_kept_in_the_rest() -> None:
    opened = open_text('[period]\ndays = 5\nseed = 9\n\n[network]\nwithout = ["jaif"]\n')
    assert opened.fields == {"days": 5}
    assert opened.rest == '[period]\nseed = 9\n\n[network]\nwithout = ["jaif"]\n'


def test_rows_that_fields_cannot_show_are_kept_in_the_rest_with_all_after_them() -> None:
    windows = ['accounts = ["account 1"]', 'accounts = ["somebody"]', ""]
    text = "\n".join(f"[[window]]\nfrom_day = 1\nhours = 2\n{one}" for one in windows)
    opened = open_text(text)
    assert len(opened.rows["window"]) == 1
    assert "somebody" in opened.rest
    assert together(text) == tomllib.loads(text)


def test_rows_beyond_those_that_a_page_holds_are_kept_in_the_rest() -> None:
    text = "\n".join(f"[[window]]\nfrom_day = {day}\nhours = 8" for day in range(ROWS_MAX + 3))
    opened = open_text(text)
    assert (len(opened.rows["window"]), opened.rest.count("[[window]]")) == (ROWS_MAX, 3)
    assert together(text) == tomllib.loads(text)


def test_a_key_of_the_rest_that_has_a_field_is_found() -> None:
    assert doubled({"period": {"seed": 1}, "window": [{"hours": 1}]}) is None
    assert doubled({"work": {"growth": 2, "load": 1}}) == "load"
    assert doubled({"name": "twice"}) == "name"


def test_a_line_knows_whose_it_is() -> None:
    lines = write_lines({"name": "x", "work": {"load": 0.5}, "window": [{"hours": 1}, {"hours": 2}]})
    assert lines[0] == Line('name = "x"', key="name")
    assert Line("load = 0.5", "work", 0, "load") in lines
    assert lines[-2:] == [Line("[[window]]", "window", 1), Line("hours = 2", "window", 1, "hours")]
    assert written(lines).splitlines() == [line.text for line in lines]


NUMBERS = st.floats(min_value=0, max_value=300)
WINDOWS = st.fixed_dictionaries(
    {"from_day": NUMBERS, "hours": st.floats(min_value=0.01, max_value=99)},
    optional={
        "site": st.text(max_size=8),
        "every_days": st.floats(min_value=1, max_value=99),
        "accounts": st.lists(st.sampled_from(["account 1", "account 22", "account 0", "x"]), max_size=2),
    },
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "description": st.text(max_size=20),
            "work": st.fixed_dictionaries({}, optional={"load": st.just(0.5), "growth": st.just(2.0)}),
            "window": st.lists(WINDOWS, max_size=ROWS_MAX + 2),
        },
    )
)
def test_any_file_says_the_same_once_it_was_opened_and_written(document: dict[str, Any]) -> None:
    text = written(write_lines(document))
    assert parse_scenario(written(write_lines(together(text)))) == parse_scenario(text)
