"""The private link by e-mail, for whoever wants to go on later: a few times for each application, and each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from functions.apply.holding import Held, hold
from shared import rounds
from shared.aws.effects import BusyError, Effects
from shared.aws.messages import Mailer
from shared.aws.table import Table
from shared.document import Email
from shared.links import Link
from shared.problems import refuse
from shared.programme import load

MOST_LINKS = 3
"""Messages per application: enough for a colleague and a mistyped address, too few to bother anybody with."""


class LinkRequest(BaseModel):
    """Where to, and in which language."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    email: Email
    language: Literal["sv", "en"]


@dataclass(frozen=True, slots=True)
class Mailing:
    """What the route works with. Without a sender (`mailer` is None) nothing is sent. `pages_address` is where the
    applicants' pages are, without a slash at its end."""

    table: Table
    effects: Effects
    mailer: Mailer | None
    pages_address: str
    now: Callable[[], datetime]

    def send(self, link: Link | None, request: LinkRequest) -> None:
        """Send the link that the request came with: one read, and three calls more.

        Raises ProblemsError: 404 for a wrong link, 409 where no e-mail is sent, 429 after so many, 502 where SES
        refuses, which leaves the message to be sent.
        """
        held = hold(self.table, link)
        if self.mailer is None:
            raise refuse("no-mail", status=409)
        for number in range(1, MOST_LINKS + 1):
            effect = f"link-{held.application.id}-{number}"
            try:
                with self.effects.once(held.call.id, effect, self.now()) as mine:
                    if mine:
                        self._send(self.mailer, held, request, effect)
                        return
            except BusyError:
                continue  # Another is sending that one, to an address that may be another.
        raise refuse("too-many-links", status=429)

    def _send(self, mailer: Mailer, held: Held, request: LinkRequest, effect: str) -> None:
        from shared import link_letter  # noqa: PLC0415  Babel is only needed here

        address = f"{self.pages_address}/{request.language}/application#{held.link.token}"
        programme = load(held.call.programme)
        call = rounds.held(held.call, held.application.access)
        letter = link_letter.private_link(held.application.id, call, programme, request.language, address)
        try:
            message_id = mailer.send(request.email, letter.subject, letter.text, effect=effect)
        except (BotoCoreError, ClientError):
            # Without its cause: SES names the address in its refusals, and they would be logged.
            raise refuse("mail-not-sent", status=502) from None
        self.effects.done(held.call.id, effect, self.now(), message_id=message_id)
