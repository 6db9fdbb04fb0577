"""A small storm (`make storm` blows a large one): functions die at random, everything is delivered twice, the cloud is
stopped and started, ingest is locked out. Nothing is lost, nothing is counted twice, nothing is repaired by hand."""

from __future__ import annotations

import pytest

from infrastructure.demo.storm import Pace, run

pytestmark = pytest.mark.cloud

COUNT = 60
SMALL = Pace(
    death_every=4,
    death_seconds=5,
    stops=(0.2,),
    lockout=0.5,
    locked_out=0.1,
    ahead=15,
    waits_for_schedule=False,
    hides_seconds=10,
)


def test_a_round_in_a_storm_ends_as_it_would_have_in_fair_weather() -> None:
    told: list[str] = []
    result = run(COUNT, 1, SMALL, told.append)
    assert result.faults == [], (result, told)
    happened = result.happened
    # It was a storm.
    assert happened["stops and starts of the cloud"] == 1
    assert happened["dead letters while ingest was locked out"] >= 6
    assert int(happened["processes killed"].partition(":")[0]) >= 5
    assert happened["outcomes"]["accepted"] == COUNT - COUNT // 20
    assert happened["applications by state"] == {"submitted": 57, "refused": 3}
