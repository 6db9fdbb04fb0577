"""Whoever staff let in, ask for a completion, or give no more time is told so: by the address that was known then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from functions.acknowledge.sending import Sending
from functions.acknowledge.verdicts import Work
from shared import keys
from shared.applications import Application, ApplicationState
from shared.aws.contacts import address_of
from shared.aws.rows import read_application, read_applications
from shared.aws.table import Table
from shared.exception_letter import exception_letter
from shared.letters import Letter
from shared.programme import load
from shared.rounds import Round


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
            if _is_owed(application) and _effect(application) not in told:
                yield partial(self._tell, call, application.id)

    def _tell(self, call: Round, reference: str) -> bool:
        application = read_application(self.table, call.id, reference)
        if application is None or not _is_owed(application):
            return False
        to = address_of(self.table, application)
        message: tuple[str, Letter] | None = None
        if to is not None:
            message = to, exception_letter(application, call, load(call.programme), self.sending.now())
        return self.sending.deliver(call.id, _effect(application), message, keep=True)


def _is_owed(application: Application) -> bool:
    """Whoever has withdrawn what was to be completed has nothing to complete."""
    access = application.access
    if access is None or not access.letter:
        return False
    return not access.asked or bool(access.ended) or application.state is ApplicationState.SUBMITTED


def _effect(application: Application) -> str:
    return keys.exception_letter(application.id, application.access.letter if application.access else 0)
