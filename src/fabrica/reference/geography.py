"""The map of Europe: one projection for places and outlines, in the units of one view box.

Lambert azimuthal equal-area on the sphere, centred on 52° N 10° E as in EPSG:3035. On the sphere of
equal area a place lies less than two units of the view box (10 km) from where that system's ellipsoid puts it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fabrica.reference.reading import FOLDER

VIEW_WIDTH = 1000
VIEW_HEIGHT = 880

_CENTRE_LATITUDE = math.radians(52)
_CENTRE_LONGITUDE = math.radians(10)
_EARTH_RADIUS_KILOMETRES = 6371.0072  # radius of the sphere with the area of the GRS 80 ellipsoid
_KILOMETRES_PER_UNIT = 4.9
_CENTRE_X, _CENTRE_Y = 510.0, 475.0  # where 52° N 10° E stands in the view box


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Return the place of a latitude and longitude in degrees as (x, y), y growing to the south.

    Places off the map come out beyond the view box. Equal areas on the ground are equal areas on the map.

    Raises:
        ValueError: the place is the one opposite the map's centre, which has no place on it.

    Source: J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395, equations 24-2 to 24-4.
    """
    phi, delta = math.radians(latitude), math.radians(longitude) - _CENTRE_LONGITUDE
    sin_phi, cos_phi = math.sin(phi), math.cos(phi)
    sin_centre, cos_centre = math.sin(_CENTRE_LATITUDE), math.cos(_CENTRE_LATITUDE)
    nearness = 1 + sin_centre * sin_phi + cos_centre * cos_phi * math.cos(delta)
    if nearness < 1e-9:
        raise ValueError(f"{latitude}, {longitude} is opposite the centre of the map and has no place on it")
    scale = math.sqrt(2 / nearness) * _EARTH_RADIUS_KILOMETRES / _KILOMETRES_PER_UNIT
    east = scale * cos_phi * math.sin(delta)
    north = scale * (cos_centre * sin_phi - sin_centre * cos_phi * math.cos(delta))
    return _CENTRE_X + east, _CENTRE_Y - north


@dataclass(frozen=True, slots=True)
class Outline:
    """A country's land in the view box: one SVG path, and a point in its middle to stand for the country."""

    path: str
    middle: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Europe:
    """The land of Europe and its neighbours by ISO country code, with where it comes from and its licence."""

    source: str
    licence: str
    changes: tuple[str, ...]
    outlines: Mapping[str, Outline]


@cache
def load_europe() -> Europe:
    """Return the map's outlines, in the coordinates of `project`."""
    data = json.loads((FOLDER / "europe.json").read_text(encoding="utf-8"))
    outlines = {
        code: Outline(str(outline["path"]), (float(outline["middle"][0]), float(outline["middle"][1])))
        for code, outline in data["outlines"].items()
    }
    return Europe(data["source"], data["licence"], tuple(data["changes"]), MappingProxyType(outlines))
