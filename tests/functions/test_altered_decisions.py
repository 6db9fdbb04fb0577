"""Decisions that somebody altered in the table are not those that two people handed in and approved: they go
nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from functions.announce.announcing import AlteredError
from shared import keys
from shared.aws.effects import Effects
from shared.aws.table import Put, Update
from shared.problems import ProblemsError
from tests.functions.staff import (
    REASON,
    Inbox,
    Killed,
    announced,
    announcing,
    correcting,
    correction_approved,
    decided,
    deciding,
    filled_in,
    first_changed,
    refused,
    rows_of,
)
from tests.functions.test_acknowledge import NEVER, Post, owing
from tests.functions.world import ROUND, World

Alter = Callable[[World], None]


def pointer(world: World, number: int = 1) -> dict[str, Any]:
    return world.table.get(keys.decisions_key(ROUND, number)) or {}


def row_of(world: World, number: int = 1) -> dict[str, Any]:
    """One decision of the set in force."""
    return next(iter(world.table.query(keys.decision_set_partition(ROUND, pointer(world, number)["decisions"]))))


def place_of(row: dict[str, Any]) -> keys.Key:
    return {"pk": row["pk"], "sk": row["sk"]}


def dearer(world: World) -> None:
    world.table.write(Update(place_of(row_of(world)), set={"amount": 801_000}))


def one_more(world: World) -> None:
    row = row_of(world)
    world.table.write(Put({"pk": row["pk"], "sk": row["sk"] + "X"}, {**row, "application": "ZZZZZZZZZ"}))


def pointing_elsewhere(world: World) -> None:
    """To a list that was handed in before, and replaced."""
    for amount in (700_000, 800_000):
        deciding(world).take_in(ROUND, filled_in(world, amount), "anna")
    found = deciding(world).take_in(ROUND, filled_in(world, 700_000), "anna")["decisions"]
    digest = deciding(world).take_in(ROUND, filled_in(world), "anna")["digest"]
    deciding(world).approve(ROUND, digest, "bertil")
    world.table.write(Update(keys.decisions_key(ROUND), set={"decisions": found}))


@contextmanager
def told_of() -> Iterator[None]:
    with pytest.raises(ProblemsError) as error:
        yield
    assert refused(error) == (409, [("decisions-altered", "")])


@pytest.mark.parametrize("alter", [dearer, one_more])
def test_what_was_altered_after_its_approval_is_neither_shown_nor_published(
    closed: World, inbox: Inbox, alter: Alter
) -> None:
    decided(closed)
    desk = announcing(closed, inbox.topic)
    read = desk.preview(ROUND)["digest"]
    alter(closed)
    doors: list[Callable[[], object]] = [
        lambda: desk.preview(ROUND),
        lambda: desk.letters(ROUND),
        lambda: desk.publish(ROUND, read, "bertil"),
        lambda: deciding(closed).list_out(ROUND),
    ]
    for door in doors:
        with told_of():
            door()
    assert inbox.read() == []


def test_decisions_that_point_to_another_list_than_was_approved_go_nowhere(closed: World, inbox: Inbox) -> None:
    pointing_elsewhere(closed)
    with told_of():
        announcing(closed, inbox.topic).preview(ROUND)


def test_what_was_altered_before_its_approval_is_not_approved(closed: World) -> None:
    digest = deciding(closed).take_in(ROUND, filled_in(closed), "anna")["digest"]
    dearer(closed)
    with told_of():
        deciding(closed).approve(ROUND, digest, "bertil")


def test_it_is_mended_by_handing_the_list_in_anew(closed: World, inbox: Inbox) -> None:
    given = filled_in(closed)
    decided(closed)
    dearer(closed)
    deciding(closed).take_back(ROUND, "Ett belopp är ändrat i tabellen.", "anna")
    assert {row["decision"] for row in rows_of(closed)} == {""}  # Whoever has no list any more fills in another.
    digest = deciding(closed).take_in(ROUND, given, "anna")["digest"]
    deciding(closed).approve(ROUND, digest, "bertil")
    assert announcing(closed, inbox.topic).preview(ROUND)["document"]["totals"]["amount"] == 1_600_000


def test_no_letter_tells_of_decisions_that_were_altered_after_they_were_announced(closed: World, inbox: Inbox) -> None:
    announced(closed, inbox.topic)
    dearer(closed)
    post = Post()
    settled = owing(closed, post).settle(ROUND, NEVER)
    assert [str(one) for one in settled.failures] == ["decisions-altered"]
    assert not [effect for *_, effect in post.sent if "decision" in effect]
    assert settled.sent > 0  # Whatever else is owed goes out.


def test_a_correction_that_was_altered_goes_nowhere(closed: World, inbox: Inbox) -> None:
    announced(closed, inbox.topic)
    correction_approved(closed)
    closed.table.write(Update(place_of(row_of(closed, 2)), set={"amount": 900_000}))
    with told_of():
        announcing(closed, inbox.topic).preview(ROUND)
    with told_of():
        correcting(closed).show(ROUND)


def test_what_is_said_of_a_correction_is_part_of_what_was_approved(closed: World, inbox: Inbox) -> None:
    announced(closed, inbox.topic)
    correction_approved(closed)
    other = {"sv": "Något helt annat var fel.", "en": "Something else was wrong."}
    closed.table.write(Update(keys.decisions_key(ROUND, 2), set={"reason": other}))
    with told_of():
        announcing(closed, inbox.topic).preview(ROUND)


def test_a_correction_of_decisions_that_were_altered_since_they_were_announced_is_not_taken(
    closed: World, inbox: Inbox
) -> None:
    announced(closed, inbox.topic)
    given = first_changed(closed)
    dearer(closed)
    with told_of():
        correcting(closed).take_in(ROUND, given, REASON, "anna")


def test_an_announcement_that_is_altered_on_its_way_out_stays_in_and_raises_the_alarm(
    closed: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(closed)
    desk = announcing(closed, inbox.topic)
    read = desk.preview(ROUND)["digest"]
    with monkeypatch.context() as killed:
        killed.setattr(Effects, "once", _die)
        with pytest.raises(Killed):
            desk.publish(ROUND, read, "bertil")
    closed.table.write(Update(keys.announcement_key(ROUND, 1), set={"email": "Alla får tio miljoner kronor."}))
    for door in (lambda: desk.publish(ROUND, read, "bertil"), lambda: desk.finish(ROUND)):
        with pytest.raises(AlteredError):
            door()
    assert inbox.read() == []


def _die(*_: object, **__: object) -> None:
    raise Killed
