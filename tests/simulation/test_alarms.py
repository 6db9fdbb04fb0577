"""Every alarm of the template is simulated, or it is said why not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared import keys
from shared.rounds import Embargo, RoundState
from tests.simulation.alarms import NOT_SIMULATED, CloudWatch, alarms
from tests.simulation.cloud import OPENS, ROUND, Cloud
from tests.simulation.kernel import Task
from tests.simulation.scenarios import with_outcomes
from tests.simulation.troubles import TELLS_OF, Troubles, patience
from tests.simulation.world import World

SIMULATED = {name for names in TELLS_OF.values() for name in names}


def test_every_alarm_has_a_trouble_that_it_tells_of_or_a_reason_why_not() -> None:
    assert SIMULATED | NOT_SIMULATED.keys() == {alarm.name for alarm in alarms()}
    assert not SIMULATED & NOT_SIMULATED.keys()


@pytest.mark.parametrize(("values", "on"), [((1, 0), False), ((1, 3), True), ((9, 9), True)])
def test_an_alarm_goes_off_when_its_periods_are_over_and_breached(values: tuple[int, int], on: bool) -> None:
    """UploadsWithoutOutcome takes six periods of five minutes, the first of which begins with the world."""
    cloud = Cloud()
    cloud.now = OPENS
    watch = CloudWatch(lambda: cloud.now, print)
    for period in range(9):
        watch.number("Anslag", "UploadsWithoutOutcome", "advance", values[period % 2])
        watch.look()
        cloud.now += timedelta(minutes=5)
    assert ("UploadsWithoutOutcome" in watch.on) is on


@pytest.mark.parametrize("begins", [0, 1, 4])
def test_a_trouble_may_last_as_long_as_the_alarm_for_it_takes_wherever_its_periods_begin(begins: int) -> None:
    cloud = Cloud()
    cloud.now = began = OPENS + timedelta(minutes=begins)
    watch = CloudWatch(lambda: cloud.now, print)
    while "UploadsWithoutOutcome" not in watch.on:
        watch.number("Anslag", "UploadsWithoutOutcome", "advance", 1)
        watch.look()
        cloud.now += timedelta(minutes=1)
    assert timedelta(minutes=30) <= cloud.now - began <= patience("an upload has no outcome")


def test_a_period_that_begins_with_the_world_is_judged() -> None:
    """Every world begins with one of the five minutes that LettersFailed looks at."""
    cloud = Cloud()
    watch = CloudWatch(lambda: cloud.now, print)
    watch.number("Anslag", "LettersFailed", "acknowledge", 1)
    cloud.now += timedelta(minutes=10)
    assert "LettersFailed" in [alarm.name for alarm in watch.look()]


@pytest.mark.parametrize(("counted", "found"), [(True, []), (False, ["trouble-sets-off-its-alarm"])])
def test_an_alarm_may_be_over_before_the_last_of_the_failures_that_it_tells_of(counted: bool, found: list[str]) -> None:
    """Eleven fail within a minute, before a period of the alarm is over, and a twelfth four minutes after that."""
    world = World("answers fail")
    with_outcomes(RoundState.DECIDED)[0](world.cloud)
    began = world.cloud.now = OPENS + timedelta(days=30)
    troubles = Troubles(world, calm=False)
    for minute in range(40):
        world.after(minute * 60, lambda: world.invoked("advance"))
    if not counted:
        troubles.cloudwatch.number = lambda *_: None  # type: ignore[method-assign]
    fails = Task("apply 1", failure=RuntimeError("no answer"))
    for seconds in [*range(247, 302, 5), 544]:
        world.after(seconds, lambda: troubles.answered(fails))
    world.run_until(lambda: world.cloud.now >= began + timedelta(minutes=40))
    assert [one.invariant for one in world.cloud.watch.violations] == found


@pytest.mark.parametrize(("switched_off", "found"), [(False, True), (True, False)])
def test_while_nothing_starts_the_scheduled_job_nobody_expects_it_to_tell_of_anything(
    switched_off: bool, found: bool
) -> None:
    world = World("an announcement is held back")
    with_outcomes(RoundState.DECIDED)[0](world.cloud)
    partition, name = keys.round_key(ROUND).values()
    world.cloud.table.rows[partition][name]["embargo"] = Embargo(OPENS, "", "anna", True).as_item()
    troubles = Troubles(world, calm=False)

    def tick() -> None:
        world.after(60, tick)
        if not switched_off:
            world.invoked("advance")

    tick()
    ends = world.cloud.now + patience("an announcement is held back") + timedelta(minutes=4)
    world.run_until(lambda: world.cloud.now > ends)
    assert [one.invariant for one in world.cloud.watch.violations] == ["what-does-not-go-out-sets-off-an-alarm"] * found
    assert not troubles.cloudwatch.on
