"""The projection keeps areas and directions, and the outlines lie in its coordinates."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.reference.geography import VIEW_HEIGHT, VIEW_WIDTH, load_europe, project
from fabrica.reference.network import load_network
from fabrica.reference.reading import FOLDER

EUROPE = load_europe()
in_europe = {"latitude": st.floats(36, 69), "longitude": st.floats(-9, 30)}


@given(**in_europe)
def test_every_place_in_europe_is_in_the_view_box(latitude: float, longitude: float) -> None:
    x, y = project(latitude, longitude)
    assert 0 < x < VIEW_WIDTH
    assert 0 < y < VIEW_HEIGHT


@given(**in_europe)
def test_north_is_up_and_east_is_right(latitude: float, longitude: float) -> None:
    x, y = project(latitude, longitude)
    assert project(latitude + 0.5, longitude)[1] < y
    assert project(latitude, longitude + 0.5)[0] > x


@given(**in_europe)
def test_equal_areas_on_the_ground_are_equal_on_the_map(latitude: float, longitude: float) -> None:
    step = 0.01
    corners = [(0, 0), (0, step), (step, step), (step, 0)]
    points = [project(latitude + north, longitude + east) for north, east in corners]
    on_map = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True))) / 2
    band = math.sin(math.radians(latitude + step)) - math.sin(math.radians(latitude))
    on_ground = math.radians(step) * band * (6371.0072 / 4.9) ** 2
    assert on_map == pytest.approx(on_ground, rel=1e-4)


@pytest.mark.parametrize(("latitude", "longitude", "easting", "northing"), [(50, 5, 3962799.45, 2999718.85)])
def test_a_place_is_where_epsg_3035_puts_it(latitude: float, longitude: float, easting: float, northing: float) -> None:
    """Source: EPSG guidance note 7-2, worked example of the Lambert azimuthal equal-area projection."""
    x, y = project(latitude, longitude)
    centre_x, centre_y = project(52, 10)
    assert math.dist((x - centre_x, centre_y - y), ((easting - 4321000) / 4900, (northing - 3210000) / 4900)) < 2


def test_the_place_opposite_the_centre_is_refused() -> None:
    with pytest.raises(ValueError, match="opposite the centre"):
        project(-52, -170)


def test_every_outline_lies_in_the_view_box() -> None:
    for outline in EUROPE.outlines.values():
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", outline.path)]
        assert len(numbers) >= 6
        assert all(0 <= x <= VIEW_WIDTH for x in numbers[::2])
        assert all(0 <= y <= VIEW_HEIGHT for y in numbers[1::2])
        assert re.fullmatch(r"[MLZ0-9.,]+", outline.path)


def test_every_factory_stands_on_its_own_country() -> None:
    for factory in load_network().factories:
        place = project(factory.identity.latitude, factory.identity.longitude)
        assert distance_to_land(place, EUROPE.outlines[factory.country].path) < 1.5


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (60.17, 24.94, "FI"),
        (40.42, -3.70, "ES"),
        (35.9, 14.45, "MT"),
        (35.3, 33.3, "CY"),
        (45.3, 34.2, "UA"),
        (64.5, -18, "IS"),
    ],
)
def test_known_places_are_in_their_country(latitude: float, longitude: float, code: str) -> None:
    place = project(latitude, longitude)
    assert distance_to_land(place, EUROPE.outlines[code].path) < 1.5


def test_a_place_in_the_sea_is_in_no_country() -> None:
    place = project(56, 3)
    assert all(distance_to_land(place, outline.path) > 10 for outline in EUROPE.outlines.values())


def test_the_map_is_small_and_states_source_and_licence() -> None:
    assert (FOLDER / "europe.json").stat().st_size < 120_000
    assert "Natural Earth" in EUROPE.source
    assert "public domain" in EUROPE.licence


def distance_to_land(place: tuple[float, float], path: str) -> float:
    """Return 0 inside a path, else the distance to its nearest corner."""
    rings = [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", ring)] for ring in path.split("Z") if ring
    ]
    if sum(is_inside(place, ring) for ring in rings) % 2:
        return 0.0
    return min(math.dist(place, corner) for ring in rings for corner in ring)


def is_inside(place: tuple[float, float], ring: list[tuple[float, float]]) -> bool:
    x, y = place
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside
