"""Time that is given to somebody who had some before: what was asked of them is not asked again for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.administer.exceptions import Withdrawal
from functions.apply.applying import Started, standing
from shared.applications import Outcome
from shared.instants import iso
from tests.builders.documents import a_document
from tests.functions.test_acknowledge import Post
from tests.functions.test_exception_letters import ASKED, ask, settled, told
from tests.functions.test_exceptions import exceptions
from tests.functions.test_letting_in import UNTIL, let_in, over
from tests.functions.world import ROUND, World

LATER = UNTIL + timedelta(days=1)
COMPLETE, MORE_TIME = "Vi ber er komplettera ansökan", "Ni har fått mer tid"


@pytest.fixture
def asked(world: World) -> Started:
    """Somebody who submitted in time, was asked for a completion after the closing, and was told so."""
    started = world.start()
    world.submit(started.application.id)
    settled(world)
    ask(world, started)
    assert told(world, Post()) == [COMPLETE]
    world.now += timedelta(minutes=5)
    return started


def long_over(world: World) -> None:
    """The time to complete is over, and the scheduled job has finished with it."""
    over(world)
    world.lifecycle.tick()


def answer(world: World, started: Started) -> None:
    """A new version comes, as was asked."""
    world.submit(started.application.id, a_document(project__title="Kompletterad"))
    world.now += timedelta(minutes=5)


def seen(world: World, started: Started) -> bool | None:
    """What the status page says: that it was answered, that it was not, or nothing of a completion."""
    found = standing(*world.applying.status(started.link), world.now).get("asked")
    return None if found is None else found["answered"]


def test_whoever_withdrew_what_was_to_be_completed_and_is_let_in_is_told_of_their_time(
    world: World, asked: Started
) -> None:
    exceptions(world).withdraw(ROUND, asked.application.id, Withdrawal(reason="brev"), "anna")
    assert let_in(world, asked.application.id, LATER)["letter"] == "owed"
    post = Post()
    assert (told(world, post), seen(world, asked)) == ([MORE_TIME], None)
    assert ASKED.splitlines()[0] not in post.sent[0][2]


def test_whoever_withdrew_before_the_time_to_complete_was_over_and_is_let_in_weeks_later_is_told(
    world: World, asked: Started
) -> None:
    exceptions(world).withdraw(ROUND, asked.application.id, Withdrawal(reason="brev"), "anna")
    long_over(world)
    assert let_in(world, asked.application.id, UNTIL + timedelta(weeks=2))["letter"] == "owed"
    assert told(world, Post()) == [MORE_TIME]


def test_whoever_is_let_in_when_the_time_to_complete_is_over_is_not_asked_to_complete_again(
    world: World, asked: Started
) -> None:
    long_over(world)
    let_in(world, asked.application.id, UNTIL + timedelta(weeks=1))
    assert (told(world, Post()), seen(world, asked)) == ([MORE_TIME], None)


def test_whoever_has_answered_and_is_let_in_is_not_asked_to_complete_again(world: World, asked: Started) -> None:
    answer(world, asked)
    let_in(world, asked.application.id, LATER)
    assert (told(world, Post()), seen(world, asked)) == ([MORE_TIME], None)


def test_whoever_has_yet_to_answer_and_gets_more_time_is_asked_for_the_same_until_then(
    world: World, asked: Started
) -> None:
    let_in(world, asked.application.id, LATER)
    assert (told(world, Post()), seen(world, asked)) == ([COMPLETE], False)
    answer(world, asked)
    assert seen(world, asked)


@pytest.mark.parametrize("until", [UNTIL, LATER])
def test_what_was_answered_stays_answered_where_the_same_is_asked_in_the_same_words(
    world: World, asked: Started, until: object
) -> None:
    answer(world, asked)
    ask(world, asked, until)
    assert seen(world, asked)


def test_what_was_answered_is_not_what_is_asked_in_other_words_or_when_that_time_is_over(
    world: World, asked: Started
) -> None:
    answer(world, asked)
    ask(world, asked, UNTIL, "Budgeten saknar också år tre.")
    assert seen(world, asked) is False
    answer(world, asked)
    long_over(world)
    ask(world, asked, UNTIL + timedelta(weeks=1), "Budgeten saknar också år tre.")
    assert (told(world, Post()), seen(world, asked)) == ([COMPLETE], False)


def test_what_came_too_late_shows_the_end_that_it_missed_and_not_the_time_that_was_given_since(world: World) -> None:
    started = world.start()
    settled(world)
    world.submit(started.application.id)

    def shown() -> tuple[str, str, str]:
        found = standing(*world.applying.status(started.link), world.now)
        assert found["refused"]["outcome"] == Outcome.LATE
        return found["refused"]["deadline"], found["round"]["closes_at"], found["round"]["phase"]

    closes = iso(world.round().closes_at or UNTIL)
    assert shown() == (closes, closes, "closed")
    let_in(world, started.application.id)
    assert shown() == (closes, iso(UNTIL), "open")
    over(world)
    world.submit(started.application.id, a_document(project__title="Ännu senare"))
    assert shown() == (iso(UNTIL), iso(UNTIL), "closed")
