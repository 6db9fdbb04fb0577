"""The map of Sweden with the grantees: where each dot and each name stands, as numbers for a drawing.

The projection is the sinusoidal one around 17° east: areas are true, and it is one line of arithmetic. Positions
are GeoNames' by way of the register (CC BY 4.0), the outline is Natural Earth's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from shared.applicants import Applicant

WIDTH, HEIGHT = 360, 580
_SCALE, _NORTH, _MERIDIAN = 40.5, 69.25, 17.0
_LEAST_RADIUS, _MOST_RADIUS = 4.0, 10.0
_LETTER, _LINE = 6.9, 13.0
"""How wide a letter and how high a line of the labels is, about, in the map's own units."""
_MOST_LABEL = 24


@dataclass(frozen=True, slots=True)
class Dot:
    """A grantee on the map. Its area grows with the amount. `label` is empty where there was no room for a name."""

    name: str
    amount: int
    x: float
    y: float
    radius: float
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def is_on_the_map(self) -> bool:
        return self.left >= 0 and self.top >= 0 and self.right <= WIDTH and self.bottom <= HEIGHT


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Degrees to the map's units, rounded to a tenth."""
    x = WIDTH / 2 + (longitude - _MERIDIAN) * math.cos(math.radians(latitude)) * _SCALE
    return round(x, 1), round((_NORTH - latitude) * _SCALE, 1)


@cache
def outline() -> str:
    """The outline as the data of an SVG path."""
    text = files("shared.results").joinpath("outline_sweden.json").read_text(encoding="utf-8")
    rings: Sequence[Sequence[tuple[float, float]]] = json.loads(text)["rings"]
    return "".join(
        "M" + "L".join(f"{x:g} {y:g}" for x, y in (project(*point) for point in ring[:-1])) + "Z" for ring in rings
    )


def dots(grantees: Iterable[tuple[Applicant, int]]) -> list[Dot]:
    """The grantees that have a place, the largest amount first, so that small dots lie on top of large ones."""
    placed = sorted(
        ((one, amount, position) for one, amount in grantees if (position := one.position())),
        key=lambda row: (-row[1], row[0].name, row[0].identity),
    )
    most = max((amount for _, amount, _ in placed), default=1)
    bare = [
        _dot(one.name, amount, *project(longitude, latitude), most) for one, amount, (latitude, longitude) in placed
    ]
    return _labelled(bare)


def _dot(name: str, amount: int, x: float, y: float, most: int) -> Dot:
    share = math.sqrt(amount / most)
    return Dot(name, amount, x, y, round(_LEAST_RADIUS + (_MOST_RADIUS - _LEAST_RADIUS) * share, 1))


def _labelled(bare: Sequence[Dot]) -> list[Dot]:
    """Names beside the dots, as long as none lies on another or on a dot; the table has all of them."""
    taken = [_Box(dot.x - dot.radius, dot.y - dot.radius, dot.x + dot.radius, dot.y + dot.radius) for dot in bare]
    found = []
    for dot in bare:
        label, box = _place(dot, taken)
        found.append(label)
        if box is not None:
            taken.append(box)
    return found


def _place(dot: Dot, taken: Sequence[_Box]) -> tuple[Dot, _Box | None]:
    """To the right of it, to the left, then a line higher and a line lower."""
    width = len(dot.name) * _LETTER
    if len(dot.name) > _MOST_LABEL:
        return dot, None
    gap = dot.radius + 3
    for down in (0.0, -_LINE, _LINE):
        for anchor, left in (("start", dot.x + gap), ("end", dot.x - gap - width)):
            box = _Box(left, dot.y + down - _LINE / 2, left + width, dot.y + down + _LINE / 2)
            if box.is_on_the_map() and not any(box.meets(other) for other in taken):
                x = dot.x + gap if anchor == "start" else dot.x - gap
                where = (round(x, 1), round(dot.y + down + 4, 1))
                return Dot(dot.name, dot.amount, dot.x, dot.y, dot.radius, dot.name, *where, anchor), box
    return dot, None
