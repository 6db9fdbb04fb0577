"""One recorded outcome, one message to the applicant's contact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from functions.acknowledge.sending import Sending, Work
from shared import keys, receipt, refusal
from shared.applications import Application, Outcome
from shared.aws.rows import read_application, read_round
from shared.aws.table import Item, Table
from shared.letters import Letter
from shared.programme import Programme, load
from shared.rounds import Round
from shared.submissions import Submission


@dataclass(frozen=True, slots=True)
class Receipts:
    """What receipts are made with."""

    table: Table
    sending: Sending

    def acknowledge(self, submission: Submission) -> bool:
        """Tell the contact what became of the submission, once. Returns whether a message went out now.

        A duplicate gets none: the receipt for the same content has gone out. Raises BusyError while another
        delivery of the same event is being handled.
        """
        if self.sending.mailer is None or submission.outcome is Outcome.DUPLICATE:
            return False
        call = read_round(self.table, submission.round_id)
        application = read_application(self.table, submission.round_id, submission.application)
        if call is None or application is None:
            return False
        message = _message(submission, application, call, load(call.programme))
        return self.sending.deliver(submission.round_id, _effect(submission), message)

    def due(self, round_id: str) -> Iterator[Work]:
        """A receipt for each outcome of the round of which none went out, some of them due to nobody. Where nothing can
        be made of a row, that is told when its turn comes."""
        if self.sending.mailer is None:
            return
        told = self.sending.effects.all_done(round_id, keys.RECEIPTS)
        for item in list(self.table.query(keys.round_partition(round_id), keys.SUBMISSIONS)):
            effect = keys.receipt_effect_of(item["sk"])
            if effect not in told:
                yield partial(self._tell, effect, item)

    def _tell(self, effect: str, item: Item) -> bool:
        try:
            return self.acknowledge(Submission.from_item(item))
        except Exception as error:
            error.add_note(effect)
            raise


def _effect(submission: Submission) -> str:
    return keys.receipt_effect(submission.application, submission.submission, submission.version_id)


def _message(
    submission: Submission, application: Application, call: Round, programme: Programme
) -> tuple[str, Letter] | None:
    """To whom, and what; None where nobody can be reached, or where a later refusal says it better."""
    language, current, refused = application.told_in, application.current, application.refused
    if submission.outcome is Outcome.ACCEPTED and current is not None:
        to = str(current.facts.contact["email"])
        if current.version_id == submission.version_id:
            return to, receipt.accepted(application, call, programme, language)
        return to, receipt.brief(submission, call, programme, language)
    if refused is None or refused.version_id != submission.version_id or not refused.contact:
        return None
    return str(refused.contact["email"]), refusal.refused(application, call, programme, language)
