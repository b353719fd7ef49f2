"""A day is typed as people write it in the calendar of a computer, and as nothing else."""

from datetime import date

import click
import pytest

from fabrica.cli.inputs import DAY


def test_a_day_is_read_as_a_day() -> None:
    assert DAY.convert("2027-06-30", None, None) == date(2027, 6, 30)


@pytest.mark.parametrize("text", ["2027-13-01", "30.6.2027", "tomorrow", ""])
def test_what_is_no_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2027-06-30"):
        DAY.convert(text, None, None)
