"""Letters about a round as a whole: to each applicant that it has closed, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from functions.acknowledge.sending import Sending, Work
from shared import keys
from shared.applications import ApplicationState
from shared.aws.decided import read_announced
from shared.aws.rows import read_application, read_applications, require_round
from shared.aws.table import Table
from shared.closing_letter import closing_address, closing_letter
from shared.decision_letters import DecisionLetters, Due
from shared.problems import ProblemsError
from shared.programme import load
from shared.rounds import Round, RoundState


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What these letters are made with. `pages_address` is where results can be read, without a slash at its end."""

    table: Table
    sending: Sending
    pages_address: str

    def due(self, call: Round) -> Iterator[Work]:
        """What the round owes beside receipts, some of it perhaps to nobody: each is looked at when its turn comes."""
        if not call.is_certified:
            return
        done = [name.rpartition("-") for name in self.sending.effects.all_done(call.id, keys.CLOSING_LETTERS)]
        told = {f"{begins}-" for begins, _, _ in done}
        told_in = {f"{begins}-" for begins, _, version in done if int(version)}
        for application in read_applications(self.table, call.id):
            # Who may still send is told when the certificate of that time asks for the round's letters once more.
            may_send = application.access is not None and call.exceptions_until is not None
            # That it is left out is news no more once it was mended in the time that staff gave.
            heard = told_in if application.state is ApplicationState.SUBMITTED else told
            owed = not may_send and keys.closing_letters(application.id) not in heard
            # Drafts are owed none. To look at each again would take the time of those who are.
            if owed and closing_address(application) is not None:
                yield partial(self._closing, call, application.id)
        if call.state is RoundState.ANNOUNCED and call.announcement is not None:
            yield from self._decisions(call, call.announcement)

    def _closing(self, call: Round, reference: str) -> bool:
        application = read_application(self.table, call.id, reference)
        if application is None:
            return False
        is_in, version = application.state is ApplicationState.SUBMITTED, application.current
        effect = keys.closing_letter(reference, version.number if is_in and version is not None else 0)
        return self.sending.deliver(call.id, effect, closing_letter(application, call, load(call.programme)))

    def _decisions(self, call: Round, number: int) -> Iterator[Work]:
        """One letter for each decision of the last announcement that its applicant has not been told."""
        try:
            announced = read_announced(self.table, call.id, number)
        except ProblemsError as altered:
            yield partial(_fail, altered)  # Told as a letter that failed, when the others have had their turn.
            return
        letters = DecisionLetters(call, announced, self.pages_address)
        noted = self.sending.effects.begun(call.id, keys.DECISION_LETTERS)
        for due in letters.due(noted):
            if "done_at" not in noted.get(letters.effect(due.decision), {}):
                yield partial(self._decision, letters, due)

    def _decision(self, letters: DecisionLetters, due: Due) -> bool:
        application = read_application(self.table, letters.call.id, due.decision.application)
        message = letters.letter(application, due) if application else None
        effect, holds = letters.effect(due.decision), partial(self._is_last, letters)
        return self.sending.deliver(letters.call.id, effect, message, holds=holds)

    def _is_last(self, letters: DecisionLetters) -> bool:
        """Whether no later announcement is out. Whoever tells that one's decisions looks for letters that have begun,
        and may have looked before this one had: nobody would correct it any more."""
        return require_round(self.table, letters.call.id).announcement == letters.number


def _fail(error: Exception) -> bool:
    raise error
