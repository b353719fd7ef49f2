"""Options as people write them: what is read, and what is refused with its line."""

from pathlib import Path

import pytest

from fabrica.planning.option_values import read_accounts, reservations_of, stops_of, windows_of
from fabrica.planning.options import Stops, Window
from fabrica.wire.planning import OptionsImpossible


def test_windows_are_read_and_all_is_the_whole_cluster() -> None:
    assert windows_of(["5:10:8", "20:30:all"], 64) == (Window(5, 10, 8), Window(20, 30, 64))


@pytest.mark.parametrize("text", ["5:10", "a:10:8", "5:10:8:2", "-5:10:8", "5:10:most", "²:10:8"])
def test_a_window_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(OptionsImpossible, match="is no window"):
        windows_of([text], 64)


def test_reservations_are_windows_that_name_accounts() -> None:
    assert reservations_of(["5:10:all:ana,ben,ana"], 64) == (Window(5, 10, 64, ("ana", "ben")),)


@pytest.mark.parametrize("text", ["5:10:8", "5:10:8:", "5:10:8:,", "ana", ""])
def test_a_reservation_for_nobody_is_refused(text: str) -> None:
    with pytest.raises(OptionsImpossible, match="is no reservation"):
        reservations_of([text], 64)


def test_stops_have_a_published_rate_or_one_that_is_given() -> None:
    assert stops_of("published", None, None, 7) == Stops(seed=7)
    assert stops_of("1000", 60, 5, 0) == Stops(1000.0, 60, repair_seconds=5)
    assert stops_of("published", None, None, 0, 0.25) == Stops(leaf_share=0.25)
    assert stops_of(None, None, None, 0) is None


def test_leaves_that_fail_where_nothing_stops_are_refused() -> None:
    with pytest.raises(OptionsImpossible, match="Nothing stops"):
        stops_of(None, None, None, 0, 0.25)


@pytest.mark.parametrize(("rate", "checkpoint"), [("often", None), (None, 60)])
def test_a_rate_that_is_none_is_refused(rate: str | None, checkpoint: int | None) -> None:
    with pytest.raises(OptionsImpossible):
        stops_of(rate, checkpoint, None, 0)


def test_accounts_are_read_and_empty_fields_bound_nothing(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("account,share,device_hours\na,2,\nb,,1.5\n")
    assert read_accounts(file) == ({"a": 2.0}, {"b": 5400})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user,share\n", "Line 1 .* lacks 'account'"),
        ("account,share\na,much\n", "Line 2 .* no number"),
        ("account,share\na,1\nb,-1\n", "Line 3 .* cannot be"),
        ("account,device_hours\na,inf\n", "Line 2 .* no number"),
    ],
)
def test_a_broken_line_of_accounts_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(text)
    with pytest.raises(OptionsImpossible, match=words):
        read_accounts(file)
