"""Faults planted in the product are found, each by a named invariant; and a failing seed is a short story."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta

import pytest

from functions.administer.exceptions import LettingIn
from functions.apply.drafting import DraftRequest
from shared import keys
from shared.aws.decided import take_back
from shared.aws.effects import Effects
from shared.aws.rows import audit
from shared.instants import iso
from shared.rounds import RoundState
from tests.simulation import delivery, doors, people, receipts, rest, running, small, tampering, troubles, watch
from tests.simulation.cloud import ROUND, Cloud
from tests.simulation.kernel import Fault
from tests.simulation.planted import IN_PAIRS, PLANTED
from tests.simulation.planted_kinds import Planted
from tests.simulation.planting_letters import worded_anew
from tests.simulation.quick import quick
from tests.simulation.replacing import replaced
from tests.simulation.rest import faults_at_rest
from tests.simulation.running import run
from tests.simulation.scenarios import Beginning, settle, with_outcomes
from tests.simulation.story import shortened, told


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_planted_fault_is_found_by_its_invariant(planted: Planted) -> None:
    with quick(), planted.plant():
        for seed in planted.seeds():
            violation = run(seed, ignored=planted.ignoring).violation
            if violation is not None and violation.invariant == planted.invariant:
                return
    pytest.fail(f"not found in {planted.within} seeds")


def test_every_invariant_is_shown_to_be_able_to_fail() -> None:
    """By its name, wherever one is told of."""
    told = set()
    for module in (watch, receipts, rest, delivery, doors, people, running, small, tampering, troubles):
        told |= set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+){2,})"', inspect.getsource(module)))
    assert told == {planted.invariant for planted in (*PLANTED, *IN_PAIRS)}


def test_planted_faults_have_different_names() -> None:
    names = [planted.name for planted in (*PLANTED, *IN_PAIRS)]
    assert len(set(names)) == len(names)


def test_a_failing_seed_is_told_as_a_short_story() -> None:
    """Two versions and a slow notification are left of everything that happened."""
    (planted,) = (one for one in PLANTED if one.name == "an older version overwrites a newer one")
    with quick(), planted.plant():
        worlds = (run(seed) for seed in range(70, 80))
        failing = next(one for one in worlds if one.violation and one.violation.invariant == planted.invariant)
        short, _ = shortened(failing)
    lines = list(told(short, shorten=False))
    assert short.violation is not None
    assert short.violation.invariant == planted.invariant
    assert len(short.happened) < len(failing.happened) / 4
    assert lines[-1] == f"again: make simulate SEED={failing.seed}"


def told_twice_of_more_time() -> Cloud:
    """The answer to a letter is lost, and when it is sent again the time that it tells of is over."""
    cloud = Cloud()
    started = Beginning(cloud).application()
    settle(cloud)
    until = iso(cloud.now + timedelta(minutes=2))
    letting = LettingIn(until=until, reason="Strömavbrott", application=started.application.id)
    address = {"typed": 1, "fields": {"contact.email": "asa.oberg@pitea.example"}}
    cloud.drafting.save(started.link, DraftRequest(revision=0, editor="window-1", draft=address))
    cloud.exceptions.let_in(ROUND, letting, "anna")
    for fault in (Fault.LOST, None):
        cloud.kernel.fault_of = lambda _, operation, fault=fault: fault if operation == "mail" else None  # type: ignore[misc]
        cloud.kernel.finish(cloud.kernel.task_of("acknowledge", lambda: cloud.owing.notify(ROUND, lambda: False)))
        cloud.now += timedelta(minutes=3)
    return cloud


def test_a_second_try_with_words_of_its_own_is_found() -> None:
    """In no large world of a thousand: it takes a lost answer and other rows within minutes."""
    assert len(told_twice_of_more_time().mailer.mails) == 2
    assert not [one for one in faults_at_rest(told_twice_of_more_time()) if "two texts" in one.seen]
    with replaced(Effects, "keep", worded_anew):
        assert [one for one in faults_at_rest(told_twice_of_more_time()) if "two texts" in one.seen]


@pytest.mark.parametrize(("timed", "found"), [(False, []), (True, ["decisions-take-two-people"])])
def test_an_approval_is_seen_to_be_taken_back_from_what_is_to_go_out(timed: bool, found: list[str]) -> None:
    cloud = Cloud()
    with_outcomes(RoundState.DECIDED)[0](cloud)
    digest = (cloud.table.peek(keys.decisions_key(ROUND)) or {})["digest"]
    if timed:
        cloud.announcing.publish_at(ROUND, cloud.announcing.preview(ROUND)["digest"], "2099-12-17T09:00", "bertil")
    event = audit(ROUND, cloud.now, "anna", "approval taken back", bytes(5))
    cloud.table.transact([take_back(ROUND, digest, {"by": "anna"}), event])
    assert [one.invariant for one in cloud.watch.violations] == found
