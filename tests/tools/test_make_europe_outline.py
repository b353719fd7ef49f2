"""The outline tool cuts and simplifies land without tearing or losing it."""

import importlib.util
import json
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.reference.geography import VIEW_HEIGHT, VIEW_WIDTH

TOOL = Path(__file__).parents[2] / "tools/make_europe_outline.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_europe_outline", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load()
points = st.tuples(st.floats(-500, 1500), st.floats(-500, 1400))


@given(st.lists(points, min_size=3, max_size=40))
def test_a_cut_ring_lies_in_the_view_box(ring: list[tuple[float, float]]) -> None:
    for x, y in tool._clip(ring):
        assert -1e-6 <= x <= VIEW_WIDTH + 1e-6
        assert -1e-6 <= y <= VIEW_HEIGHT + 1e-6


def test_a_cut_square_keeps_the_part_inside() -> None:
    square = [(-100.0, -100.0), (50.0, -100.0), (50.0, 50.0), (-100.0, 50.0)]
    assert abs(tool._area(tool._clip(square))) == pytest.approx(2500)


@given(st.lists(points, min_size=2, max_size=40))
def test_a_simplified_line_keeps_its_ends_and_stays_within_the_tolerance(line: list[tuple[float, float]]) -> None:
    simple = tool._simplify(line)
    assert (simple[0], simple[-1]) == (line[0], line[-1])
    pieces = list(pairwise(simple))
    for point in line:
        assert min(tool._distance(point, start, end) for start, end in pieces) <= tool.TOLERANCE + 1e-9


def test_crimea_goes_to_ukraine_and_northern_cyprus_to_cyprus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two squares in TopoJSON: one in Crimea under Russia's number, one on Cyprus without any."""
    crimea = [[340000, 450000], [10000, 0], [0, 10000], [-10000, 0], [0, -10000]]
    cyprus = [[330000, 350000], [5000, 0], [0, 3000], [-5000, 0], [0, -3000]]
    world = {
        "transform": {"scale": [0.0001, 0.0001], "translate": [0, 0]},
        "arcs": [crimea, cyprus],
        "objects": {
            "countries": {
                "geometries": [
                    {"type": "MultiPolygon", "id": "643", "properties": {"name": "Russia"}, "arcs": [[[0]]]},
                    {"type": "Polygon", "properties": {"name": "N. Cyprus"}, "arcs": [[1]]},
                ]
            }
        },
    }
    source, target = tmp_path / "world.json", tmp_path / "europe.json"
    source.write_text(json.dumps(world), encoding="utf-8")
    monkeypatch.setattr(tool, "TARGET", target)
    tool.main(source)
    assert set(json.loads(target.read_text(encoding="utf-8"))["outlines"]) == {"CY", "UA"}
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".unfinished"] == []
