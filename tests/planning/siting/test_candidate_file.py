"""A file of candidates is read strictly: each mistake is named with its key, its line and what would be right."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.siting.candidate_file import parse_question, read_question
from fabrica.wire.siting import CandidatesRefused
from tests.architecture.source import ROOT

WHOLE = """\
[need]
power_megawatts = 220
in_year = 2030

[limits.pue]
max = 1.3
reason = "the law of the land"
source = "https://example.org/law"

[limits.country]
among = ["AT", "FI"]
reason = "who pays"
source = "a letter"

[[users]]
name = "a city"
latitude = 50.0
longitude = 4.0
share = 3

[candidates.north]
name = "North"
country = "FI"
latitude = 64.0
longitude = 27.7
pue = { low = 1.05, high = 1.12, source = "the operator", as_of = "2026-05", confidence = "medium" }
price_eur_per_megawatt_hour = { value = 40, source = "an offer" }

[candidates.north.power_megawatts]
2028 = { low = 50, high = 80, source = "the grid" }
2030 = { low = 220, high = 300, source = "the grid" }
"""


def test_a_whole_file_is_read() -> None:
    question = parse_question(WHOLE, "the file")
    (north,) = question.candidates
    assert (north.name, north.country, sorted(north.power_megawatts)) == ("North", "FI", [2028, 2030])
    assert north.measures["pue"].source.confidence == "medium"
    assert north.measures["price_eur_per_megawatt_hour"].low == 40
    assert [limit.criterion for limit in question.limits] == ["power_megawatts", "pue", "country"]
    assert [one.share for one in question.users] == [3.0]


def test_runs_of_the_network_are_asked_for_with_what_nobody_has_published() -> None:
    table = '[network]\naccelerator = "GB300"\ndevices = 1000\nportable_share = 0.3\n'
    runs = parse_question(f"{table}{WHOLE}", "the file").network
    assert runs is not None
    assert (runs.accelerator, runs.devices, runs.portable_share, runs.days) == ("GB300", 1000, 0.3, 28)
    for before, after, told in (
        ("portable_share = 0.3", "", "nobody has published"),
        ("devices = 1000", "", "has no devices"),
        ('"GB300"', '"GB3000"', "Did you mean 'GB300'"),
        ('"GB300"', '"abacus"', "Known: "),
        ("devices = 1000", "devices = 1e9", "from 1 to 1,000,000"),
        ("devices = 1000", "devices = 1000\nreplications = 1", "so that there is an interval"),
    ):
        with pytest.raises(CandidatesRefused) as refused:
            parse_question(f"{table.replace(before, after)}{WHOLE}", "the file")
        assert told in str(refused.value)


def test_the_example_is_read() -> None:
    question = read_question(ROOT / "examples" / "siting" / "hosts.toml")
    assert len(question.candidates) > 20
    assert question.assumed


@pytest.mark.parametrize(
    ("before", "after", "told", "line"),
    [
        ("pue = {", "puee = {", "Did you mean 'pue'?", 26),
        ("value = 40", "value = 0.04", "ten times cents for a kWh", 27),
        ("low = 1.05", "low = 105", "a ratio from 1 up", 26),
        ("low = 50, high = 80", "low = 50000, high = 80000", "1,000 kW are 1 MW", 30),
        ("low = 1.05, high = 1.12", "low = 1.3, high = 1.12", "not in this order", 26),
        (', source = "an offer"', "", "has no source", 27),
        ('source = "the operator"', 'source = " "', "has no source", 26),
        ("{ value = 40,", '{ value = "40",', "is no number", 27),
        ("{ value = 40,", "{ value = true,", "is no number", 27),
        ("{ value = 40,", "{ low = 40,", "has no figure", 27),
        ("{ value = 40,", "{ value = nan,", "is no number", 27),
        ('country = "FI"', 'country = "Finland"', "Did you mean 'FI'?", 23),
        ('country = "FI"', 'country = "uk"', "Did you mean 'GB'?", 23),
        ('country = "FI"', 'country = "ZZ"', "'ZZ' is no country", 23),
        ('country = "FI"', "country = 9", "Write an ISO code", 23),
        ('["AT", "FI"]', '["AT", "XX"]', "'XX' is no country", 11),
        ("latitude = 64.0", "latitude = 640", "degrees from -90 to 90", 24),
        ("longitude = 27.7\n", "", "one of latitude and longitude", None),
        ("in_year = 2030", "in_year = 30", "Write a year", 3),
        ("in_year = 2030\n", "", "Give both", 1),
        ("2028 =", "soon =", "is no year", 30),
        ("max = 1.3", "", "has no bound", None),
        ('reason = "the law of the land"', "", "has no reason", None),
        ("share = 3", "share = 0", "a number over 0", 19),
        ("[candidates.north]", "[candidates.North_1]", "small letters", None),
        ('confidence = "medium"', 'confidence = "sure"', "high, medium or low", 26),
        ("confidence =", "confident =", "Did you mean 'confidence'?", 26),
        ("max = 1.3", "max = 1.2\nmin = 1.3", "a min over its max", 5),
        ("[need]", 'include = ["all"]\n[need]', "a list of bids and hosts", 1),
        ("[candidates.north]", "[candidates.north", "no valid TOML", None),
    ],
)
def test_a_mistake_is_named_with_its_line(before: str, after: str, told: str, line: int | None) -> None:
    assert before in WHOLE
    with pytest.raises(CandidatesRefused) as refused:
        parse_question(WHOLE.replace(before, after), "the file")
    assert told in str(refused.value)
    if line is not None:
        assert f"line {line}:" in str(refused.value)


def test_a_file_without_candidates_is_refused() -> None:
    with pytest.raises(CandidatesRefused, match="no candidate"):
        parse_question("", "the file")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=5), one),
        max_leaves=8,
    )
)
def test_whatever_stands_at_a_key_is_read_or_named(value: object) -> None:
    for key in ("pue = {", "share = 3", "2028 = {"):
        text = WHOLE.replace(key, f"{key.split(' ')[0]} = {value!r}\n# ")
        with contextlib.suppress(CandidatesRefused):
            parse_question(text, "the file")


def test_a_file_that_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(CandidatesRefused, match="larger"):
        read_question(large)
    with pytest.raises(CandidatesRefused, match="cannot be read"):
        read_question(tmp_path / "none.toml")
    large.write_bytes(b"\xff")
    with pytest.raises(CandidatesRefused, match="UTF-8"):
        read_question(large)
