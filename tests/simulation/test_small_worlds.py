"""A share of the small worlds: every order, every interleaving, every single fault."""

from __future__ import annotations

import pytest

from tests.simulation import small_worlds
from tests.simulation.planted import IN_PAIRS
from tests.simulation.planted_kinds import PlantedInPair
from tests.simulation.quick import quick
from tests.simulation.small import Scenario, at_the_same_time, drawn, in_every_order, schedules

SHARE = 200


def named(one: Scenario | PlantedInPair) -> str:
    return one.name


@pytest.mark.parametrize("scenario", small_worlds.handlers(), ids=named)
def test_every_order_and_every_single_fault_keeps_every_promise(scenario: Scenario) -> None:
    with quick():
        report = in_every_order(scenario, SHARE)
    assert (report.violation, report.story) == (None, [])
    assert (report.schedules, report.plain + report.faulted) == (SHARE, SHARE)


@pytest.mark.parametrize("scenario", small_worlds.handlers(), ids=named)
def test_a_handler_has_ten_thousand_schedules_or_more(scenario: Scenario) -> None:
    with quick():
        assert schedules(scenario, 10_000) == 10_000


@pytest.mark.parametrize("scenario", small_worlds.pairs(), ids=named)
def test_whatever_runs_at_the_same_time_keeps_every_promise(scenario: Scenario) -> None:
    with quick():
        report = at_the_same_time(scenario, SHARE // 2, SHARE)
    assert (report.violation, report.story) == (None, [])
    assert report.plain == SHARE // 2 or report.plain_whole
    assert report.faulted > SHARE / 8 or report.faulted_whole


@pytest.mark.parametrize("planted", IN_PAIRS, ids=named)
def test_a_planted_fault_is_found_within_some_interleavings(planted: PlantedInPair) -> None:
    (scenario,) = (one for one in small_worlds.pairs() if one.name == planted.pair)
    with quick(), planted.plant():
        violation = drawn(scenario, planted.within).violation
    assert violation is not None
    assert violation.invariant == planted.invariant
