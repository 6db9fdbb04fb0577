"""The scheduled job: looks at every round and does what is due. Late, twice, or dead half-way: the next tick
sees the same rows and does what is still due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.advance.closing import JOB, Closing
from shared import keys, totals
from shared.aws.effects import Effects
from shared.aws.messages import Functions
from shared.aws.rows import audit, change_round, left_by, read_rounds
from shared.aws.table import ConditionFailedError, ConflictError, Table
from shared.notices import notices
from shared.references import RANDOM_BYTES
from shared.rounds import Round, RoundState, due_state, embargo_is_over

_LOOKED_AFTER = timedelta(days=60)
"""How long after its last announcement a round is looked at for what closing and announcing may have left half-way.
After that somebody has answered the alarm, and every round that there ever was would cost reads every minute."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a tick did, as the log tells it."""

    round_id: str
    what: str
    missing: int = 0
    repaired: int = 0
    held_back: int = 0


class RoundsFailedError(ExceptionGroup[Exception]):
    """What failed, each with its round for a note. `steps` were taken all the same."""

    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the job works with. `summarise`, `announce`, `publish` and `acknowledge` are functions' names."""

    table: Table
    closing: Closing
    effects: Effects
    functions: Functions
    summarise: str
    announce: str
    publish: str
    acknowledge: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def tick(self) -> list[Step]:
        """One look at every round. A round that somebody else changed meanwhile is left for the next tick; one
        that fails does not keep the others from their turn, and RoundsFailedError is raised at the end."""
        steps: list[Step] = []
        failures: list[Exception] = []
        for call in read_rounds(self.table):
            try:
                steps += self._advance(call)
            except (ConditionFailedError, ConflictError):
                steps.append(Step(call.id, "gave way"))
            except Exception as error:  # noqa: BLE001  raised again below, when the other rounds have had their turn
                error.add_note(call.id)
                failures.append(error)
        if failures:
            failed = RoundsFailedError("rounds failed", failures)
            failed.steps = steps
            raise failed
        return steps

    def _advance(self, call: Round) -> list[Step]:
        due = due_state(call, self.now())
        if due is not call.state:
            return [Step(call.id, f"round {due}"), *self._move(call, due)]
        work = {
            RoundState.OPEN: self._notices,
            RoundState.CLOSING: self._closing,
            RoundState.CLOSED: self._closed,
            RoundState.DECIDED: self._decided,
            RoundState.ANNOUNCED: self._announced,
        }
        return work[call.state](call) if call.state in work else []

    def _closing(self, call: Round) -> list[Step]:
        return [*self._notices(call), *self._close(call)]

    def _decided(self, call: Round) -> list[Step]:
        return [*self._closed(call), *self._announcement(call)]

    def _announced(self, call: Round) -> list[Step]:
        steps = self._announcement(call)
        if call.announced_at is not None and self.now() - call.announced_at < _LOOKED_AFTER:
            steps += [*self._closed(call), *self._pages(call), *self._leftovers(call)]
        return steps

    def _closed(self, call: Round) -> list[Step]:
        return [*self._summary(call), *self._exceptions(call), *self._letters(call), *self._notices(call)]

    def _move(self, call: Round, state: RoundState) -> list[Step]:
        now = self.now()
        after = replace(call, state=state, closing_since=now if state is RoundState.CLOSING else None)
        event = audit(call.id, now, JOB, f"round {state}", self.random(RANDOM_BYTES))
        writes = change_round(call, after, event)
        self.table.transact(writes)
        return self._close(left_by(writes, call)) if state is RoundState.CLOSING else []

    def _close(self, call: Round) -> list[Step]:
        closed = self.closing.close(call)
        if closed is None:
            return []
        if not closed.certified:
            return [Step(call.id, "uploads queued again", missing=closed.missing)]
        self._start_summary(call)
        return [Step(call.id, "round closed", repaired=closed.repaired)]

    def _summary(self, call: Round) -> list[Step]:
        if self.effects.is_done(call.id, keys.CLOSING_SUMMARY):
            return []
        self._start_summary(call)
        return [Step(call.id, "closing summary asked for")]

    def _start_summary(self, call: Round) -> None:
        self.functions.start(self.summarise, {"summary": "closing", "round": call.id})

    def _letters(self, call: Round) -> list[Step]:
        """Ask for what applicants have not been told. Two runs of acknowledge at once are harmless, each letter has a
        claim of its own; while one run is seen to be at work, another would have nothing to do."""
        outcomes = totals.outcomes_counted(self.table.get(keys.totals_key(call.id)) or {})
        told = keys.letters_told(outcomes, call.certificates, call.announcement)
        if not self.effects.is_due(call.id, told, self.now()):
            return []
        self.functions.start(self.acknowledge, {"owed": call.id})
        return [Step(call.id, "letters asked for")]

    def _notices(self, call: Round) -> list[Step]:
        now, effects = self.now(), self.effects
        told = [keys.notices_told(one.name) for one in notices(call, now)]
        told += [keys.exceptions_told(call.exceptions)] if call.exceptions else []
        if not any(effects.is_due(call.id, one, now) for one in told):
            return []
        self.functions.start(self.acknowledge, {"notify": call.id})
        return [Step(call.id, "notices asked for")]

    def _exceptions(self, call: Round) -> list[Step]:
        """Certify what came from those who were let in, once their time is over."""
        closed = self.closing.certify_exceptions(call)
        if closed is None:
            return []
        if not closed.certified:
            return [Step(call.id, "uploads queued again", missing=closed.missing)]
        return [Step(call.id, "exceptions certified", repaired=closed.repaired)]

    def _leftovers(self, call: Round) -> list[Step]:
        """Of a round that is announced: until then anybody might be let in with the files that they had uploaded. A
        tick marks some of them and notes how far it came: there may be more than it has time for."""
        noted = self.effects.noted(call.id, keys.LEFTOVERS_MARKED)
        if "done_at" in noted:
            return []
        marked, last = self.closing.mark_leftovers(call, noted.get("last"))
        facts = {"marked": noted.get("marked", 0) + marked}
        if last is None:
            self.effects.done(call.id, keys.LEFTOVERS_MARKED, self.now(), **facts)
            return [Step(call.id, "files of unsent drafts marked for removal")]
        self.effects.note(call.id, keys.LEFTOVERS_MARKED, last=last, **facts)
        return [Step(call.id, "some files of unsent drafts marked for removal")]

    def _pages(self, call: Round) -> list[Step]:
        if call.announcement is None or self.effects.is_done(call.id, keys.result_pages(call.announcement)):
            return []
        self.functions.start(self.publish, {"publish": "results", "round": call.id})
        return [Step(call.id, "result pages asked for")]

    def _announcement(self, call: Round) -> list[Step]:
        """Have go out what was claimed and was not published, because its function died between the two, and what was
        to go out by now."""
        if call.embargo is not None and call.embargo.held_back:
            return [Step(call.id, "announcement held back", held_back=1)]
        if call.announcing is None and not embargo_is_over(call, self.now()):
            return []
        self.functions.start(self.announce, {"finish": "announcement", "round": call.id})
        return [Step(call.id, "announcement asked for")]
