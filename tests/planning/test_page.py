"""The page of a report stands alone, and a hostile title stays text."""

from fabrica.planning.page import STYLE, page


def test_a_page_is_whole_and_asks_for_nothing_else() -> None:
    made = page("A <b>title</b>", ["<h1>x</h1>"], STYLE)
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in made
    assert "prefers-color-scheme: dark" in made
    assert not any(word in made for word in ("http:", "https:", "<script", "url("))


def test_every_shape_of_a_picture_has_a_colour_of_the_theme() -> None:
    assert ".area, .bar, .point { fill: var(--fill); }" in STYLE  # a shape without one is black, in the dark too
