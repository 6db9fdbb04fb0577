"""Summaries to staff: every morning what is new, and once what a closed round came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from functions.summarise import closing, digest
from functions.summarise.readers import Readers, Readership
from shared import keys
from shared.aws.bucket import Bucket
from shared.aws.effects import Effects
from shared.aws.messages import Queue, Topic
from shared.aws.reconciliation import reconcile
from shared.aws.rows import read_applications, read_rounds, read_submissions, require_round
from shared.aws.table import Table
from shared.instants import iso, parse_iso
from shared.programme import load
from shared.rounds import Round, RoundState, wrong_state

_DIGEST = "digest-"
_REPORTED = (RoundState.OPEN, RoundState.CLOSING, RoundState.CLOSED, RoundState.DECIDED)
_SETTLED = timedelta(minutes=1)
"""A digest tells up to this long ago. An outcome carries the instant before it was written, so one of the last
moments may not be there yet when the rows are read, and would be in no digest at all."""
_WEEKEND = (5, 6)
"""Days on which staff hear of what is wrong or nearly over and of nothing else; the rest is told on Monday."""
_ON_ITS_WAY = timedelta(minutes=15)
"""An upload younger than this may still be in the queue, and is not called missing."""


@dataclass(frozen=True, slots=True)
class Summarising:
    """What summarise works with."""

    table: Table
    bucket: Bucket
    effects: Effects
    staff: Topic
    dead_letters: Sequence[Queue]
    now: Callable[[], datetime]

    def digests(self) -> list[str]:
        """Today's digest for every round that has news. Returns the rounds that one went out for.

        A round that fails does not keep the others from theirs, and the failure is raised at the end.
        """
        readers, remember, failures = self._readers()
        sent: list[str] = []
        for call in read_rounds(self.table):
            try:
                if call.state in _REPORTED and self._digest(call, readers):
                    sent.append(call.id)
            except Exception as error:  # noqa: BLE001  raised again below, when the other rounds have had their turn
                error.add_note(call.id)
                failures.append(error)
        if failures:
            raise ExceptionGroup("digests failed", failures)
        remember()
        return sent

    def _readers(self) -> tuple[Readers, Callable[[], None], list[Exception]]:
        """Who does not read, and what remembers the others. A failure is told once the digests are out."""
        try:
            return (*Readership(self.table, self.staff, self.now).compared(), [])
        except (BotoCoreError, ClientError) as error:
            return Readers(), lambda: None, [error]

    def closing_summary(self, round_id: str) -> bool:
        """The summary of a closed round, once. Returns whether it went out now.

        Raises ProblemsError for a round that has no certificate, and BusyError while somebody else sends it.
        """
        call = require_round(self.table, round_id)
        certificate = self.table.get(keys.certificate_key(round_id))
        if certificate is None:
            raise wrong_state(call.state, RoundState.CLOSED)
        with self.effects.once(round_id, keys.CLOSING_SUMMARY, self.now()) as mine:
            if mine:
                programme = load(call.programme)
                applications = read_applications(self.table, round_id)
                letter = closing.compose(call, programme, certificate, applications, programme.languages[0])
                composed = {"subject": letter.subject, "text": letter.text}
                told = self.effects.keep(round_id, keys.CLOSING_SUMMARY, composed)
                message_id = self.staff.publish_text(
                    told["subject"], told["text"], effect=f"{round_id} {keys.CLOSING_SUMMARY}"
                )
                self.effects.done(round_id, keys.CLOSING_SUMMARY, self.now(), message_id=message_id)
        return mine

    def _digest(self, call: Round, readers: Readers) -> bool:
        now, programme = self.now(), load(call.programme)
        effect = f"{_DIGEST}{now.astimezone(programme.zone).date().isoformat()}"
        since = self._told_until(call)
        submissions = read_submissions(self.table, call.id)
        seen = reconcile(self.bucket, call.id, submissions)
        missing = [one for one in seen.missing if one.arrived_at < now - _ON_ITS_WAY]
        applications = read_applications(self.table, call.id)
        until = now - _SETTLED
        stuck = sum(queue.count() for queue in self.dead_letters)
        facts = digest.gather(
            call,
            programme,
            applications,
            submissions,
            since=since,
            now=until,
            missing=[keys.application_of(version.key) for version in missing],
            vanished=[one.application for one in seen.vanished],
            dead_letters=stuck,
            readers=readers,
        )
        weekend = now.astimezone(programme.zone).weekday() in _WEEKEND
        urgent = digest.has_problems(facts) or facts.reminds
        if not (urgent if weekend else digest.has_news(facts)):
            return False
        with self.effects.once(call.id, effect, now) as mine:
            if mine:
                letter = digest.compose(facts, call, programme, programme.languages[0])
                message_id = self.staff.publish_text(letter.subject, letter.text, effect=f"{call.id} {effect}")
                self.effects.done(call.id, effect, self.now(), until=iso(until), message_id=message_id)
        return mine

    def _told_until(self, call: Round) -> datetime:
        """Up to when the last digest that went out told everything."""
        earlier = self.table.query(keys.round_partition(call.id), keys.effect_key(call.id, _DIGEST)["sk"])
        told = [parse_iso(item["until"]) for item in earlier if "until" in item]
        return max(told, default=call.opens_at)
