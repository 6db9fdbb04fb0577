"""A round's row is held against the events that changed it, and these against each other: whatever of either somebody
alters is found, also after more was changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.administering import Extension
from shared import keys
from shared.aws.table import Put, Update
from shared.certificates import ROUND_CLOSED
from shared.instants import parse_iso
from shared.problems import ProblemsError
from shared.trail import BEFORE, CHANGED, DECISIONS_APPROVED, WITHDRAWN
from tests.functions.staff import AFTER_CLOSING, Inbox, announcing, decided
from tests.functions.test_letting_in import let_in
from tests.functions.test_trail import FIRST, close, differences, is_noticed, unexplained, unnoticed
from tests.functions.test_verifying import remove
from tests.functions.world import ROUND, World


def test_whatever_is_altered_of_a_round_is_found_by_its_name(closed: World, inbox: Inbox) -> None:
    """Its last change was to time an announcement."""
    decided(closed)
    desk = announcing(closed, inbox.topic)
    desk.publish_at(ROUND, desk.preview(ROUND)["digest"], "2019-12-18T09:00", "bertil")
    assert differences(closed) == []
    found = {
        name: unnamed(closed, name, value) for name, value in closed.round().as_item().items() if name not in _ELSEWHERE
    }
    assert found.keys() == _OTHERWISE.keys()
    assert [name for name, unnoticed in found.items() if unnoticed] == []


_ELSEWHERE = {"round", "trail"}
"""What is found as something else: rows that cannot be read, and events."""
_OTHERWISE: Mapping[str, list[object]] = {
    "name": [{"sv": "Hösten 2020", "en": "Autumn 2019"}],
    "programme": ["village-stage-2026"],
    "state": ["announced", "closed"],
    "opens_at": ["2019-09-14T00:00:00Z"],
    "closes_at": ["2019-10-15T21:59:58Z", "2019-10-16T21:59:59Z", None],
    "grace_seconds": [601],
    "budget": [110_000_000, None],
    "revision": [1, 99],
    "closing_since": ["2019-10-15T22:00:00Z", None],
    "closed_at": ["2019-10-15T22:20:00Z"],
    "announcement": [1],
    "announced_at": ["2019-12-17T08:00:00Z"],
    "announcing": [1],
    "extended_at": ["2019-10-15T08:00:00Z"],
    "exceptions_until": ["2019-10-20T08:00:00Z"],
    "supplements": [1],
    "exceptions": [1],
    "embargo": [None],
}
"""What a round's row could say instead."""


def unnamed(world: World, name: str, before: object) -> list[object]:
    """Which other values of an attribute of the round's row are not found by its name."""
    others = _OTHERWISE[name]
    if isinstance(before, dict) and name == "embargo":
        changes = ({"at": FIRST}, {"by": "anna"}, {"digest": "00" * 32}, {"held_back": True})
        others = [*others, *({**before, **change} for change in changes)]
    place = keys.round_key(ROUND)
    # Removed, an attribute is as good as empty.
    return [one for one in others if one != before and not is_noticed(world, place, {name: one}, differences, name)]


def test_a_round_closes_when_it_was_extended_to(world: World) -> None:
    before = world.round().as_item()["closes_at"]
    extending = Extension(closes="2019-10-16T12:00:00Z", reason="Strömavbrott")
    world.administering.extend(ROUND, extending, "anna")
    world.now = AFTER_CLOSING + timedelta(hours=7)
    world.lifecycle.tick()
    assert differences(world) == []
    assert unnoticed(world, keys.round_key(ROUND), {"closes_at": before}, differences, "closes_at") == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("closes_at", "2019-10-15T21:00:00Z"),
        ("budget", 110_000_000),
        ("grace_seconds", 601),
        ("name", {"sv": "Hösten 2020", "en": "Autumn 2020"}),
        ("revision", 7),
        ("exceptions", 3),
    ],
)
def test_what_was_altered_of_a_round_is_found_whatever_is_changed_after_it(
    world: World, name: str, other: object
) -> None:
    world.submit(world.start().application.id)
    world.table.write(Update(keys.round_key(ROUND), set={name: other}))
    close(world)
    let_in(world)
    assert differences(world) == [name]


def test_an_altered_event_is_found(world: World) -> None:
    extending = Extension(closes="2019-10-16T12:00:00Z", reason="Strömavbrott")
    world.administering.extend(ROUND, extending, "anna")
    world.now = AFTER_CLOSING + timedelta(hours=7)
    world.lifecycle.tick()
    world.lifecycle.tick()
    assert differences(world) == []
    for event in list(world.table.query(keys.audit_partition(ROUND))):
        place = {"pk": event["pk"], "sk": event["sk"]}
        assert is_noticed(world, place, {"who": "bertil"}, differences, "events")
        remove(place)
        assert "events" in differences(world)
        world.table.write(Put(place, event))


def test_an_event_that_no_change_made_bears_nothing_out(closed: World) -> None:
    decided(closed)
    (approval,) = (one for one in events(closed) if one["what"] == DECISIONS_APPROVED)
    forged = {**approval, "sk": f"{approval['sk']}x", "who": "cecilia", "revision": 99}
    for without in ((), (CHANGED, BEFORE)):
        place = {"pk": forged["pk"], "sk": forged["sk"]}
        closed.table.write(Put(place, {name: value for name, value in forged.items() if name not in without}))
        assert "events" in differences(closed)
        remove(place)
    assert differences(closed) == []


def events(world: World) -> list[dict[str, Any]]:
    return list(world.table.query(keys.audit_partition(ROUND)))


@pytest.mark.parametrize("altered", [{"by": "cecilia"}, {"at": "2019-12-10T08:00:00Z"}])
@pytest.mark.parametrize("titled", ["Vatten åt alla", "Vatten åt få"])
def test_what_waits_for_its_instant_goes_out_then_and_by_order_of_whoever_gave_it(
    closed: World, inbox: Inbox, altered: dict[str, str], titled: str
) -> None:
    """Also where it is held back, because what it says is not what was approved."""
    decided(closed)
    desk = announcing(closed, inbox.topic)
    desk.publish_at(ROUND, desk.preview(ROUND)["digest"], "2019-12-18T09:00", "bertil")
    embargo = closed.round().as_item()["embargo"]
    closed.table.write(Update(keys.round_key(ROUND), set={"embargo": {**embargo, **altered}}))
    (one, *_) = closed.table.query(keys.round_partition(ROUND), keys.APPLICATIONS)
    current = {**one["current"], "facts": {**one["current"]["facts"], "title": titled}}
    closed.table.write(Update({"pk": one["pk"], "sk": one["sk"]}, set={"current": current}))
    closed.now = parse_iso("2019-12-18T08:00:00Z" if "by" in altered else "2019-12-11T08:00:00Z")
    desk.finish(ROUND)
    assert "embargo" in differences(closed)


def test_no_upload_is_left_to_a_certificate_that_never_comes(world: World) -> None:
    one, late = world.start(), world.start()
    world.submit(one.application.id)
    close(world)
    world.submit(late.application.id)
    assert differences(world) == []
    for row in list(world.table.query(keys.round_partition(ROUND), keys.SUBMISSIONS)):
        place = {"pk": row["pk"], "sk": row["sk"]}
        assert is_noticed(world, place, {"after_certificate": 9}, differences, "outcomes")


@pytest.mark.parametrize(
    ("what", "altered"),
    [
        (DECISIONS_APPROVED, {"digest": None}),
        (DECISIONS_APPROVED, {"revision": None}),
        (ROUND_CLOSED, {"turned_away": "5"}),
        (ROUND_CLOSED, {CHANGED: {"revision": 3, "exceptions": "x"}}),
        (WITHDRAWN, {"withdrawn_at": None}),
        (WITHDRAWN, {"origin": ["x"]}),
        (WITHDRAWN, {"application": {}}),
    ],
)
def test_an_event_that_is_none_is_told_as_such(world: World, what: str, altered: Mapping[str, object]) -> None:
    stands, withdrawn = world.start(), world.start()
    for one in (stands, withdrawn):
        world.submit(one.application.id)
    world.applying.withdraw(withdrawn.link)
    close(world)
    decided(world)
    (event,) = (one for one in events(world) if one["what"] == what)
    new = {name: value for name, value in {**event, **altered}.items() if value is not None}
    world.table.write(Put({"pk": event["pk"], "sk": event["sk"]}, new))
    assert told(world) != []


def told(world: World) -> list[str]:
    """The names of whatever differs, or why nothing can be compared."""
    try:
        return [*differences(world), *unexplained(world)]
    except ProblemsError as error:
        return [one.code for one in error.problems]


def test_no_older_row_of_a_round_is_put_back_unseen(world: World) -> None:
    before = world.table.get(keys.round_key(ROUND)) or {}
    close(world)
    assert differences(world) == []
    kept = {name: before[name] for name in ("budget", "extended_at", "revision")}
    assert is_noticed(world, keys.round_key(ROUND), kept, differences, "revision")


def test_what_staff_read_of_the_trail_does_not_repeat_the_round(world: World) -> None:
    close(world)
    assert {name for event in world.administering.events(ROUND) for name in event} == {
        *("at", "who", "what", "closes_at", "objects", "root", "repaired", "turned_away"),
    }
