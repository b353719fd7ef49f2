"""What somebody else wrote is printed as it is."""

import pytest

from fabrica.cli.output import print_table, print_text

HOSTILE = "[/b] [task 0 of 2] [bold]"


def test_a_bracket_in_a_cell_or_a_sentence_is_no_style(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name",), [(HOSTILE,)])
    print_text(HOSTILE)
    assert capsys.readouterr().out.splitlines() == ["name".ljust(len(HOSTILE)), HOSTILE, HOSTILE]


def test_where_no_terminal_reads_a_table_is_as_wide_as_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    row = ("run_01jd0000000000000000000000", "a reason of many words " * 20)
    print_table(("run", "why"), [row])
    assert "  ".join(row).strip() in capsys.readouterr().out
