"""The private link by e-mail: to whoever it is asked for, a few times, each message once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.apply.mailing import MOST_LINKS, LinkRequest, Mailing
from shared.aws.effects import LEASE, Effects
from shared.links import Link, new_link
from shared.problems import ProblemsError
from tests.functions.deployed import deploy, request
from tests.functions.world import ROUND, World

TO = LinkRequest(email="kollega@pitea.example", language="sv")
PAGES = "https://ansok.funder.example"


@dataclass
class Post:
    """A mailer that keeps what it sends, or fails so."""

    sent: list[tuple[str, str, str, str]] = field(default_factory=list)
    failure: Exception | None = None

    def send(self, to: str, subject: str, text: str, *, effect: str) -> str:
        if self.failure is not None:
            raise self.failure
        self.sent.append((to, subject, text, effect))
        return f"message-{len(self.sent)}"


def mailing(world: World, post: Post | None) -> Mailing:
    return Mailing(world.table, Effects(world.table), post, PAGES, world.clock)  # type: ignore[arg-type]


def refusal(world: World, post: Post | None, link: Link | None) -> tuple[int, list[str]]:
    with pytest.raises(ProblemsError) as error:
        mailing(world, post).send(link, TO)
    return error.value.status, [one.code for one in error.value.problems]


def test_the_link_goes_to_the_address_that_was_given_and_leads_to_the_status_page(world: World) -> None:
    post, link = Post(), world.start().link
    mailing(world, post).send(link, LinkRequest(email="colleague@pitea.example", language="en"))
    ((to, subject, text, effect),) = post.sent
    assert to == "colleague@pitea.example"
    assert f"\n\n{PAGES}/en/application#{link.token}\n\n" in text
    assert link.secret not in subject + effect
    assert "Deadline: 15 October 2019 at 23:59 (Swedish time)" in text


def test_so_many_go_out_and_no_more(world: World) -> None:
    post, link, other = Post(), world.start().link, world.start().link
    for _ in range(MOST_LINKS):
        mailing(world, post).send(link, TO)
    assert refusal(world, post, link) == (429, ["too-many-links"])
    assert len({effect for _, _, _, effect in post.sent}) == MOST_LINKS == len(post.sent)
    mailing(world, post).send(other, TO)


def test_nobody_without_the_link_has_anything_sent(world: World) -> None:
    post, link = Post(), world.start().link
    for wrong in (None, new_link(ROUND, link.application, b"0" * 16)):
        assert refusal(world, post, wrong) == (404, ["no-such-application"])
    assert post.sent == []


def test_without_a_sender_it_is_said_that_nothing_is_sent(world: World) -> None:
    assert refusal(world, None, world.start().link) == (409, ["no-mail"])


def test_a_message_that_ses_refuses_is_not_used_up(world: World) -> None:
    link, rejected = world.start().link, {"Error": {"Code": "MessageRejected", "Message": "kollega@pitea.example"}}
    refusing = Post(failure=ClientError(rejected, "SendEmail"))  # type: ignore[arg-type]
    for _ in range(MOST_LINKS + 1):
        assert refusal(world, refusing, link) == (502, ["mail-not-sent"])
    post = Post()
    mailing(world, post).send(link, TO)
    assert [effect for _, _, _, effect in post.sent] == [f"link-{link.application}-1"]


def test_a_message_whose_sender_died_is_sent_again_as_the_same_one(world: World) -> None:
    post, link = Post(), world.start().link
    effect = f"link-{link.application}-1"
    assert Effects(world.table).claim(ROUND, effect, world.now)
    mailing(world, post).send(link, TO)
    world.now += LEASE + timedelta(seconds=1)
    mailing(world, post).send(link, TO)
    assert [sent for _, _, _, sent in post.sent] == [f"link-{link.application}-2", effect]


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@c.example", "a@b.example\nBcc: c@d.example"])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        LinkRequest(email=email, language="sv")


def test_neither_address_nor_link_is_logged_also_where_ses_names_the_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with deploy(monkeypatch) as deployed:
        started = deployed.ask("apply", request("POST", f"/rounds/{ROUND}/applications", {"language": "sv"}))[1]
        asked = request("POST", "/application/link", {"email": TO.email, "language": "sv"}, token=started["token"])
        assert deployed.ask("apply", asked) == (202, {"sent": True})
        deployed.mail_refuses = f"Email address is not verified: {TO.email}"
        assert deployed.ask("apply", asked)[0] == 502
        broken = request("POST", "/application/link", {"email": TO.email, "language": "x"}, token=started["token"])
        assert deployed.ask("apply", broken)[0] == 400
    said = capsys.readouterr().out + "".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("boto", "urllib3"))
    )
    assert "link mailed" in said
    assert [secret for secret in (TO.email, started["token"], started["token"].split(".")[2]) if secret in said] == []
