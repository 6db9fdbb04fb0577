"""Holders of drafts are told that the end is near, or was moved: once each, and by no silly letter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.acknowledge.owing import Settled
from functions.administer.administering import EarlyClosing, Extension
from functions.apply.applying import Started
from functions.apply.drafting import Drafting, DraftRequest
from shared import keys
from shared.aws.table import Update
from shared.instants import iso, parse_iso
from shared.notices import notices
from tests.builders.documents import a_document
from tests.functions.test_acknowledge import NEVER, Post, RefusesOne, owing
from tests.functions.world import ROUND, World

DEADLINE = parse_iso("2019-10-15T21:59:59Z")


def a_draft(world: World, email: Any = "asa@pitea.example") -> Started:
    started = world.start()
    a_draft_of(world, started, email)
    return started


def a_draft_of(world: World, started: Started, email: Any, revision: int = 0) -> None:
    """A draft with that address, over the one of that revision."""
    draft = {"fields": {"contact.email": email, "project.title": "Vår dag"}}
    request = DraftRequest(revision=revision, editor="window-1", draft=draft)
    Drafting(world.table, world.clock).save(started.link, request)


def told(world: World, post: Post) -> list[str]:
    """The headings of what one run sends."""
    post.sent.clear()
    settled = owing(world, post).notify(ROUND, NEVER)
    assert settled == Settled(sent=len(post.sent))
    return [text.partition("\n")[0] for _, _, text, _ in post.sent]


def asked(world: World) -> bool:
    return "notices asked for" in [step.what for step in world.lifecycle.tick()]


def before_the_end(world: World, **left: int) -> None:
    world.now = DEADLINE - timedelta(**left)


def test_a_week_and_a_day_before_the_end_whoever_has_not_sent_is_reminded_once(world: World) -> None:
    post = Post()
    a_draft(world)
    before_the_end(world, days=7, seconds=1)
    assert (asked(world), told(world, post)) == (False, [])
    before_the_end(world, days=6, hours=23)
    assert (asked(world), told(world, post)) == (True, ["Ansökningstiden går ut om 6 dagar"])
    assert (asked(world), told(world, post)) == (False, [])
    before_the_end(world, hours=23)
    assert (asked(world), told(world, post)) == (True, ["Ansökningstiden går ut om 23 timmar"])
    assert (asked(world), told(world, post)) == (False, [])


def test_a_second_run_asks_nothing_of_those_who_were_told(world: World) -> None:
    for _ in range(3):
        a_draft(world)
    before_the_end(world, days=6)
    (notice,) = notices(world.round(), world.now)
    for send in owing(world, Post()).reminding.due(world.round(), notice):
        send()
    assert list(owing(world, Post()).reminding.due(world.round(), notice)) == []


def test_whoever_has_sent_or_left_no_address_is_not_reminded(world: World) -> None:
    world.submit(world.start().application.id)
    world.start()
    for address in ("", "asa", "åsa@pitea.example", 7, None, "a@b.se\nBcc: c@d.se"):
        a_draft(world, address)
    before_the_end(world, days=6)
    assert told(world, Post()) == []


def test_a_draft_of_another_shape_than_the_pages_make_stops_nobody(world: World) -> None:
    started = world.start()
    request = DraftRequest(revision=0, editor="window-1", draft={"fields": ["contact.email"]})
    Drafting(world.table, world.clock).save(started.link, request)
    a_draft(world)
    before_the_end(world, days=6)
    assert len(told(world, Post())) == 1


def test_whoever_sent_what_was_not_accepted_is_reminded_too(world: World) -> None:
    world.submit(world.start().application.id, a_document(project__years=9))
    post = Post()
    before_the_end(world, days=6)
    assert len(told(world, post)) == 1
    assert "ingen rättad version" in post.sent[0][2]


def test_who_sends_between_two_reminders_gets_the_first_alone(world: World) -> None:
    started = a_draft(world)
    before_the_end(world, days=6)
    assert len(told(world, Post())) == 1
    world.submit(started.application.id)
    before_the_end(world, hours=20)
    assert told(world, Post()) == []


def test_an_extension_is_told_and_its_end_is_a_new_one_to_be_reminded_of(world: World) -> None:
    post = Post()
    a_draft(world)
    before_the_end(world, hours=20)
    told(world, post)
    world.administering.extend(ROUND, Extension(closes="2019-10-29", reason="Systemfel"), "anna")
    assert (asked(world), told(world, post)) == (True, ["Ansökningstiden är förlängd"])
    assert "29 oktober 2019 kl. 23.59" in post.sent[0][2]
    assert told(world, post) == []
    world.now = parse_iso("2019-10-29T22:59:59Z") - timedelta(days=6)
    assert told(world, post) == ["Ansökningstiden går ut om 6 dagar"]


def test_an_extension_by_less_than_a_week_is_its_own_reminder(world: World) -> None:
    post = Post()
    a_draft(world)
    before_the_end(world, hours=20)
    world.administering.extend(ROUND, Extension(closes="2019-10-19", reason="Systemfel"), "anna")
    assert told(world, post) == ["Ansökningstiden är förlängd"]
    world.now = parse_iso("2019-10-19T21:59:59Z") - timedelta(hours=23)
    assert told(world, post) == ["Ansökningstiden går ut om 23 timmar"]


def test_whoever_began_after_an_extension_knows_of_no_other_end(world: World) -> None:
    world.administering.extend(ROUND, Extension(closes="2019-10-29", reason="Systemfel"), "anna")
    world.now += timedelta(minutes=1)
    a_draft(world)
    assert told(world, Post()) == []


def test_what_was_extended_before_it_opened_is_told_to_nobody(world: World) -> None:
    world.table.write(Update(keys.round_key(ROUND), set={"extended_at": "2019-09-01T10:00:00Z"}))
    a_draft(world)
    assert (asked(world), told(world, Post())) == (False, [])


def test_an_early_closing_takes_the_notice_of_an_extension_back(world: World) -> None:
    a_draft(world)
    world.administering.extend(ROUND, Extension(closes="2019-10-29", reason="Systemfel"), "anna")
    world.administering.close(ROUND, EarlyClosing(reason="Pengarna är slut"), "anna")
    assert told(world, Post()) == []


@pytest.mark.parametrize(
    ("days", "left", "expected"),
    [
        pytest.param(6, timedelta(hours=23), 1, id="six days: the last day alone"),
        pytest.param(6, timedelta(days=5), 0, id="six days: not when it has just opened"),
        pytest.param(1, timedelta(hours=12), 0, id="a day: none"),
    ],
)
def test_a_short_round_has_no_silly_reminder(world: World, days: int, left: timedelta, expected: int) -> None:
    opens = iso(DEADLINE - timedelta(days=days))
    world.table.write(Update(keys.round_key(ROUND), set={"opens_at": opens}))
    world.now = DEADLINE - timedelta(days=days) + timedelta(minutes=1)
    a_draft(world)
    world.now = DEADLINE - left
    assert len(told(world, Post())) == expected


def test_a_round_without_an_end_reminds_nobody(world: World) -> None:
    a_draft(world)
    world.table.write(Update(keys.round_key(ROUND), set={"closes_at": None}))
    world.now = DEADLINE
    assert (asked(world), told(world, Post())) == (False, [])


def test_nobody_is_reminded_in_the_last_hour_or_after_the_end(world: World) -> None:
    a_draft(world)
    before_the_end(world, minutes=59)
    assert told(world, Post()) == []
    world.now = DEADLINE + timedelta(seconds=1)
    assert told(world, Post()) == []


def test_a_reminder_that_fails_is_tried_again_alone(world: World) -> None:
    post = Post()
    for address in ("bad@pitea.example", "good@pitea.example"):
        a_draft(world, address)
    before_the_end(world, days=6)
    settled = owing(world, RefusesOne()).notify(ROUND, NEVER)
    assert (settled.sent, list(map(type, settled.failures)), settled.waiting) == (1, [ConnectionError], 0)
    assert asked(world)
    assert len(told(world, post)) == 1
    assert post.sent[0][0] == "bad@pitea.example"
    assert not asked(world)


def test_without_a_sender_nobody_is_reminded_and_nothing_is_asked_for_for_ever(world: World) -> None:
    a_draft(world)
    before_the_end(world, days=6)
    assert owing(world, None).notify(ROUND, NEVER) == Settled()
    assert not asked(world)
