"""Somebody was given time of their own, and then the round was extended for everybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.administer.administering import EarlyClosing, Extension
from functions.apply.applying import Started, standing
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from tests.functions.staff import refused
from tests.functions.test_acknowledge import Post
from tests.functions.test_exception_letters import ask, end, told
from tests.functions.test_letting_in import UNTIL, let_in
from tests.functions.world import ROUND, World

IN_THE_GRACE = parse_iso("2019-10-15T22:05:00Z")
SOONER, LATER = UNTIL - timedelta(days=1), UNTIL + timedelta(days=1)
MORE_TIME, COMPLETE, NO_MORE = "Ni har fått mer tid", "Vi ber er komplettera ansökan", "Den extra tiden är avslutad"


@pytest.fixture
def sent(world: World) -> Started:
    """Somebody who submitted in time, in a round whose time has just run out."""
    started = world.start()
    world.submit(started.application.id)
    world.now = IN_THE_GRACE
    return started


def extend(world: World, until: datetime) -> None:
    """And the scheduled job has seen it."""
    world.now += timedelta(minutes=2)
    world.administering.extend(ROUND, Extension(closes=iso(until), reason="Systemfel"), "bertil")
    world.now += timedelta(minutes=1)
    world.lifecycle.tick()


def refusal(world: World, started: Started) -> Any:
    with pytest.raises(ProblemsError) as error:
        end(world, started)
    return refused(error)


def text(post: Post) -> str:
    return " ".join(post.sent[0][2].replace("\u00a0", " ").split())


@pytest.mark.parametrize("until", [UNTIL, LATER])
def test_time_that_everybody_has_cannot_be_ended_for_one(world: World, sent: Started, until: datetime) -> None:
    let_in(world, sent.application.id)
    extend(world, until)
    assert refusal(world, sent) == (409, [("no-exception", "")])


def test_time_after_everybodys_is_ended_when_that_is_over_and_not_before(world: World, sent: Started) -> None:
    let_in(world, sent.application.id)
    extend(world, SOONER)
    assert refusal(world, sent) == (409, [("exception-not-begun", "")])
    world.now = SOONER
    assert refusal(world, sent) == (409, [("exception-not-begun", "")])
    world.now = SOONER + timedelta(seconds=1)
    end(world, sent)
    assert told(world, Post()) == [NO_MORE]


def test_whoever_was_let_in_and_not_told_yet_is_not_told_of_an_end_that_is_everybodys_or_earlier(
    world: World, sent: Started
) -> None:
    let_in(world, sent.application.id)
    extend(world, UNTIL)
    assert told(world, Post()) == []


def test_whoever_was_told_that_their_time_was_ended_is_not_told_so_when_everybody_has_time_again(
    world: World, sent: Started
) -> None:
    let_in(world, sent.application.id)
    end(world, sent)
    extend(world, UNTIL)
    assert told(world, Post()) == []


def test_whoever_may_send_for_longer_than_everybody_reads_both_ends(world: World, sent: Started) -> None:
    let_in(world, sent.application.id)
    extend(world, SOONER)
    post = Post()
    assert told(world, post) == [MORE_TIME]
    assert (
        "Omgången är öppen till och med den 17 oktober 2019 kl. 17.00 (svensk tid), men just den här ansökan kan"
        " skickas in till och med den 18 oktober 2019 kl. 17.00 (svensk tid)."
    ) in text(post)
    assert "omgången stängd" not in text(post)


def test_a_completion_is_still_asked_for_until_the_end_that_everybody_has(world: World, sent: Started) -> None:
    ask(world, sent)
    extend(world, LATER)
    seen = standing(*world.applying.status(sent.link), world.now)
    assert (seen["asked"]["until"], seen["round"]["closes_at"]) == (iso(LATER), iso(LATER))
    post = Post()
    assert told(world, post) == [COMPLETE]
    assert "till och med den 19 oktober 2019 kl. 17.00 (svensk tid)" in text(post)


def test_whoever_was_not_told_because_everybody_had_time_is_told_when_the_round_is_closed_early_after_all(
    world: World, sent: Started
) -> None:
    let_in(world, sent.application.id)
    extend(world, LATER)
    post = Post()
    assert told(world, post) == []
    world.administering.close(ROUND, EarlyClosing(reason="Det var ett misstag"), "bertil")
    world.now += timedelta(minutes=1)
    assert told(world, post) == [MORE_TIME]
    assert told(world, post) == []
