"""What rounds owe their applicants: every letter that was never sent, whatever was lost on the way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from functions.acknowledge.excepting import Excepting
from functions.acknowledge.receipts import Receipts
from functions.acknowledge.reminding import Reminding
from functions.acknowledge.sending import Sending, Work
from functions.acknowledge.verdicts import Verdicts
from shared import keys, totals
from shared.aws.effects import BusyError
from shared.aws.rows import read_rounds, require_round
from shared.aws.table import Table
from shared.notices import notices
from shared.rounds import Round, RoundState


@dataclass(slots=True)
class Settled:
    """What one run came to. `waiting` letters were somebody else's at that moment, or there was no time for them."""

    sent: int = 0
    failures: tuple[Exception, ...] = ()
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Owing:
    """What acknowledge works with."""

    table: Table
    sending: Sending
    receipts: Receipts
    verdicts: Verdicts
    reminding: Reminding
    excepting: Excepting

    def settle(self, round_id: str, out_of_time: Callable[[], bool]) -> Settled:
        """Send what the round owes, and note that all has been told when all has.

        The heartbeat asks until that is noted, so a run that fails, dies, or ends for lack of time is gone on with by
        the next, and one that comes while another is at work leaves it alone. Nothing is noted while a single
        letter failed or is in somebody's hands. An outcome that is recorded after the note (an upload that came too
        late, say) asks for another one, see `keys.letters_told`.
        """
        # Read before the outcomes: one that is recorded in between is told now, and asked for once more.
        call = require_round(self.table, round_id)
        outcomes = totals.outcomes_counted(self.table.get(keys.totals_key(round_id)) or {})
        told = keys.letters_told(outcomes, call.certificates, call.announcement)
        return self._whole(round_id, told, self._due(call), out_of_time)

    def notify(self, round_id: str, out_of_time: Callable[[], bool]) -> Settled:
        """Tell holders of drafts what there is to tell them of the round's end, and others of the end that staff gave
        them alone, in the same way."""
        # Read before the applications: what is changed in between is told now, and asked for once more.
        call = require_round(self.table, round_id)
        settled = Settled()
        for told, due in self._news(call):
            one = self._whole(round_id, told, due if self.sending.mailer else (), out_of_time)
            settled.sent, settled.waiting = settled.sent + one.sent, settled.waiting + one.waiting
            settled.failures += one.failures
        return settled

    def catch_up(self, out_of_time: Callable[[], bool]) -> Settled:
        """Send the receipts of rounds that are not over which the stream has passed over or given up. Other rounds are
        asked about every minute, see `settle`."""
        calls = [call for call in read_rounds(self.table) if call.state in (RoundState.OPEN, RoundState.CLOSING)]
        return self._send((work for call in calls for work in self.receipts.due(call.id)), out_of_time)

    def resend(self, out_of_time: Callable[[], bool]) -> Settled:
        """The same at once, and for every round, because somebody asked for it."""
        calls = read_rounds(self.table)
        return self._send((work for call in calls for work in self.receipts.due(call.id)), out_of_time)

    def _news(self, call: Round) -> Iterator[tuple[str, Iterable[Work]]]:
        for notice in notices(call, self.sending.now()):
            yield keys.notices_told(notice.name), self.reminding.due(call, notice)
        if call.exceptions:
            yield keys.exceptions_told(call.exceptions), self.excepting.due(call)

    def _whole(self, round_id: str, told: str, due: Iterable[Work], out_of_time: Callable[[], bool]) -> Settled:
        effects, now = self.sending.effects, self.sending.now
        settled = Settled()
        try:
            with effects.once(round_id, told, now()) as mine:
                if mine:
                    settled = self._send(due, out_of_time)
                    if settled.failures or settled.waiting:
                        effects.give_back(round_id, told)
                    else:
                        effects.done(round_id, told, now())
        except BusyError:
            return Settled()
        return settled

    def _send(self, due: Iterable[Work], out_of_time: Callable[[], bool]) -> Settled:
        settled = Settled()
        for send in due:
            if out_of_time():
                settled.waiting += 1
                break
            try:
                settled.sent += send()
            except BusyError:
                settled.waiting += 1
            except Exception as error:  # noqa: BLE001  told when the others have had their turn
                settled.failures += (error,)
        return settled

    def _due(self, call: Round) -> Iterator[Work]:
        yield from self.receipts.due(call.id)
        if self.sending.mailer is not None:
            yield from self.verdicts.due(call)
