"""Whoever staff let in, ask for a completion, or give no more time is told so: by the address that was known then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from functions.acknowledge.sending import Sending, Work
from shared import keys
from shared.applications import Application, ApplicationState
from shared.aws.rows import read_application, read_applications
from shared.aws.table import Table
from shared.exception_letter import exception_letter
from shared.programme import load
from shared.rounds import Access, Round, is_everybodys


@dataclass(frozen=True, slots=True)
class Excepting:
    """What these letters are made with."""

    table: Table
    sending: Sending

    def due(self, call: Round) -> Iterator[Work]:
        """A letter for each application whose time was changed since its holder was last told. Of two changes the
        later one says it all."""
        told = self.sending.effects.all_done(call.id, keys.EXCEPTION_LETTERS)
        for application in read_applications(self.table, call.id):
            access = _owed(call, application)
            if access is not None and keys.exception_letter(application.id, access.letter) not in told:
                yield partial(self._tell, call, application.id)

    def _tell(self, call: Round, reference: str) -> bool:
        application = read_application(self.table, call.id, reference)
        access = None if application is None else _owed(call, application)
        if application is None or access is None:
            return False
        letter = exception_letter(application, call, load(call.programme), self.sending.now())
        effect = keys.exception_letter(application.id, access.letter)
        return self.sending.deliver(call.id, effect, (access.to, letter), keep=True)


def _owed(call: Round, application: Application) -> Access | None:
    """What the applicant is to be told of. Whoever has withdrawn what was to be completed has nothing to complete. That
    they may send, or may not, is untold where everybody may: the round was extended meanwhile."""
    access = application.access
    if access is None or not access.letter:
        return None
    if access.asked and not access.ended:
        return access if application.state is ApplicationState.SUBMITTED else None
    return None if is_everybodys(call, access) else access
