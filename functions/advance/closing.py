"""Closing a round: proof that nothing is missing, a recount, a certificate. May die anywhere and be run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared import keys, totals
from shared.aws.bucket import Bucket, ObjectVersion
from shared.aws.messages import Queue
from shared.aws.reconciliation import Reconciliation, reconcile
from shared.aws.rows import audit, change_round, read_applications, read_submissions, totals_unchanged
from shared.aws.table import Item, Put, Table, Update
from shared.certificates import EXCEPTIONS_CERTIFIED, ROUND_CLOSED, certificate
from shared.instants import iso
from shared.references import RANDOM_BYTES
from shared.rounds import Round, RoundState
from shared.submissions import Submission

JOB = "scheduled job"
"""Who, in the audit trail, where no person did it."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What a try at closing came to. `missing` counts uploads still without an outcome; `repaired` counts
    totals that the recount found wrong, which is a fault of ours and raises an alarm."""

    certified: bool
    missing: int = 0
    repaired: int = 0


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing works with. `drain` is how long to wait after the last arrival before counting, `marks` how many
    files are marked for removal at a time: each takes a call, and a tick has two minutes for everything."""

    table: Table
    bucket: Bucket
    uploads: Queue
    drain: timedelta
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    marks: int = 200

    def close(self, call: Round) -> Closed | None:
        """One try at closing a round that is in the state closing; None while uploads may still be on the way.

        Uploads without an outcome are queued again, and the next tick looks again. Raises
        ConditionFailedError where the round or its totals changed meanwhile: the next tick does it.
        """
        if call.last_arrival is not None and self._may_arrive(call.last_arrival, self.now()):
            return None
        return self._try(call)

    def certify_exceptions(self, call: Round) -> Closed | None:
        """One try at the certificate of what came from those who were let in to a certified round; None where
        nobody was, or may still send. Otherwise as `close`."""
        if call.exceptions_until is None or self._may_arrive(call.exceptions_until + call.grace, self.now()):
            return None
        return self._try(call)

    def _may_arrive(self, last: datetime, now: datetime) -> bool:
        return now <= last + self.drain

    def _try(self, call: Round) -> Closed:
        begun = self.now()
        stored = self.table.get(keys.totals_key(call.id)) or {}
        submissions = read_submissions(self.table, call.id)
        seen = reconcile(self.bucket, call.id, submissions)
        if seen.missing:
            for version in seen.missing:
                self.uploads.send(_as_event(version))
            return Closed(certified=False, missing=len(seen.missing))
        return self._certify(call, seen, submissions, stored, begun)

    def mark_leftovers(self, call: Round, after: list[str] | None) -> tuple[int, list[str] | None]:
        """Mark for removal some files of drafts of which no document ever came: those whose key and version follow
        these. Returns how many, and where to go on, which is None once all are marked.

        Only for an announced round: before, an extension or an exception could still make an application of them. (S3
        counts the days to the removal from the upload and not from the mark, so no time is left after it.)
        """
        unsubmitted = reconcile(self.bucket, call.id, read_submissions(self.table, call.id)).unsubmitted
        leftovers = {(one.key, one.version_id): one for one in unsubmitted}
        left = [place for place in sorted(leftovers) if after is None or list(place) > after]
        turn, later = left[: self.marks], left[self.marks :]
        for place in turn:
            self.bucket.mark_unsubmitted(leftovers[place])
        return len(turn), list(turn[-1]) if later else None

    def _certify(
        self, call: Round, seen: Reconciliation, submissions: Sequence[Submission], stored: Item, begun: datetime
    ) -> Closed:
        """`begun` is from before the bucket was listed: what arrived after that was not seen, whatever the clock says
        by now."""
        now, number = self.now(), call.certificates + 1
        applications = read_applications(self.table, call.id)
        counted = totals.recount(applications, [one.outcome for one in submissions])
        wrong = _differences(totals.counters(stored), counted)
        written = certificate(
            call.id,
            number,
            submissions,
            documents=seen.documents,
            missing=len(seen.missing),
            vanished=seen.vanished,
            certified_at=iso(now),
            counted=counted,
        )
        facts = {"objects": written["objects"], "root": written["root"], "repaired": sorted(wrong)}
        if number == 1:
            after, what = self._closed(call, now, begun), ROUND_CLOSED
            facts["turned_away"] = written["totals"]["turned_away"]
        else:
            after = replace(call, exceptions_until=None, supplements=call.supplements + 1)
            what = EXCEPTIONS_CERTIFIED
        repair = {name: counted.get(name, 0) for name in wrong}
        event = audit(call.id, now, JOB, what, self.random(RANDOM_BYTES), **facts)
        self.table.transact(
            [
                *change_round(call, after, event),
                Put(keys.certificate_key(call.id, number), written),
                # Holds only if nothing was counted since before the rows were read: then the recount is of now.
                Update(keys.totals_key(call.id), set=repair, add={"revision": 1}, condition=totals_unchanged(stored)),
            ]
        )
        return Closed(certified=True, repaired=len(wrong))

    def _closed(self, call: Round, now: datetime, begun: datetime) -> Round:
        """Whose time was over before the closing is in its certificate, and needs none of their own."""
        until = call.exceptions_until
        until = until if until is not None and self._may_arrive(until + call.grace, begun) else None
        return replace(call, state=RoundState.CLOSED, closed_at=now, exceptions_until=until)


def _differences(stored: dict[str, int], counted: dict[str, int]) -> set[str]:
    return {name for name in stored.keys() | counted.keys() if stored.get(name, 0) != counted.get(name, 0)}


def _as_event(version: ObjectVersion) -> dict[str, Any]:
    """The upload as a message like S3's own, so that ingest knows no second kind."""
    return {
        "source": "anslag.sweep",
        "detail-type": "Object Created",
        "detail": {"object": {"key": version.key, "version-id": version.version_id, "size": version.size}},
    }
