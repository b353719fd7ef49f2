"""Make src/fabrica/reference/europe.json from Natural Earth's countries.

Usage: python tools/make_europe_outline.py countries-50m.json
The input is that file of the npm package world-atlas 2.0.2, a TopoJSON copy of Natural Earth 4.1 (public domain).
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fabrica.reference.geography import VIEW_HEIGHT, VIEW_WIDTH, project

Point = tuple[float, float]
TARGET = Path(__file__).parents[1] / "src/fabrica/reference/europe.json"
TOLERANCE = 0.5  # units of the view box: detail finer than this is left out
SMALLEST_AREA = 1.5  # square units: islands smaller than this are left out, unless they are all of a country
NEAR_LONGITUDES, NEAR_LATITUDES = (-60, 100), (10, 90)  # only land that reaches in here can be on the map
CRIMEA_LONGITUDES, CRIMEA_LATITUDES = (32.4, 36.7), (44.3, 46.3)

# ISO 3166-1: numeric codes, as the input has them, to the two letters that the rest of Fabrica uses.
COUNTRIES = {
    "008": "AL", "012": "DZ", "020": "AD", "031": "AZ", "040": "AT", "051": "AM", "056": "BE", "070": "BA", "100": "BG",
    "112": "BY", "191": "HR", "196": "CY", "203": "CZ", "208": "DK", "233": "EE", "234": "FO", "246": "FI", "248": "AX",
    "250": "FR", "268": "GE", "275": "PS", "276": "DE", "300": "GR", "304": "GL", "336": "VA", "348": "HU", "352": "IS",
    "364": "IR", "368": "IQ", "372": "IE", "376": "IL", "380": "IT", "398": "KZ", "400": "JO", "414": "KW", "422": "LB",
    "428": "LV", "434": "LY", "438": "LI", "440": "LT", "442": "LU", "470": "MT", "492": "MC", "498": "MD", "499": "ME",
    "504": "MA", "528": "NL", "578": "NO", "616": "PL", "620": "PT", "642": "RO", "643": "RU", "674": "SM", "682": "SA",
    "688": "RS", "703": "SK", "705": "SI", "724": "ES", "752": "SE", "756": "CH", "760": "SY", "788": "TN", "792": "TR",
    "795": "TM", "804": "UA", "807": "MK", "818": "EG", "826": "GB", "831": "GG", "832": "JE", "833": "IM", "860": "UZ",
}  # fmt: skip
WITHOUT_CODE = {"Kosovo": "XK", "N. Cyprus": "CY"}
CHANGES = (
    "projected (Lambert azimuthal equal-area, 52 N 10 E), cut to the map, simplified; the smallest islands left out",
    "Northern Cyprus is drawn as part of Cyprus, and Crimea as part of Ukraine, as the European Union holds",
)


def main(source: Path) -> None:
    world = json.loads(source.read_text(encoding="utf-8"))
    degrees = [_decode(arc, world["transform"]) for arc in world["arcs"]]
    # Arcs are simplified before rings are put together, so that neighbours keep one common border.
    simple = [_simplify([project(latitude, longitude) for longitude, latitude in arc]) for arc in degrees]
    land: dict[str, list[list[Point]]] = {}
    for country in world["objects"]["countries"]["geometries"]:
        code = COUNTRIES.get(country.get("id", "")) or WITHOUT_CODE.get(country["properties"]["name"])
        if code is None:
            continue
        for polygon in _polygons(country):
            outer = _join(polygon[0], degrees)
            if _is_near(outer):
                owner = "UA" if code == "RU" and _is_crimea(outer) else code
                land.setdefault(owner, []).extend(_clip(_join(ring, simple)) for ring in polygon)
    outlines = {code: outline for code, rings in sorted(land.items()) if (outline := _outline(rings))}
    _write(
        {
            "source": "Natural Earth 4.1, 1:50m, Admin 0 countries, through world-atlas 2.0.2; https://www.naturalearthdata.com",
            "licence": "public domain (Natural Earth); ISC (world-atlas)",
            "changes": CHANGES,
            "view_box": [0, 0, VIEW_WIDTH, VIEW_HEIGHT],
            "outlines": outlines,
        }
    )


def _decode(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    """Return an arc's (longitude, latitude) points; TopoJSON keeps steps on a grid of whole numbers."""
    (scale_x, scale_y), (offset_x, offset_y) = transform["scale"], transform["translate"]
    points, x, y = [], 0, 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append((x * scale_x + offset_x, y * scale_y + offset_y))
    return points


def _simplify(points: list[Point]) -> list[Point]:
    """Return the points without those closer than the tolerance to the line that stays (Douglas and Peucker, 1973)."""
    if points[0] == points[-1] and len(points) > 3:  # a ring: halve it, for a line needs two different ends
        half = len(points) // 2
        return [*_simplify(points[: half + 1]), *_simplify(points[half:])[1:]]
    keep, spans = {0, len(points) - 1}, [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        farthest = max(range(first + 1, last), key=lambda index: _distance(points[index], points[first], points[last]))
        if _distance(points[farthest], points[first], points[last]) > TOLERANCE:
            keep.add(farthest)
            spans += [(first, farthest), (farthest, last)]
    return [points[index] for index in sorted(keep)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """Return how far a point is from the line piece between start and end."""
    (x, y), (x1, y1), (x2, y2) = point, start, end
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0.0 if length == 0 else max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length))
    return float(((x - x1 - along * (x2 - x1)) ** 2 + (y - y1 - along * (y2 - y1)) ** 2) ** 0.5)


def _polygons(country: dict[str, Any]) -> list[list[list[int]]]:
    return country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]


def _join(ring: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Return a ring's points, none twice; a negative number means that arc backwards; arcs overlap in one point."""
    points: list[Point] = []
    for index in ring:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:]
    return points


def _is_near(ring: Iterable[Point]) -> bool:
    (west, east), (south, north) = NEAR_LONGITUDES, NEAR_LATITUDES
    return any(west < longitude < east and south < latitude < north for longitude, latitude in ring)


def _is_crimea(ring: Iterable[Point]) -> bool:
    (west, east), (south, north) = CRIMEA_LONGITUDES, CRIMEA_LATITUDES
    return all(west < longitude < east and south < latitude < north for longitude, latitude in ring)


def _clip(ring: list[Point]) -> list[Point]:
    """Return the part of a ring inside the view box, one edge after the other (Sutherland and Hodgman, 1974)."""
    for axis, limit, sign in ((0, 0, 1), (0, VIEW_WIDTH, -1), (1, 0, 1), (1, VIEW_HEIGHT, -1)):
        kept: list[Point] = []
        for before, point in zip(ring[-1:] + ring[:-1], ring, strict=True):
            inside, was_inside = sign * (point[axis] - limit) >= 0, sign * (before[axis] - limit) >= 0
            if inside != was_inside:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                kept.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
            if inside:
                kept.append(point)
        ring = kept
    return ring


def _outline(rings: list[list[Point]]) -> dict[str, Any] | None:
    """Return a country's path and the middle of its largest piece; nothing when it is not on the map."""
    pieces = sorted((ring for ring in rings if len(ring) > 2), key=lambda ring: abs(_area(ring)), reverse=True)
    if not pieces:
        return None
    shown = [pieces[0], *(ring for ring in pieces[1:] if abs(_area(ring)) >= SMALLEST_AREA)]
    middle_x, middle_y = _centroid(pieces[0])
    return {"middle": [round(middle_x, 1), round(middle_y, 1)], "path": "".join(map(_path, shown))}


def _area(ring: list[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def _centroid(ring: list[Point]) -> Point:
    weighted_x = weighted_y = 0.0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = x1 * y2 - x2 * y1
        weighted_x += (x1 + x2) * cross
        weighted_y += (y1 + y2) * cross
    return weighted_x / (6 * _area(ring)), weighted_y / (6 * _area(ring))


def _path(ring: list[Point]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}".replace(".0,", ",").removesuffix(".0") for x, y in ring) + "Z"


def _write(europe: dict[str, Any]) -> None:
    """Write the file whole or not at all."""
    outlines = ",\n".join(
        f"    {json.dumps(code)}: {json.dumps(item)}" for code, item in europe.pop("outlines").items()
    )
    text = json.dumps(europe, indent=2).removesuffix("\n}") + f',\n  "outlines": {{\n{outlines}\n  }}\n}}\n'
    unfinished = TARGET.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(TARGET)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
