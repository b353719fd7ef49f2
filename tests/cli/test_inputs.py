"""A day is typed as people write it in the calendar of a computer, a country by its ISO code, and as nothing else."""

from datetime import date

import click
import pytest

from fabrica.cli.inputs import COUNTRY, DAY, FiniteRange


def test_a_day_is_read_as_a_day() -> None:
    assert DAY.convert("2027-06-30", None, None) == date(2027, 6, 30)


@pytest.mark.parametrize("text", ["2027-13-01", "30.6.2027", "tomorrow", ""])
def test_what_is_no_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2027-06-30"):
        DAY.convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "meant"), [("Finland", "FI may be meant"), ("uk", "GB may be meant"), ("XX", "such as FI")]
)
def test_what_is_no_country_is_refused_with_the_code_that_was_meant(text: str, meant: str) -> None:
    with pytest.raises(click.BadParameter, match=meant):
        COUNTRY.convert(text, None, None)
    assert COUNTRY.convert("FI", None, None) == "FI"
    assert COUNTRY.convert("", None, None) == ""


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_what_python_takes_for_a_number_and_people_do_not_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        FiniteRange(min=0).convert(text, None, None)
    assert FiniteRange(min=0).convert("1.5", None, None) == 1.5
