"""A field of cells is drawn wide and narrow, and a hostile name is text."""

from collections.abc import Sequence

from fabrica.planning.heat import heat

ROWS: list[tuple[str, Sequence[float | None]]] = [
    ("<b>a</b>", [0.0, 0.5, None]),
    ("a very long name of a partition that has no room", [1.0, 2.0, -1.0]),
]
PICTURE = heat("use", 'Use "now" & then.', ROWS, ("day 0", "day 3"), ("idle", "full"))


def test_it_is_drawn_twice_with_words_for_who_cannot_see_it() -> None:
    assert PICTURE.count("<svg ") == PICTURE.count('role="img"') == PICTURE.count("<title id=") == 2
    assert "&quot;now&quot; &amp; then" in PICTURE


def test_names_are_text_and_cut_to_their_column() -> None:
    assert "<b>" not in PICTURE
    assert "a very long name of a pa…" in PICTURE


def test_values_beyond_the_ends_are_drawn_as_the_ends_and_nothing_as_an_empty_frame() -> None:
    assert PICTURE.count('class="hole"') == 2
    assert 'fill-opacity="1.00"' in PICTURE
    assert 'fill-opacity="0.06"' in PICTURE
    assert 'fill-opacity="-' not in PICTURE
