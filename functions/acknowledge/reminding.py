"""Holders of drafts are told that the end is near, or has been moved: whoever left an address in the draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from functions.acknowledge.sending import Sending, Work
from shared import keys
from shared.applications import ApplicationState
from shared.aws.contacts import address_of
from shared.aws.rows import read_application, read_applications
from shared.aws.table import Table
from shared.letters import Letter
from shared.notice_letter import notice_letter
from shared.notices import Notice, NoticeKind
from shared.programme import load
from shared.rounds import Round

_UNSENT = (ApplicationState.DRAFT, ApplicationState.REFUSED)


@dataclass(frozen=True, slots=True)
class Reminding:
    """What notices are made with."""

    table: Table
    sending: Sending

    def due(self, call: Round, notice: Notice) -> Iterator[Work]:
        """A letter for each application that was begun and has nothing accepted. Whoever began after an extension knows
        of no other end."""
        moved = call.extended_at if notice.kind is NoticeKind.EXTENSION else None
        told = self.sending.effects.all_done(call.id, keys.NOTICE_LETTERS)
        for application in read_applications(self.table, call.id):
            concerned = application.state in _UNSENT and (moved is None or application.started_at <= moved)
            if concerned and keys.notice_letter(application.id, notice.name) not in told:
                yield partial(self._tell, call, notice, application.id)

    def _tell(self, call: Round, notice: Notice, reference: str) -> bool:
        application = read_application(self.table, call.id, reference)
        if application is None or application.state not in _UNSENT:
            return False
        to = address_of(self.table, application)
        message: tuple[str, Letter] | None = None
        if to is not None:
            letter = notice_letter(notice, application, call, load(call.programme), self.sending.now())
            message = to, letter
        return self.sending.deliver(call.id, keys.notice_letter(reference, notice.name), message, keep=True)
