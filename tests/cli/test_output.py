"""What somebody else wrote is printed as it is."""

import pytest

from fabrica.cli.output import console, print_text, table

HOSTILE = "[/b] [task 0 of 2] [bold]"


def test_a_bracket_in_a_cell_or_a_sentence_is_no_style(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(table(("name",), [(HOSTILE,)]))
    print_text(HOSTILE)
    assert capsys.readouterr().out.splitlines() == ["name".ljust(len(HOSTILE)), HOSTILE, HOSTILE]
