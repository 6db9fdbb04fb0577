"""Verification holds against the audit trail what no upload bears out: withdrawals, exceptions, decisions, approvals,
announcements. Whatever of them somebody alters in the table is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.exceptions import Completion, Ending, Withdrawal
from functions.administer.verifying import Verifying
from shared import keys
from shared.announcements import content_digest, resting_on
from shared.applications import Outcome
from shared.aws.effects import Effects
from shared.aws.table import Put, Update
from shared.instants import iso, parse_iso
from tests.functions.staff import (
    AFTER_CLOSING,
    Inbox,
    Killed,
    announced,
    announcing,
    correction_approved,
    decided,
    deciding,
    filled_in,
)
from tests.functions.test_exceptions import exceptions
from tests.functions.test_letting_in import UNTIL, let_in
from tests.functions.test_verifying import remove
from tests.functions.world import ROUND, World

FIRST = "2019-12-17T08:00:00Z"
"""Nine o'clock in Sweden."""


def close(world: World) -> None:
    world.now = AFTER_CLOSING
    world.lifecycle.tick()
    world.lifecycle.tick()


def unexplained(world: World) -> list[str]:
    """What is found of applications, of whichever."""
    found = Verifying(world.table, world.bucket).certificate(ROUND)["unexplained"]
    return [name for one in found for name in one["differences"]]


def differences(world: World) -> list[str]:
    return list(Verifying(world.table, world.bucket).certificate(ROUND)["differences"])


def unnoticed(
    world: World, place: keys.Key, alterations: Mapping[str, object], found: Callable[[World], list[str]], name: str
) -> list[str]:
    """Which of the alterations, one at a time, are not found by that name. An attribute altered to None is removed."""
    return [one for one, value in alterations.items() if not is_noticed(world, place, {one: value}, found, name)]


def is_noticed(
    world: World, place: keys.Key, altered: Mapping[str, object], found: Callable[[World], list[str]], name: str
) -> bool:
    """Whether alterations that are made at once are found by that name, and nothing is once they are undone."""
    stored = world.table.get(place) or {}
    new = {one: value for one, value in {**stored, **altered}.items() if value is not None}
    world.table.write(Put(place, new))
    noticed = name in found(world)
    world.table.write(Put(place, stored))
    assert name not in found(world)
    return noticed


def test_what_was_altered_of_an_exception_is_found_when_more_time_is_given(world: World) -> None:
    one = world.start()
    world.submit(one.application.id)
    close(world)
    asked = Completion(until=iso(UNTIL), what="Budgeten fattas.")
    exceptions(world).ask_completion(ROUND, one.application.id, asked, "anna")
    access = (world.table.get(place_of(one)) or {})["access"]
    world.table.write(Update(place_of(one), set={"access": {**access, "asked": "Skicka pengar."}}))
    let_in(world, one.application.id)
    assert unexplained(world) == ["exception"]


def test_whoever_withdrew_had_the_link_that_the_application_has(world: World) -> None:
    one, stranger = world.start(), world.start()
    world.submit(one.application.id)
    world.now += timedelta(minutes=1)
    theirs = replace(one.link, secret=stranger.link.secret)
    world.table.write(Update(place_of(one), set={"link_hash": theirs.hash}))
    world.applying.withdraw(theirs)
    world.table.write(Update(place_of(one), set={"link_hash": one.link.hash}))
    close(world)
    assert unexplained(world) == ["withdrawal"]


def test_a_withdrawal_is_as_the_trail_has_it(world: World) -> None:
    withdrawn, by_staff, stands = (world.start() for _ in range(3))
    for one in (withdrawn, by_staff, stands):
        world.submit(one.application.id)
    world.now += timedelta(minutes=1)
    world.applying.withdraw(withdrawn.link)
    close(world)
    exceptions(world).withdraw(ROUND, by_staff.application.id, Withdrawal(reason="Brev"), "anna")
    assert unexplained(world) == []
    for at in ("2019-10-01T08:00:30Z", "2019-10-01T08:00:00Z", "2019-10-01T08:02:00Z"):
        assert is_noticed(world, place_of(withdrawn), {"withdrawn_at": at}, unexplained, "withdrawal")
    assert is_noticed(world, place_of(withdrawn), {"withdrawn_by": "staff"}, unexplained, "withdrawal")
    other = {"withdrawn_at": None, "withdrawn_by": "applicant"}
    assert unnoticed(world, place_of(by_staff), other, unexplained, "withdrawal") == []
    assert unnoticed(world, place_of(stands), {"withdrawn_at": iso(world.now)}, unexplained, "withdrawal") == []


def place_of(started: Any) -> keys.Key:
    return keys.application_key(ROUND, started.application.id)


def test_a_withdrawal_that_an_arrival_was_ahead_of_is_told(world: World) -> None:
    """S3's clock was ahead: what it says had come already is what was withdrawn."""
    one = world.start()
    world.submit(one.application.id)
    world.now -= timedelta(seconds=2)
    world.applying.withdraw(one.link)
    world.now += timedelta(seconds=2)
    close(world)
    assert unexplained(world) == []


def test_what_was_sent_again_is_not_withdrawn_by_moving_an_instant(world: World) -> None:
    one = world.start()
    world.submit(one.application.id)
    world.now += timedelta(minutes=1)
    world.applying.withdraw(one.link)
    world.now += timedelta(minutes=1)
    again = world.submit(one.application.id).submission
    close(world)
    assert unexplained(world) == []
    assert is_noticed(world, place_of(one), {"withdrawn_at": iso(again.arrived_at)}, unexplained, "withdrawal")


def test_what_was_withdrawn_twice_is_as_the_last_time(world: World) -> None:
    one = world.start()
    world.submit(one.application.id)
    world.now += timedelta(minutes=1)
    world.applying.withdraw(one.link)
    first = (world.table.get(place_of(one)) or {})["withdrawn_at"]
    world.now += timedelta(seconds=1)
    world.submit(one.application.id)
    world.now -= timedelta(seconds=2)  # The clock of this function is behind that of the first.
    world.applying.withdraw(one.link)
    close(world)
    assert unexplained(world) == []
    assert is_noticed(world, place_of(one), {"withdrawn_at": first}, unexplained, "withdrawal")


def test_an_exception_is_as_the_trail_has_it(world: World) -> None:
    stands, draft = world.start(), world.start()
    world.submit(stands.application.id)
    close(world)
    desk = exceptions(world)
    let_in(world, draft.application.id)
    desk.ask_completion(ROUND, stands.application.id, Completion(until=iso(UNTIL), what="Budgeten fattas."), "anna")
    assert unexplained(world) == []
    for one in (stands, draft):
        access = (world.table.get(place_of(one)) or {})["access"]
        changes = [
            {"until": "2019-12-24T12:00:00Z"},
            {"asked": "Allt."},
            {"asked": "" if access["asked"] else "Budgeten fattas."},
            {"ended": "Nej."},
            {"given_at": "2019-10-01T08:00:00Z"},
            {"letter": access["letter"] + 1},
            {"to": "annan@example.se"},
        ]
        for change in changes:
            altered = {"access": {**access, **change}}
            assert is_noticed(world, place_of(one), altered, unexplained, "exception"), change
        assert is_noticed(world, place_of(one), {"access": None}, unexplained, "exception")


def test_an_exception_that_was_ended_is_not_begun_again(world: World) -> None:
    one, never = world.start(), world.start()
    close(world)
    let_in(world, one.application.id)
    given = (world.table.get(place_of(one)) or {})["access"]
    world.now += timedelta(hours=1)
    exceptions(world).end(ROUND, one.application.id, Ending(reason="Ett misstag."), "anna")
    assert unexplained(world) == []
    for place in (place_of(one), place_of(never)):
        assert unnoticed(world, place, {"access": given}, unexplained, "exception") == []


def test_the_newest_arrival_that_counts_is_known_to_its_row(world: World) -> None:
    one = world.start()
    world.submit(one.application.id)
    world.now += timedelta(minutes=1)
    again = world.submit(one.application.id).submission
    assert again.outcome is Outcome.DUPLICATE
    held = Verifying(world.table, world.bucket)

    def found(_: World) -> list[str]:
        return list(held.application(ROUND, one.application.id)["differences"])

    later = again.order.replace("2019-10-01", "2019-10-02")
    for altered in ("", later):
        assert unnoticed(world, place_of(one), {"repeated": altered}, found, "submissions") == []


@pytest.fixture
def out(closed: World, inbox: Inbox) -> World:
    """Decided, announced and corrected; the correction is approved and not out."""
    announced(closed, inbox.topic)
    correction_approved(closed)
    assert differences(closed) == []
    return closed


@pytest.mark.parametrize("number", [1, 2])
def test_decisions_are_those_that_were_handed_in(out: World, number: int) -> None:
    place = keys.decisions_key(ROUND, number)
    changes: dict[str, object] = {"sum": 1, "awards": 1, "declined": 1, "digest": "00" * 32, "entered_by": "bertil"}
    assert unnoticed(out, place, changes, differences, "decisions") == []
    found = (out.table.get(place) or {})["decisions"]
    row = next(iter(out.table.query(keys.decision_set_partition(ROUND, found))))
    at: keys.Key = {"pk": row["pk"], "sk": row["sk"]}
    of_row = {"amount": 1, "kind": "decline", "motivation": "Nej"}
    assert unnoticed(out, at, of_row, differences, "decisions") == []
    for altered in (dict.fromkeys(of_row), {"kind": "perhaps"}):
        assert unnoticed(out, at, altered, differences, "decisions") == []
    gone = dict.fromkeys((*changes, "decisions", "list" if number == 1 else "reason", "entered_at"))
    assert unnoticed(out, place, gone, differences, "decisions") == []


@pytest.mark.parametrize("number", [1, 2])
def test_decisions_that_were_taken_away_are_missed(out: World, number: int) -> None:
    remove(keys.decisions_key(ROUND, number))
    assert "decisions" in differences(out)


def test_a_list_that_was_replaced_does_not_come_back(closed: World) -> None:
    deciding(closed).take_in(ROUND, filled_in(closed, 700_000), "anna")
    first = closed.table.get(keys.decisions_key(ROUND)) or {}
    closed.now += timedelta(minutes=6)
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    assert is_noticed(closed, keys.decisions_key(ROUND), first, differences, "decisions")


def test_an_approval_is_of_what_was_approved(closed: World) -> None:
    """Of two lists that were handed in within minutes, the second was approved; the first does not take its place."""
    first = deciding(closed).take_in(ROUND, filled_in(closed, 700_000), "anna")
    decided(closed)
    assert differences(closed) == []
    assert is_noticed(closed, keys.decisions_key(ROUND), first, differences, "approval")


def test_whoever_handed_a_list_in_does_not_become_somebody_else(closed: World) -> None:
    """The second to hand in the same list could approve it then."""
    for who in ("anna", "bertil"):
        deciding(closed).take_in(ROUND, filled_in(closed), who)
        closed.now += timedelta(minutes=1)
    assert is_noticed(closed, keys.decisions_key(ROUND), {"entered_by": "anna"}, differences, "decisions")


@pytest.mark.parametrize("number", [1, 2])
def test_an_approval_is_one_that_was_given(out: World, number: int) -> None:
    place = keys.decisions_key(ROUND, number)
    changes = {"approved_by": "cecilia", "approved_at": "2019-10-16T08:00:01Z"}
    assert unnoticed(out, place, changes, differences, "approval") == []
    stored = out.table.get(place) or {}
    out.table.write(Update(place, remove=("approved_by", "approved_at")))
    assert "approval" in differences(out)
    out.table.write(Put(place, stored))


@pytest.mark.parametrize("number", [1, 2])
def test_an_approval_that_was_taken_back_is_not_given_by_altering_a_row(
    closed: World, inbox: Inbox, number: int
) -> None:
    if number == 1:
        decided(closed)
    else:
        announced(closed, inbox.topic)
        correction_approved(closed)
    place = keys.decisions_key(ROUND, number)
    approved = closed.table.get(place) or {}
    deciding(closed).take_back(ROUND, "Fel lista.", "anna")
    assert differences(closed) == []
    back = {name: approved[name] for name in ("approved_by", "approved_at")}
    closed.table.write(Update(place, set=back))
    assert differences(closed) == ["approval"]
    closed.table.write(Update(place, remove=(*back, "taken_back")))
    assert differences(closed) == ["approval"]


def test_nobody_approves_by_altering_a_row(closed: World) -> None:
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    assert differences(closed) == []
    approval = {"approved_by": "bertil", "approved_at": iso(closed.now)}
    closed.table.write(Update(keys.decisions_key(ROUND), set=approval))
    assert differences(closed) == ["approval"]


def test_an_announcement_is_what_was_read_before_it_went_out(out: World) -> None:
    place = keys.announcement_key(ROUND, 1)
    stored = out.table.get(place) or {}
    document = {**stored["document"], "totals": {**stored["document"]["totals"], "amount": 1}}
    changes: dict[str, object] = {
        "document": document,
        "email": "Alla får tio miljoner kronor.",
        "texts": {},
        "digest": "00" * 32,
        "claimed_by": "anna",
        "published_at": "2019-12-24T12:00:00Z",
    }
    changes["texts"] = {**stored["texts"], "sv": {**stored["texts"]["sv"], "body": "Inget."}}
    assert unnoticed(out, place, changes, differences, "announcement") == []
    remove(place)
    assert "announcement" in differences(out)


def test_an_announcement_on_its_way_is_as_the_trail_has_it(
    closed: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced(closed, inbox.topic)
    correction_approved(closed)
    desk, place = announcing(closed, inbox.topic), keys.announcement_key(ROUND, 2)
    read = desk.preview(ROUND)["digest"]
    with monkeypatch.context() as killed:
        killed.setattr(Effects, "once", _die)
        with pytest.raises(Killed):
            desk.publish(ROUND, read, "bertil")
    assert differences(closed) == []
    assert is_noticed(closed, place, forged(closed, place), differences, "announcement")
    claimed = closed.table.get(place) or {}
    remove(place)
    assert "announcement" in differences(closed)
    closed.table.write(Put(place, claimed))
    desk.publish(ROUND, read, "bertil")
    assert differences(closed) == []
    assert is_noticed(closed, place, forged(closed, place), differences, "announcement")
    assert is_noticed(closed, place, {"published_at": None}, differences, "announcement")


def forged(world: World, place: keys.Key) -> dict[str, Any]:
    """Another text, with the digest that goes with it."""
    stored = {**(world.table.get(place) or {}), "email": "Alla får tio miljoner kronor."}
    parts = (stored[name] for name in ("number", "texts", "email", "document", "attributes"))
    decided = world.table.get(keys.decisions_key(ROUND, stored["number"])) or {}
    return {"email": stored["email"], "digest": resting_on(content_digest(*parts), decided["digest"])}


def test_what_is_to_go_out_at_an_instant_is_what_was_read(closed: World, inbox: Inbox) -> None:
    decided(closed)
    desk, place = announcing(closed, inbox.topic), keys.timed_announcement_key(ROUND, 1)
    for at in ("2019-12-17T09:00", "2019-12-18T09:00"):
        desk.publish_at(ROUND, desk.preview(ROUND)["digest"], at, "bertil")
    assert differences(closed) == []
    assert is_noticed(closed, place, {"email": "Inget."}, differences, "announcement")
    assert is_noticed(closed, place, forged(closed, place), differences, "announcement")
    embargo = closed.round().as_item()["embargo"]
    desk.call_off(ROUND, "anna")
    assert is_noticed(closed, keys.round_key(ROUND), {"embargo": embargo}, differences, "embargo")
    desk.publish_at(ROUND, desk.preview(ROUND)["digest"], "2019-12-18T09:00", "bertil")
    remove(place)
    assert differences(closed) == ["announcement"]
    closed.now = parse_iso("2019-12-18T09:00:00Z")
    assert not desk.finish(ROUND)
    assert closed.round().as_item()["embargo"]["held_back"] is True


def _die(*_: object, **__: object) -> None:
    raise Killed
