"""Receipts: one for each outcome that has something to say, to whoever can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from functions.acknowledge.excepting import Excepting
from functions.acknowledge.owing import Owing, Settled
from functions.acknowledge.receipts import Receipts
from functions.acknowledge.reminding import Reminding
from functions.acknowledge.sending import Sending
from functions.acknowledge.verdicts import Verdicts
from shared import keys
from shared.applications import Outcome
from shared.aws import clients
from shared.aws.effects import LEASE, Effects
from shared.aws.failures import noted
from shared.aws.table import Put, Update
from shared.instants import parse_iso
from shared.rounds import RoundState
from tests.builders.documents import a_document
from tests.functions.staff import PAGES
from tests.functions.world import ROUND, World

NEVER = lambda: False  # noqa: E731
DEADLINE = parse_iso("2019-10-15T21:59:59Z")
FIRST = "letters-told-000001-00-0000"


class Post:
    """A mailer that keeps what it sends. Whose subject has `loses` in it goes out, and nobody hears that it did."""

    def __init__(self, loses: str = "") -> None:
        self.sent: list[tuple[str, str, str, str]] = []
        self.loses = loses

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:
        self.sent.append((to, subject, text, effect))
        if self.loses and self.loses in subject:
            raise ConnectionError
        return f"message-{len(self.sent)}"


@contextmanager
def counted_calls(client: Any) -> Iterator[list[str]]:
    """The names of the calls that a client makes during a block."""
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    client.meta.events.register("before-call.dynamodb", note)
    try:
        yield calls
    finally:
        client.meta.events.unregister("before-call.dynamodb", note)


def receipts(world: World, post: Post) -> Receipts:
    return Receipts(world.table, sending(world, post))


def sending(world: World, post: Post | None) -> Sending:
    return Sending(Effects(world.table), post, world.clock)  # type: ignore[arg-type]


def owing(world: World, post: Post | None) -> Owing:
    way = sending(world, post)
    verdicts = Verdicts(world.table, way, PAGES)
    reminding, excepting = Reminding(world.table, way), Excepting(world.table, way)
    return Owing(world.table, way, Receipts(world.table, way), verdicts, reminding, excepting)


class RefusesOne(Post):
    """A sender that one address is wrong for, until that is mended."""

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:
        if to == "bad@pitea.example":
            raise ConnectionError("refused")
        return super().send(to, subject, text, effect=effect)


def test_an_accepted_application_has_one_receipt_however_often_the_stream_replays(world: World) -> None:
    post = Post()
    recorded = world.submit(world.start().application.id).submission
    sent = [receipts(world, post).acknowledge(recorded) for _ in range(3)]
    assert sent == [True, False, False]
    ((to, subject, text, _),) = post.sent
    assert to == "asa.oberg@pitea.example"
    assert "Piteå" in text
    assert "asa.oberg" not in subject


def test_a_duplicate_has_no_receipt_of_its_own(world: World) -> None:
    post = Post()
    draft = world.start().application.id
    outcomes = [world.submit(draft).submission, world.submit(draft).submission]
    assert [receipts(world, post).acknowledge(one) for one in outcomes] == [True, False]
    assert outcomes[1].outcome is Outcome.DUPLICATE


def test_a_refused_application_is_told_every_problem_where_its_address_can_be_read(world: World) -> None:
    post = Post()
    readable = world.submit(world.start().application.id, a_document(project__years=9, attachments=[])).submission
    unreadable = world.submit(world.start().application.id, a_document(contact__email="?")).submission
    assert [receipts(world, post).acknowledge(one) for one in (readable, unreadable)] == [True, False]
    text = " ".join(post.sent[0][2].split())
    assert all(" ".join(one.sv.split()) in text for one in readable.problems)


def test_receipts_that_never_went_out_are_found_and_sent(world: World) -> None:
    post = Post()
    first = world.submit(world.start().application.id).submission
    world.submit(world.start().application.id)
    receipts(world, post).acknowledge(first)
    assert owing(world, post).resend(NEVER) == Settled(sent=1)
    assert owing(world, post).resend(NEVER) == Settled()


def test_without_a_sender_nothing_is_sent(world: World) -> None:
    recorded = world.submit(world.start().application.id).submission
    assert Receipts(world.table, sending(world, None)).acknowledge(recorded) is False


def test_one_receipt_that_cannot_be_sent_does_not_hold_back_the_others(world: World) -> None:
    post = RefusesOne()
    for address in ("bad@pitea.example", "good@pitea.example", "also@pitea.example"):
        world.submit(world.start().application.id, a_document(contact__email=address))
    settled = owing(world, post).resend(NEVER)
    assert (settled.sent, list(map(type, settled.failures))) == (2, [ConnectionError])
    assert sorted(to for to, *_ in post.sent) == ["also@pitea.example", "good@pitea.example"]


def test_receipts_that_failed_in_an_open_round_are_caught_up_with(world: World) -> None:
    """Nobody has redriven anything. One that fails still does not hold back the others, nor fail the run."""
    for address in ("bad@pitea.example", "good@pitea.example"):
        world.submit(world.start().application.id, a_document(contact__email=address))
    settled = owing(world, RefusesOne()).catch_up(NEVER)
    assert (settled.sent, list(map(type, settled.failures)), settled.waiting) == (1, [ConnectionError], 0)
    assert owing(world, Post()).catch_up(lambda: True) == Settled(waiting=1)
    assert owing(world, Post()).catch_up(NEVER) == Settled(sent=1)
    assert owing(world, Post()).catch_up(NEVER) == Settled()


def test_a_round_whose_closing_takes_long_is_caught_up_with_too(world: World) -> None:
    world.submit(world.start().application.id)
    row = keys.round_key(ROUND)
    world.table.write(Update(row, set={"state": RoundState.CLOSING}))
    assert owing(world, Post()).catch_up(NEVER) == Settled(sent=1)


@pytest.mark.parametrize("how", ["catch_up", "resend", "settle"])
def test_an_outcome_of_which_nothing_can_be_made_does_not_hold_back_the_others(world: World, how: str) -> None:
    row = keys.submission_key(ROUND, "000000000", "0DPXV4K2A9QJ5T0RZ", "3sL4kqtJlcpXroDTDmJ")
    world.table.write(Put(row, {"outcome": "mislaid"}))
    world.submit(world.start().application.id)
    work = owing(world, Post())
    settled = work.settle(ROUND, NEVER) if how == "settle" else getattr(work, how)(NEVER)
    assert (settled.sent, [noted(error) for error in settled.failures]) == (
        1,
        ["receipt-000000000-0DPXV4K2A9QJ5T0RZ-3sL4kqtJlcpXroDTDmJ"],
    )


def test_a_round_that_is_certified_is_not_caught_up_with_but_owes(world: World) -> None:
    world.submit(world.start().application.id)
    world.now = DEADLINE + timedelta(hours=1)
    world.lifecycle.tick()
    assert world.round().state is RoundState.CLOSED
    assert owing(world, Post()).catch_up(NEVER) == Settled()


def test_a_receipt_that_somebody_holds_is_not_called_sent_and_a_later_try_finishes_it(world: World) -> None:
    """Its owner may be dead, and the letter that asked for it is gone once this says that all went well."""
    post = Post()
    recorded = world.submit(world.start().application.id).submission
    world.submit(world.start().application.id)
    effect = f"receipt-{recorded.application}-{recorded.submission}-{recorded.version_id}"
    Effects(world.table).claim(ROUND, effect, world.now)
    assert owing(world, post).resend(NEVER) == Settled(sent=1, waiting=1)
    world.now += LEASE + timedelta(seconds=1)
    assert owing(world, post).resend(NEVER) == Settled(sent=1)
    assert [effect for *_, effect in post.sent][-1] == effect


def test_looking_for_receipts_that_never_went_out_asks_nothing_about_each_that_did(world: World) -> None:
    post = Post()
    for _ in range(5):
        receipts(world, post).acknowledge(world.submit(world.start().application.id).submission)
    with counted_calls(clients.dynamodb()) as calls:
        assert owing(world, post).resend(NEVER) == Settled()
    assert calls == ["Query"] * 3


def test_what_a_closed_round_owes_is_sent_once_and_noted(world: World) -> None:
    post = Post()
    world.submit(world.start().application.id)
    assert owing(world, post).settle(ROUND, NEVER) == Settled(sent=1)
    assert owing(world, post).settle(ROUND, NEVER) == Settled()
    assert Effects(world.table).is_done(ROUND, FIRST)
    assert len(post.sent) == 1


def test_nothing_is_noted_while_a_letter_fails_and_the_next_run_sends_only_that_one(world: World) -> None:
    refusing, post = RefusesOne(), Post()
    for address in ("bad@pitea.example", "good@pitea.example"):
        world.submit(world.start().application.id, a_document(contact__email=address))
    settled = owing(world, refusing).settle(ROUND, NEVER)
    assert (settled.sent, list(map(type, settled.failures)), settled.waiting) == (1, [ConnectionError], 0)
    assert not Effects(world.table).is_done(ROUND, "letters-told-000002-00-0000")
    assert owing(world, post).settle(ROUND, NEVER) == Settled(sent=1)
    assert [to for to, *_ in post.sent] == ["bad@pitea.example"]
    assert Effects(world.table).is_done(ROUND, "letters-told-000002-00-0000")


def test_nothing_is_noted_while_a_letter_is_in_somebody_elses_hands(world: World) -> None:
    recorded = world.submit(world.start().application.id).submission
    effect = f"receipt-{recorded.application}-{recorded.submission}-{recorded.version_id}"
    Effects(world.table).claim(ROUND, effect, world.now)
    assert owing(world, Post()).settle(ROUND, NEVER) == Settled(waiting=1)
    assert not Effects(world.table).is_done(ROUND, FIRST)


def test_a_run_that_has_no_time_left_is_gone_on_with_by_the_next(world: World) -> None:
    post = Post()
    for _ in range(3):
        world.submit(world.start().application.id)
    assert owing(world, post).settle(ROUND, lambda: len(post.sent) == 2) == Settled(sent=2, waiting=1)
    assert owing(world, post).settle(ROUND, NEVER) == Settled(sent=1)


def test_a_run_leaves_a_round_alone_that_another_run_is_at(world: World) -> None:
    world.submit(world.start().application.id)
    Effects(world.table).claim(ROUND, FIRST, world.now)
    assert owing(world, Post()).settle(ROUND, NEVER) == Settled()
    world.now += LEASE + timedelta(seconds=1)
    assert owing(world, Post()).settle(ROUND, NEVER) == Settled(sent=1)


def test_without_a_sender_nothing_is_owed(world: World) -> None:
    world.submit(world.start().application.id)
    assert owing(world, None).settle(ROUND, NEVER) == Settled()
    assert Effects(world.table).is_done(ROUND, FIRST)
