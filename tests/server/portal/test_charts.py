"""Charts say what their values say, whatever the values are."""

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.portal.charts import ROWS_MAX, Rule, Series, bar, describe, grid, line_plot, table_rows

HOSTILE = '"><script>alert(1)</script>&<img src=x onerror="y">'
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def drawn(markup: str) -> ElementTree.Element:
    """Read markup as XML, which fails where anything was not escaped or closed."""
    return ElementTree.fromstring(markup)


def numbers(picture: ElementTree.Element) -> list[float]:
    """Return every coordinate of the picture."""
    found = []
    for part in picture.iter():
        found += [float(part.attrib[key]) for key in ("x1", "x2", "y1", "y2", "cx", "cy") if key in part.attrib]
        found += [float(word) for word in part.attrib.get("d", "").replace("M", " ").replace("L", " ").split()]
    return found


def test_hostile_names_stay_text() -> None:
    plot = line_plot([Series(HOSTILE, ((1, 2.0), (2, 3.0)))], title=HOSTILE, x_name=HOSTILE, rule=Rule(HOSTILE, 2.5))
    assert "<script" not in plot
    assert "<img" not in plot
    assert HOSTILE in [part.text for part in drawn(plot).iter()]
    assert "<script" not in bar([("bar-used", 1.0)], whole=2.0, title=HOSTILE)


def test_a_plot_carries_no_inline_style_or_script() -> None:
    plot = line_plot([Series("loss", ((1, 2.0), (2, 3.0)))], title="loss")
    assert all(key != "style" and not key.startswith("on") for part in drawn(plot).iter() for key in part.attrib)


@pytest.mark.parametrize("points", [(), ((1, None),), ((1, math.nan), (2, math.inf)), ((1, 1e308),)])
def test_nothing_to_draw_says_so(points: tuple[tuple[float, float | None], ...]) -> None:
    assert "No values yet" in line_plot([Series("loss", points)], title="loss")
    assert "No values yet" in line_plot([], title="loss")


def test_one_point_is_drawn_inside_the_picture() -> None:
    picture = drawn(line_plot([Series("loss", ((5, 0.0),))], title="loss", x_name="step"))
    circles = [part for part in picture.iter() if part.tag == "circle"]
    assert len(circles) == 1
    assert "step 5" in [part.text for part in picture.iter()]


def test_a_missing_value_breaks_the_line() -> None:
    plot = line_plot([Series("loss", ((1, 1.0), (2, 2.0), (3, math.nan), (4, 2.0), (5, 1.0)))], title="loss")
    path = next(part.attrib["d"] for part in drawn(plot).iter() if "chart-line" in part.attrib.get("class", ""))
    assert path.count("M") == 2


def test_steps_out_of_order_are_drawn_in_order_and_the_last_of_a_step_counts() -> None:
    in_order = line_plot([Series("loss", ((1, 1.0), (2, 4.0), (3, 9.0)))], title="loss")
    mixed = line_plot([Series("loss", ((3, 9.0), (1, 7.0), (2, 4.0), (1, 1.0)))], title="loss")
    lines = [next(part.attrib["d"] for part in drawn(plot).iter() if part.tag == "path") for plot in (in_order, mixed)]
    assert lines[0] == lines[1]


def test_a_logarithmic_scale_gives_equal_factors_equal_heights() -> None:
    plot = line_plot([Series("rate", ((1, 1.0), (2, 0.1), (3, 0.01)))], title="rate", log_scale=True)
    path = next(part.attrib["d"] for part in drawn(plot).iter() if part.tag == "path")
    heights = [float(corner.split()[1]) for corner in path[1:].split("L")]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)


def test_a_logarithmic_scale_without_positive_values_falls_back_to_a_linear_one() -> None:
    plot = line_plot([Series("loss", ((1, -1.0), (2, 0.0)))], title="loss", log_scale=True)
    assert any(part.tag == "path" for part in drawn(plot).iter())


def test_a_spike_among_very_many_points_is_kept() -> None:
    points = tuple((step, 100.0 if step == 77_777 else 1.0) for step in range(100_000))
    plot = line_plot([Series("loss", points)], title="loss")
    flat = line_plot([Series("loss", tuple((step, 1.0) for step in range(100_000)))], title="loss")
    assert len(plot) < 20_000
    heights = {corner.split()[1] for corner in next(p.attrib["d"] for p in drawn(plot).iter("path"))[1:].split("L")}
    assert len(heights) == 2
    assert flat != plot


@given(st.lists(st.tuples(st.floats(-1e300, 1e300), st.none() | ANY_FLOAT), max_size=8), ANY_FLOAT, st.booleans())
def test_whatever_the_values_every_coordinate_is_on_the_picture(
    points: list[tuple[float, float | None]], level: float, log_scale: bool
) -> None:
    plot = line_plot([Series("loss", tuple(points))], title="loss", rule=Rule("baseline", level), log_scale=log_scale)
    assert all(-1 <= number <= 421 for number in numbers(drawn(plot)))


def test_the_text_alternative_tells_the_figures() -> None:
    words = describe([Series("loss", ((1, 4.0), (2, math.nan), (3, 1.5)))], Rule("baseline", 2.0))
    assert words == "loss: 2 values, first 4, last 1.5, lowest 1.5, highest 4. baseline: 2."


def test_the_table_holds_first_and_last_step_and_stays_short() -> None:
    rows = table_rows([Series("a", tuple((step, 1.0) for step in range(1000))), Series("b", ((0, None), (999, 2.0)))])
    assert len(rows) == ROWS_MAX
    assert rows[0] == ("0", ["1", "—"])
    assert rows[-1] == ("999", ["1", "2"])


@given(st.lists(ANY_FLOAT, max_size=5), ANY_FLOAT)
def test_a_bar_never_runs_past_its_end(amounts: list[float], whole: float) -> None:
    picture = drawn(bar([("bar-used", amount) for amount in amounts], whole=whole, title="used"))
    ends = [
        float(part.attrib["x"].rstrip("%")) + float(part.attrib["width"].rstrip("%"))
        for part in picture
        if "x" in part.attrib
    ]
    assert all(end <= 100.02 for end in ends)


def test_a_grid_draws_every_task_once_whatever_their_number() -> None:
    for count in (1, 49, 50, 51, 1_000):
        letters = ("srfwc" * count)[:count]
        squares = [part for part in drawn(grid(letters, title=HOSTILE)).iter() if part.tag.endswith("rect")]
        assert len(squares) == count
        assert {part.attrib["class"] for part in squares} == {f"task-{letter}" for letter in set(letters)}


def test_neighbours_alike_are_one_square_of_their_width_within_a_row() -> None:
    squares = [part for part in drawn(grid("s" * 75, title="tasks")).iter() if part.tag.endswith("rect")]
    assert [float(part.attrib["width"]) for part in squares] == [598.0, 298.0]
