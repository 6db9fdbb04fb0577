"""Writes the outline of Sweden that the result pages draw; README.md says from what and how.

Points that nobody can see at the size of the map are left out: what stays is within TOLERANCE of the coast.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SWEDEN = "752"
"""ISO 3166-1's number, which the source names countries by."""
TOLERANCE = 0.035
"""Degrees of latitude: about four kilometres, half a point of the map."""
LEAST_ISLAND = 0.3
"""Degrees of latitude that an island must reach over to be drawn: Gotland and Öland do."""

Point = tuple[float, float]


def rings(topology: Mapping[str, Any]) -> list[list[Point]]:
    """Sweden's rings as longitude and latitude. Raises ValueError where the source does not hold it once."""
    found = [shape for shape in topology["objects"]["countries"]["geometries"] if shape.get("id") == SWEDEN]
    if len(found) != 1 or found[0]["type"] != "MultiPolygon":
        raise ValueError(f"{len(found)} shapes of Sweden")
    return [_ring(topology, ring) for polygon in found[0]["arcs"] for ring in polygon]


def _ring(topology: Mapping[str, Any], arcs: Iterable[int]) -> list[Point]:
    points: list[Point] = []
    for number in arcs:
        arc = _arc(topology, number)
        points += arc[1:] if points else arc
    return points


def _arc(topology: Mapping[str, Any], number: int) -> list[Point]:
    """One arc: differences from point to point, in whole steps; a number below zero means backwards."""
    (scale_x, scale_y), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    x = y = 0
    points = []
    for dx, dy in topology["arcs"][~number if number < 0 else number]:
        x, y = x + dx, y + dy
        points.append((x * scale_x + left, y * scale_y + bottom))
    return points[::-1] if number < 0 else points


def simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Ramer, Douglas and Peucker: the points without which the line would stray further than `tolerance`."""
    if len(points) < 3:
        return list(points)
    distances = [_distance(point, points[0], points[-1]) for point in points[1:-1]]
    furthest = max(range(len(distances)), key=distances.__getitem__) + 1
    if distances[furthest - 1] <= tolerance:
        return [points[0], points[-1]]
    return simplified(points[: furthest + 1], tolerance)[:-1] + simplified(points[furthest:], tolerance)


def _distance(point: Point, start: Point, end: Point) -> float:
    """How far the point lies from the line between the two, in degrees of latitude."""
    narrow = math.cos(math.radians(point[1]))
    px, py = (point[0] - start[0]) * narrow, point[1] - start[1]
    ex, ey = (end[0] - start[0]) * narrow, end[1] - start[1]
    length = math.hypot(ex, ey)
    return math.hypot(px, py) if length == 0 else abs(ex * py - ey * px) / length


def outline(topology: Mapping[str, Any], date: str) -> str:
    """The data file. `date` is for its head. Raises ValueError where what comes out is not Sweden."""
    drawn = [
        simplified(ring, TOLERANCE)
        for ring in rings(topology)
        if max(y for _, y in ring) - min(y for _, y in ring) >= LEAST_ISLAND
    ]
    north, south = (pick(y for ring in drawn for _, y in ring) for pick in (max, min))
    if len(drawn) != 3 or not (69.0 < north < 69.1 and 55.3 < south < 55.4):
        raise ValueError(f"{len(drawn)} shapes from {south} to {north}")
    rows = [[[round(x, 2), round(y, 2)] for x, y in ring] for ring in drawn]
    head = {
        "source": "Natural Earth 4.1.0 (naturalearthdata.com), public domain, as shipped in world-atlas 2.0.2",
        "written": f"by infrastructure/outline/rebuild.py on {date}",
        "rings": rows,
    }
    return json.dumps(head, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    _, source, target, date_argument = sys.argv
    text = outline(json.loads(Path(source).read_text(encoding="utf-8")), date_argument)
    Path(target).write_text(text, encoding="utf-8", newline="\n")
