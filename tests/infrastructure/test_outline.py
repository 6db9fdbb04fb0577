"""The outline of Sweden: what is left of the source is Sweden still, in a file of a few kilobytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.outline.rebuild import outline, rings, simplified
from tests.test_house import ROOT

FILE = ROOT / "shared/results/outline_sweden.json"


def test_the_file_is_small_names_its_source_and_holds_mainland_gotland_and_oland() -> None:
    told = json.loads(FILE.read_text(encoding="utf-8"))
    assert FILE.stat().st_size < 4_000
    assert "Natural Earth" in told["source"]
    assert "public domain" in told["source"]
    assert len(told["rings"]) == 3
    assert all(ring[0] == ring[-1] for ring in told["rings"])
    points = [point for ring in told["rings"] for point in ring]
    assert all(10.9 < x < 24.2 and 55.3 < y < 69.1 for x, y in points)


def test_a_point_that_nobody_would_miss_is_left_out_and_a_corner_stays() -> None:
    assert simplified([(0, 60), (1, 60.001), (2, 60)], 0.035) == [(0, 60), (2, 60)]
    assert simplified([(0, 60), (1, 61), (2, 60)], 0.035) == [(0, 60), (1, 61), (2, 60)]


def a_topology(shapes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "transform": {"scale": [0.5, 0.5], "translate": [10, 50]},
        "arcs": [[[0, 0], [2, 0]], [[0, 4], [2, -4]]],
        "objects": {"countries": {"geometries": shapes}},
    }


def test_arcs_are_put_together_also_backwards() -> None:
    shape = {"id": "752", "type": "MultiPolygon", "arcs": [[[0, -2]]]}
    assert rings(a_topology([shape])) == [[(10.0, 50.0), (11.0, 50.0), (10.0, 52.0)]]


def test_what_is_not_sweden_is_refused() -> None:
    with pytest.raises(ValueError, match="0 shapes of Sweden"):
        rings(a_topology([{"id": "578", "type": "MultiPolygon", "arcs": []}]))
    with pytest.raises(ValueError, match=r"1 shapes from 50.0 to 52.0"):
        outline(a_topology([{"id": "752", "type": "MultiPolygon", "arcs": [[[0, -2]]]}]), "2026-11-24")
