"""An announcement at its instant: never before, once, as it was read, and not at all where it is not true any more."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shared import keys
from shared.aws.effects import LEASE
from shared.aws.table import Update
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.functions.staff import (
    Inbox,
    Killed,
    announced,
    announcing,
    correction_approved,
    decided,
    refused,
)
from tests.functions.test_announce import Dead, _planned
from tests.functions.test_trail import forged
from tests.functions.world import ROUND, World

NINE = "2019-12-17T09:00"
INSTANT = parse_iso("2019-12-17T08:00:00Z")
"""Nine o'clock in Sweden, in winter."""


@pytest.fixture
def timed(closed: World, inbox: Inbox) -> World:
    """Decided, and timed by Bertil for nine o'clock on 17 December."""
    decided(closed)
    announce = announcing(closed, inbox.topic)
    answer = announce.publish_at(ROUND, announce.preview(ROUND)["digest"], NINE, "bertil")
    assert (answer["publish_at"], answer["held_back"]) == (iso(INSTANT), False)
    return closed


def ticked(world: World, inbox: Inbox) -> bool:
    """One tick of the schedule and what it starts. Whether an announcement went out."""
    if "announcement asked for" not in [step.what for step in world.lifecycle.tick()]:
        return False
    return announcing(world, inbox.topic).finish(ROUND)


def test_nothing_goes_out_before_the_instant_and_all_of_it_after(timed: World, inbox: Inbox) -> None:
    read = announcing(timed, inbox.topic).preview(ROUND)
    timed.now = INSTANT - timedelta(microseconds=1)
    assert not ticked(timed, inbox)
    assert announcing(timed, inbox.topic).finish(ROUND) is False  # nor where somebody asks early
    timed.now = INSTANT
    assert ticked(timed, inbox)
    assert not ticked(timed, inbox)
    (message,) = inbox.read()
    document = json.loads(message["Message"])
    assert document["announced_at"] == iso(INSTANT)
    assert document | {"announced_at": ""} == dict(read["document"]) | {"announced_at": ""}
    assert (timed.round().state, timed.round().embargo) == (RoundState.ANNOUNCED, None)
    assert timed.administering.events(ROUND)[-1]["who"] == "bertil"


def test_what_was_called_off_does_not_go_out(timed: World, inbox: Inbox) -> None:
    announcing(timed, inbox.topic).call_off(ROUND, "anna")
    timed.now = INSTANT + timedelta(hours=1)
    assert not ticked(timed, inbox)
    assert inbox.read() == []
    with pytest.raises(ProblemsError) as error:
        announcing(timed, inbox.topic).call_off(ROUND, "anna")
    assert refused(error) == (409, [("nothing-timed", "")])
    preview = announcing(timed, inbox.topic).preview(ROUND)
    assert (preview["publish_at"], preview["published_at"]) == (None, None)
    assert announcing(timed, inbox.topic).publish(ROUND, preview["digest"], "anna")["number"] == 1


def test_nobody_publishes_beside_a_set_time(timed: World, inbox: Inbox) -> None:
    digest = announcing(timed, inbox.topic).preview(ROUND)["digest"]
    with pytest.raises(ProblemsError) as error:
        announcing(timed, inbox.topic).publish(ROUND, digest, "anna")
    assert refused(error) == (409, [("announcement-timed", "")])
    assert inbox.read() == []


def test_another_instant_replaces_the_first(timed: World, inbox: Inbox) -> None:
    announce = announcing(timed, inbox.topic)
    announce.publish_at(ROUND, announce.preview(ROUND)["digest"], "2019-12-18T09:00", "anna")
    timed.now = INSTANT
    assert not ticked(timed, inbox)
    timed.now = INSTANT + timedelta(days=1)
    assert ticked(timed, inbox)


def test_another_instant_replaces_the_first_for_what_was_read_though_a_next_round_was_planned_meanwhile(
    timed: World, inbox: Inbox
) -> None:
    """Nobody has read the text that says when it opens."""
    announce = announcing(timed, inbox.topic)
    read = announce.preview(ROUND)
    _planned(timed, "2020-spring", "2020-02-15")
    answer = announce.publish_at(ROUND, read["digest"], "2019-12-18T09:00", "anna")
    assert (answer["digest"], answer["texts"]) == (read["digest"], read["texts"])
    timed.now = INSTANT
    assert not ticked(timed, inbox)
    timed.now = INSTANT + timedelta(days=1)
    assert ticked(timed, inbox)
    assert announce.preview(ROUND)["texts"] == read["texts"]
    assert timed.administering.events(ROUND)[-1]["who"] == "anna"


def test_another_instant_is_for_what_was_read_alone(timed: World, inbox: Inbox) -> None:
    announce = announcing(timed, inbox.topic)
    read = announce.preview(ROUND)
    with pytest.raises(ProblemsError) as error:
        announce.publish_at(ROUND, "0" * 64, "2019-12-18T09:00", "anna")
    assert refused(error) == (409, [("digest-changed", "digest")])
    assert read["digest"] in error.value.problems[0].en


def test_what_is_not_true_any_more_is_called_off_before_it_has_another_instant(timed: World, inbox: Inbox) -> None:
    """Of the two texts, one is not true, and nobody has read the other."""
    announce = announcing(timed, inbox.topic)
    read = announce.preview(ROUND)["digest"]
    retitled(timed)
    for told in (False, True):
        with pytest.raises(ProblemsError) as error:
            announce.publish_at(ROUND, read, "2019-12-18T09:00", "anna")
        assert refused(error) == (409, [("announcement-timed", "")])
        if not told:
            timed.now = INSTANT
            assert not ticked(timed, inbox)
    announce.call_off(ROUND, "anna")
    assert announce.publish_at(ROUND, announce.preview(ROUND)["digest"], "2019-12-18T09:00", "anna")["number"] == 1


def retitled(world: World) -> None:
    """Somebody changes the title of an awarded application."""
    row = world.rows(keys.APPLICATIONS)[0]
    current = {**row["current"], "facts": {**row["current"]["facts"], "title": "En annan titel"}}
    world.table.write(Update({name: row[name] for name in ("pk", "sk")}, set={"current": current}))


def test_what_changed_after_it_was_read_is_held_back_and_says_so(timed: World, inbox: Inbox) -> None:
    retitled(timed)
    timed.now = INSTANT
    assert not ticked(timed, inbox)
    assert inbox.read() == []
    assert announcing(timed, inbox.topic).preview(ROUND)["held_back"] is True
    assert [step.what for step in timed.lifecycle.tick()][-1:] == ["announcement held back"]
    assert timed.administering.events(ROUND)[-1]["what"] == "announcement held back"
    assert timed.round().state is RoundState.DECIDED
    announcing(timed, inbox.topic).call_off(ROUND, "anna")
    preview = announcing(timed, inbox.topic).preview(ROUND)
    assert "En annan titel" in preview["texts"]["sv"]["body"]
    announcing(timed, inbox.topic).publish(ROUND, preview["digest"], "anna")
    assert len(inbox.read()) == 1


@pytest.mark.parametrize("altered", ["decision", "text", "text and digest"])
def test_what_somebody_altered_in_the_table_is_held_back(timed: World, inbox: Inbox, altered: str) -> None:
    if altered == "decision":
        found = (timed.table.get(keys.decisions_key(ROUND)) or {})["decisions"]
        row = next(iter(timed.table.query(keys.decision_set_partition(ROUND, found))))
        timed.table.write(Update({name: row[name] for name in ("pk", "sk")}, set={"motivation": "En annan"}))
    else:
        place = keys.timed_announcement_key(ROUND, 1)
        new = forged(timed, place) if altered == "text and digest" else {"email": "Inget."}
        timed.table.write(Update(place, set=new))
    timed.now = INSTANT
    assert not ticked(timed, inbox)
    assert inbox.read() == []
    assert [step.what for step in timed.lifecycle.tick()][-1:] == ["announcement held back"]


def test_a_next_round_that_is_planned_meanwhile_holds_nothing_back(timed: World, inbox: Inbox) -> None:
    read = announcing(timed, inbox.topic).preview(ROUND)["texts"]
    _planned(timed, "2020-spring", "2020-02-15")
    timed.now = INSTANT
    assert ticked(timed, inbox)
    assert announcing(timed, inbox.topic).preview(ROUND)["texts"] == read


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_the_instant_is_finished_by_a_later_tick(timed: World, inbox: Inbox, after: bool) -> None:
    timed.now = INSTANT
    with pytest.raises(Killed):
        announcing(timed, Dead(inbox.topic, after=after)).finish(ROUND)
    timed.now += LEASE + timedelta(seconds=1)
    assert ticked(timed, inbox)
    assert not ticked(timed, inbox)
    messages = inbox.read()
    assert len(messages) == (2 if after else 1)
    assert len({message["Message"] for message in messages}) == 1


@pytest.mark.parametrize(
    ("at", "code"),
    [("2019-10-16T09:59", "instant-past"), ("nine o'clock", "bad-instant"), ("2020-03-29T02:30", "bad-instant")],
)
def test_an_instant_is_one_to_come(closed: World, inbox: Inbox, at: str, code: str) -> None:
    decided(closed)
    announce = announcing(closed, inbox.topic)
    with pytest.raises(ProblemsError) as error:
        announce.publish_at(ROUND, announce.preview(ROUND)["digest"], at, "bertil")
    assert refused(error) == (422, [(code, "at")])
    assert closed.round().embargo is None


def test_only_what_was_approved_and_read_can_be_timed(closed: World, inbox: Inbox) -> None:
    announce = announcing(closed, inbox.topic)
    with pytest.raises(ProblemsError) as error:
        announce.publish_at(ROUND, "0" * 64, NINE, "bertil")
    assert refused(error) == (409, [("no-decisions", "")])
    decided(closed)
    with pytest.raises(ProblemsError) as error:
        announce.publish_at(ROUND, "0" * 64, NINE, "bertil")
    assert refused(error) == (409, [("digest-changed", "digest")])


def test_a_correction_can_be_timed_too(closed: World, inbox: Inbox) -> None:
    announced(closed, inbox.topic)
    inbox.read()
    correction_approved(closed)
    announce = announcing(closed, inbox.topic)
    announce.publish_at(ROUND, announce.preview(ROUND)["digest"], NINE, "bertil")
    closed.now = INSTANT - timedelta(seconds=1)
    assert not ticked(closed, inbox)
    closed.now = INSTANT
    assert ticked(closed, inbox)
    (message,) = inbox.read()
    document: dict[str, Any] = json.loads(message["Message"])
    assert (document["number"], closed.round().announcement) == (2, 2)
