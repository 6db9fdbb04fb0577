"""What a round tells its applicants as a whole: its closing to all in it, its decisions once public."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.acknowledge.owing import Settled
from shared import keys
from shared.aws import clients
from shared.aws.effects import Effects
from shared.aws.table import Update
from shared.corrections import correction_digest
from shared.rounds import RoundState
from tests.builders.documents import a_document
from tests.functions.staff import (
    AFTER_CLOSING,
    PAGES,
    Inbox,
    announced,
    announcing,
    correction_approved,
    decided,
    deciding,
)
from tests.functions.test_acknowledge import NEVER, Post, counted_calls, owing
from tests.functions.test_letting_in import let_in, over
from tests.functions.world import ROUND, World


def subjects(post: Post) -> list[str]:
    return sorted(subject.partition(":")[0].partition(" ")[2][12:] for _, subject, *_ in post.sent)


def settle(world: World, post: Post) -> list[str]:
    """The subjects of what one run sends, without reference and programme."""
    post.sent.clear()
    settled = owing(world, post).settle(ROUND, NEVER)
    assert settled == Settled(sent=len(post.sent))
    return subjects(post)


def announce(world: World, inbox: Inbox) -> None:
    desk = announcing(world, inbox.topic)
    desk.publish(ROUND, desk.preview(ROUND)["digest"], "bertil")


def half_awarded(world: World) -> list[str]:
    """One award and one decline, entered and approved; the applications in that order."""
    first, second = (one["application"] for one in world.rows(keys.APPLICATIONS))
    lines = ["reference;decision;amount;motivation", f"{first};bifall;400000;", f"{second};avslag;;se protokoll"]
    digest = deciding(world).take_in(ROUND, "\n".join(lines).encode(), "anna")["digest"]
    deciding(world).approve(ROUND, digest, "bertil")
    return [first, second]


def test_drafts_that_nobody_sent_take_no_time_from_those_who_are_told(world: World) -> None:
    def calls_with(drafts: int) -> list[str]:
        for _ in range(drafts):
            world.start()
        call = replace(world.round(), state=RoundState.CLOSED)
        with counted_calls(clients.dynamodb()) as calls:
            assert list(owing(world, Post()).verdicts.due(call)) == []
        return calls

    assert calls_with(1) == calls_with(5) == ["Query"] * 2


def test_whoever_is_in_a_closed_round_is_told_once(closed: World) -> None:
    post = Post()
    assert settle(closed, post) == ["har kommit in"] * 2 + ["är med i omgången"] * 2
    assert settle(closed, post) == []


def test_an_application_that_was_never_mended_is_told_that_it_is_not_in_the_round(world: World) -> None:
    world.submit(world.start().application.id, a_document(project__years=9))
    world.start()
    world.now = AFTER_CLOSING
    world.lifecycle.tick()
    assert settle(world, Post()) == ["behöver rättas", "är inte med i omgången"]


def test_an_application_that_was_withdrawn_hears_nothing_of_the_closing(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.applying.withdraw(started.link)
    world.now = AFTER_CLOSING
    world.lifecycle.tick()
    assert settle(world, Post()) == ["har kommit in"]


def test_whoever_may_still_send_hears_of_the_closing_when_their_time_is_over_as_the_application_then_stands(
    world: World,
) -> None:
    """Told before, they would read that they are not in it while the form is open to them, and the letter that had to
    be sent twice would say something else the second time."""
    mended, left = world.start(), world.start()
    for one in (mended, left):
        world.submit(one.application.id, a_document(project__years=9))
    world.now = AFTER_CLOSING
    for _ in range(2):
        world.lifecycle.tick()
    for one in (mended, left):
        let_in(world, one.application.id)
    post = Post()
    assert settle(world, post) == ["behöver rättas"] * 2
    world.submit(mended.application.id)
    assert settle(world, post) == ["har kommit in"]
    over(world)
    assert settle(world, post) == ["är inte med i omgången", "är med i omgången"]
    assert settle(world, post) == []


def test_whoever_was_told_that_they_are_not_in_it_and_is_let_in_is_told_once_that_they_are_if_they_mend_it(
    world: World,
) -> None:
    """The first letter asks them to write; they do, and get more time."""
    mended, left = world.start(), world.start()
    for one in (mended, left):
        world.submit(one.application.id, a_document(project__years=9))
    world.now = AFTER_CLOSING
    for _ in range(2):
        world.lifecycle.tick()
    post = Post()
    assert settle(world, post) == ["behöver rättas"] * 2 + ["är inte med i omgången"] * 2
    for one in (mended, left):
        let_in(world, one.application.id)
    world.submit(mended.application.id)
    assert settle(world, post) == ["har kommit in"]
    over(world)
    assert settle(world, post) == ["är med i omgången"]
    assert settle(world, post) == []


def test_whoever_was_told_that_they_are_not_in_it_mended_it_and_withdrew_hears_nothing_more(world: World) -> None:
    started = world.start()
    world.submit(started.application.id, a_document(project__years=9))
    world.now = AFTER_CLOSING
    for _ in range(2):
        world.lifecycle.tick()
    post = Post()
    settle(world, post)
    let_in(world, started.application.id)
    world.submit(started.application.id)
    world.now += timedelta(minutes=1)
    world.applying.withdraw(started.link)
    over(world)
    assert settle(world, post) == ["har kommit in"]


def test_a_closing_letter_that_may_have_gone_out_is_another_one_once_there_is_another_version(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.now = AFTER_CLOSING
    for _ in range(2):
        world.lifecycle.tick()
    lost = Post(loses="är med i omgången")
    assert owing(world, lost).settle(ROUND, NEVER).failures
    let_in(world, started.application.id)
    world.submit(started.application.id, a_document(project__title="Kompletterad"))
    over(world)
    post = Post()
    settle(world, post)
    first, second = ((effect, text) for _, subject, text, effect in lost.sent + post.sent if "är med i" in subject)
    assert first[0] != second[0]
    assert "Kompletterad" in second[1]


def test_decisions_are_told_when_they_have_been_announced_and_not_before(closed: World, inbox: Inbox) -> None:
    post = Post()
    settle(closed, post)
    half_awarded(closed)
    assert settle(closed, post) == []
    announce(closed, inbox)
    assert settle(closed, post) == ["avslås", "beviljas bidrag"]
    assert settle(closed, post) == []
    texts = " ".join(text for *_, text, _ in post.sent)
    assert "protokoll" not in texts


@pytest.mark.parametrize("pages_are_there", [True, False])
def test_letters_lead_to_the_results_whichever_is_faster(closed: World, inbox: Inbox, *, pages_are_there: bool) -> None:
    post = Post()
    decided(closed)
    announce(closed, inbox)
    if pages_are_there:
        Effects(closed.table).done(ROUND, keys.result_pages(1), closed.now)
    settle(closed, post)
    decisions = [text for _, subject, text, _ in post.sent if "beviljas" in subject]
    assert [f"{PAGES}/sv/rounds/{ROUND}" in text for text in decisions] == [True, True]


def test_the_heartbeat_asks_for_letters_again_when_the_round_has_been_announced(closed: World, inbox: Inbox) -> None:
    settle(closed, Post())
    assert "letters asked for" not in [step.what for step in closed.lifecycle.tick()]
    decided(closed)
    announce(closed, inbox)
    assert "letters asked for" in [step.what for step in closed.lifecycle.tick()]


def test_a_correction_is_told_when_it_is_announced_and_to_those_alone_whose_decision_it_changed(
    closed: World, inbox: Inbox
) -> None:
    post = Post()
    announced(closed, inbox.topic)
    settle(closed, post)
    correction_approved(closed)
    assert settle(closed, post) == []
    announce(closed, inbox)
    assert "letters asked for" in [step.what for step in closed.lifecycle.tick()]
    assert settle(closed, post) == ["beviljas bidrag (rättat beslut)"]
    ((_, _, text, effect),) = post.sent
    assert effect.endswith("-0002")
    assert "Beviljat belopp: 700 000 kronor" in text.replace("\u00a0", " ")
    assert "ersätter det beslutsbrev" in text
    assert "Skäl: Ett belopp var fel skrivet." in " ".join(text.split())
    assert settle(closed, post) == []


def test_a_correction_that_overtakes_the_letters_is_told_as_the_first_decision(closed: World, inbox: Inbox) -> None:
    post = Post()
    announced(closed, inbox.topic)
    correction_approved(closed)
    announce(closed, inbox)
    assert settle(closed, post).count("beviljas bidrag") == 2
    assert [text for *_, text, _ in post.sent if "ersätter det beslutsbrev" in text] == []


def take_back(world: World) -> None:
    """Announcement 3 is out, and decides what the first did."""
    world.table.write(Update(keys.round_key(ROUND), set={"announcement": 3}))
    decisions = world.table.get(keys.decisions_key(ROUND, 1)) or {}
    corrected = {name: value for name, value in decisions.items() if name not in ("pk", "sk")}
    reason = {"sv": "Ändringen var fel.", "en": "The change was wrong."}
    digest = correction_digest(3, corrected["decisions"], reason)
    corrected |= {"number": 3, "reason": reason, "digest": digest}
    world.table.write(Update(keys.decisions_key(ROUND, 3), set=corrected))


def test_a_run_that_an_announcement_overtakes_tells_nobody_what_counts_no_more(closed: World, inbox: Inbox) -> None:
    post = Post()
    announced(closed, inbox.topic)
    settle(closed, post)
    correction_approved(closed)
    announce(closed, inbox)
    overtaken = list(owing(closed, post).verdicts.due(closed.round()))
    take_back(closed)
    assert settle(closed, post) == []
    assert [work() for work in overtaken] == [False]
    assert settle(closed, post) == []


def test_whoever_may_have_been_told_another_decision_is_told_the_one_that_counts(closed: World, inbox: Inbox) -> None:
    """A function dies at the letter of a correction, which is taken back before anybody comes for it: the decision is
    the one that was told first, and yet the applicant may have read another since."""
    post = Post()
    announced(closed, inbox.topic)
    settle(closed, post)
    correction_approved(closed)
    announce(closed, inbox)
    (first, *_) = sorted(effect for *_, effect in post.sent if "decision" in effect)
    Effects(closed.table).claim(ROUND, f"{first.rpartition('-')[0]}-0002", closed.now)
    take_back(closed)
    assert len(settle(closed, post)) == 1
    ((_, subject, text, effect),) = post.sent
    assert effect == f"{first.rpartition('-')[0]}-0003"
    assert "(rättat beslut)" in subject
    assert "Skäl: Ändringen var fel." in " ".join(text.split())
    assert settle(closed, post) == []
