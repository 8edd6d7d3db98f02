"""The sketch under the map: our own coarse drawing, so at least it must agree with the places we know."""

import json
import math
from importlib.resources import files
from pathlib import Path
from typing import TypedDict

import fleet_server.web

Point = tuple[float, float]
"""Longitude, latitude."""


class Place(TypedDict):
    name: str
    lon: float
    lat: float


SKETCH = json.loads((Path(fleet_server.web.__file__).parent / "static" / "regency.json").read_text())
PLACES = json.loads(files("fleet_server.demo").joinpath("places.json").read_text(encoding="utf-8"))
OUTLINE: list[Point] = [(lon, lat) for lon, lat in SKETCH["coast"] + SKETCH["border"]]
AREA_KM2 = 1261
KM_PER_DEGREE = 111.2
SHRINK = math.cos(math.radians(8.1))


def edges(points: list[Point]) -> list[tuple[Point, Point]]:
    return list(zip(points, points[1:] + points[:1], strict=True))


def lies_inside(point: Point, outline: list[Point]) -> bool:
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in edges(outline):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            crossings += 1
    return crossings % 2 == 1


def nearest_kecamatan(place: Place) -> str:
    def distance(one: Place) -> float:
        return math.hypot((one["lon"] - place["lon"]) * SHRINK, one["lat"] - place["lat"])

    nearest: Place = min(SKETCH["kecamatan"], key=distance)
    return nearest["name"]


def test_all_fourteen_kecamatan_are_drawn() -> None:
    names = [one["name"] for one in SKETCH["kecamatan"]]
    assert len(names) == 14
    assert set(names) == {place["kecamatan"] for place in PLACES}


def test_every_known_place_lies_inside_and_in_its_own_kecamatan() -> None:
    for place in PLACES:
        assert lies_inside((place["lon"], place["lat"]), OUTLINE), place["name"]
        assert nearest_kecamatan(place) == place["kecamatan"], place["name"]


def test_neighbours_and_sea_lie_outside() -> None:
    for place in [*SKETCH["neighbours"], SKETCH["sea"]]:
        assert not lies_inside((place["lon"], place["lat"]), OUTLINE), place


def test_the_area_is_about_the_real_one() -> None:
    twice = sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges(OUTLINE))
    drawn_km2 = abs(twice) / 2 * SHRINK * KM_PER_DEGREE**2
    assert abs(drawn_km2 - AREA_KM2) < 0.1 * AREA_KM2
