"""One recorded outcome, one message to the applicant's contact."""

from __future__ import annotations

from dataclasses import dataclass

from functions.acknowledge.sending import Sending
from shared import keys, receipt, refusal
from shared.applications import Application, Outcome
from shared.aws.rows import read_application, read_round, read_rounds, read_submissions
from shared.aws.table import Table
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

    def resend(self) -> int:
        """Go through every round's outcomes and send what was never sent. Returns how many went out.

        This is how a receipt that failed on every try is redriven: the stream has forgotten it by then. (Once its
        round has closed it is sent without that, see `owing`.) One that fails again, or that somebody else seems to
        be sending, does not hold back the others; the failures are raised together at the end, so that whoever
        called comes back for them.
        """
        sent = 0
        failures: list[Exception] = []
        for call in read_rounds(self.table):
            for submission in self.unsent(call.id):
                try:
                    sent += self.acknowledge(submission)
                except Exception as error:  # noqa: BLE001  raised again below, when the others have had their turn
                    error.add_note(_effect(submission))
                    failures.append(error)
        if failures:
            raise ExceptionGroup("receipts failed", failures)
        return sent

    def unsent(self, round_id: str) -> list[Submission]:
        """Outcomes of the round of which no receipt went out, those that need none too."""
        told = self.sending.effects.all_done(round_id, keys.RECEIPTS)
        return [one for one in read_submissions(self.table, round_id) if _effect(one) not in told]


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
