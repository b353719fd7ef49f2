"""The shelf keeps imported texts for their owner alone."""

from datetime import date
from pathlib import Path

import pytest

from fabrica.aiact.questions.official import read_official
from fabrica.aiact.questions.shelf import put, texts
from fabrica.wire.questions import TextRefused

TEXT = read_official(b"Article 1\nA.\n", name="../../a.txt", imported_on=date(2026, 11, 21))


def test_a_text_comes_back_as_it_was_and_once(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    assert texts(shelf) == ()
    file = put(TEXT, shelf)
    put(TEXT, shelf)
    assert texts(shelf) == (TEXT,)
    assert [one.name for one in shelf.iterdir()] == [file.name]
    assert file.parent == shelf
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_text_is_named(tmp_path: Path) -> None:
    file = put(TEXT, tmp_path)
    file.write_text("{")
    with pytest.raises(TextRefused, match=file.name):
        texts(tmp_path)


def test_a_text_that_came_later_is_read_and_one_that_stays_is_read_once(tmp_path: Path) -> None:
    put(TEXT, tmp_path)
    (first,) = texts(tmp_path)
    assert texts(tmp_path)[0] is first
    other = read_official(b"Article 2\nB.\n", name="b.txt", imported_on=date(2026, 11, 21))
    put(other, tmp_path)
    assert set(texts(tmp_path)) == {TEXT, other}
