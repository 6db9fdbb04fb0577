"""A letter that fails and is tried again: the same where the first may have gone out, a true one where not."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.acknowledge.sending import Sending
from shared.aws.effects import Effects
from shared.letters import Letter
from tests.functions.test_acknowledge import Post
from tests.functions.world import ROUND, World

EFFECT = "notice-week-7K3M9QXRC"


class Fails(Post):
    """A sender whose first try ends so."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure: Exception | None = failure

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return super().send(to, subject, text, effect=effect)


def refusal(status: int, retries: int) -> ClientError:
    answer: Any = {
        "Error": {"Code": "AccountSendingPausedException", "Message": "paused"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": retries},
    }
    return ClientError(answer, "SendEmail")


class Refusing(Post):
    """A sender whose letters SES takes none of."""

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:  # noqa: ARG002
        raise refusal(400, 0)


@pytest.mark.parametrize(
    ("failure", "repeated"),
    [
        (refusal(400, 0), False),
        (refusal(400, 2), True),  # an answer was lost before it, perhaps
        (refusal(500, 0), True),
        (ReadTimeoutError(endpoint_url="https://email.eu-north-1.amazonaws.com"), True),
    ],
)
def test_only_what_ses_plainly_refused_is_written_anew(world: World, failure: Exception, *, repeated: bool) -> None:
    post = Fails(failure)
    sending = Sending(Effects(world.table), post, world.clock)  # type: ignore[arg-type]
    first = ("old@pitea.example", Letter("Sju dagar kvar", "Skicka in före tisdag."))
    second = ("new@pitea.example", Letter("Fyra dagar kvar", "Skicka in före fredag."))
    with pytest.raises(type(failure)):
        sending.deliver(ROUND, EFFECT, first, keep=True)
    assert sending.deliver(ROUND, EFFECT, second, keep=True)
    ((to, subject, _, _),) = post.sent
    assert (to, subject) == ((first if repeated else second)[0], (first if repeated else second)[1].subject)


def test_what_ses_plainly_refused_keeps_its_words_where_an_earlier_try_may_have_gone_out(world: World) -> None:
    posts = [Fails(ReadTimeoutError(endpoint_url="https://email")), Fails(refusal(400, 0)), Post()]
    for number, post in enumerate(posts, 1):
        sending = Sending(Effects(world.table), post, world.clock)  # type: ignore[arg-type]
        letter = Letter("Komplettera", f"Version {number} gäller.")
        with suppress(ReadTimeoutError, ClientError):
            sending.deliver(ROUND, EFFECT, ("asa@pitea.example", letter), keep=True)
    assert [text for _, _, text, _ in posts[2].sent] == ["Version 1 gäller."]


@pytest.mark.parametrize("tried_before", [False, True])
def test_a_letter_that_is_not_to_go_out_has_begun_only_if_it_was_tried_before(
    world: World, *, tried_before: bool
) -> None:
    effects, post = Effects(world.table), Post()
    if tried_before:
        effects.claim(ROUND, EFFECT, world.now)
        effects.give_back(ROUND, EFFECT)
    sending = Sending(effects, post, world.clock)  # type: ignore[arg-type]
    message = ("asa@pitea.example", Letter("Beslut", "Avslag."))
    assert not sending.deliver(ROUND, EFFECT, message, holds=lambda: False)
    assert (post.sent, list(effects.begun(ROUND, EFFECT))) == ([], [EFFECT] if tried_before else [])


@pytest.mark.parametrize(
    ("tried_before", "failure", "begun"),
    [
        (False, refusal(400, 0), []),
        (True, refusal(400, 0), [EFFECT]),
        (False, refusal(400, 2), [EFFECT]),
        (False, ReadTimeoutError(endpoint_url="https://email.eu-north-1.amazonaws.com"), [EFFECT]),
    ],
)
def test_a_letter_that_ses_plainly_refused_has_not_begun_unless_an_earlier_try_may_have_gone_out(
    world: World, failure: Exception, *, tried_before: bool, begun: list[str]
) -> None:
    effects, post = Effects(world.table), Fails(failure)
    if tried_before:
        effects.claim(ROUND, EFFECT, world.now)
        effects.give_back(ROUND, EFFECT)
    sending = Sending(effects, post, world.clock)  # type: ignore[arg-type]
    message = ("asa@pitea.example", Letter("Beslut", "Avslag."))
    with pytest.raises(type(failure)):
        sending.deliver(ROUND, EFFECT, message)
    assert list(effects.begun(ROUND, EFFECT)) == begun
    assert sending.deliver(ROUND, EFFECT, message)
    assert list(effects.all_done(ROUND, EFFECT)) == [EFFECT]


def test_a_letter_has_begun_where_the_table_refuses_to_note_that_it_went_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects, post = Effects(world.table), Post()
    error: Any = {
        "Error": {"Code": "ValidationException"},
        "ResponseMetadata": refusal(400, 0).response["ResponseMetadata"],
    }

    def refuses(*_: Any, **__: Any) -> None:
        raise ClientError(error, "UpdateItem")

    monkeypatch.setattr(Effects, "done", refuses)
    sending = Sending(effects, post, world.clock)  # type: ignore[arg-type]
    with pytest.raises(ClientError):
        sending.deliver(ROUND, EFFECT, ("asa@pitea.example", Letter("Beslut", "Avslag.")))
    assert (len(post.sent), list(effects.begun(ROUND, EFFECT))) == (1, [EFFECT])
