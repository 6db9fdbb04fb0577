"""One uploaded application.json, from the object in the bucket to one recorded outcome.

On the way of most applications this reads the document, looks at each attachment once, and writes one
transaction. The transaction carries every assumption (the round is as remembered, the application is as
expected, the submission is not yet recorded); where one fails, DynamoDB hands back what is there instead, and
the outcome is worked out again from that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared import keys, totals
from shared.applications import Application, Arrival, Facts, Outcome
from shared.aws.bucket import Bucket
from shared.aws.failures import note_failure, reason_of
from shared.aws.rows import count, read_round, unchanged
from shared.aws.table import ABSENT, ConditionFailedError, ConflictError, Item, Put, Table, Update, Write
from shared.document import MOST_DOCUMENT_BYTES, AttachmentSection, Document
from shared.files import is_what_it_says, type_name
from shared.keys import DocumentName
from shared.problems import Problem, problem
from shared.programme import Programme, load
from shared.rounds import Round, arrived_in_time, held
from shared.submissions import Submission
from shared.validation import Verdict, judge

_MOST_TRIES = 6
"""More than the assumptions that can fail one after another; beyond it the queue delivers again, later."""
_ROUND, _SUBMISSION, _APPLICATION = range(3)
"""The writes' places in the transaction."""


class UnknownObjectError(Exception):
    """An object that no form of ours was signed for, or of a round or application that is not there. A person
    has to look: it goes to the dead letters."""


class AfterCertificateError(Exception):
    """An upload that arrived in time and has no outcome, in a round whose certificate says that none is missing.

    S3 would have had to finish it after closing had listed the bucket, later than closing waits. It must not
    count unseen, and it must not be called late: it goes to the dead letters, and a person decides.
    """


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The object version that an event names."""

    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome of a submission. `again` says that it had been recorded before."""

    submission: Submission
    again: bool


@dataclass(frozen=True, slots=True)
class Intake:
    """What ingest works with. `rounds` remembers rounds between deliveries; the transaction checks each."""

    table: Table
    bucket: Bucket
    rounds: MutableMapping[str, Round]
    now: Callable[[], datetime]

    def ingest(self, uploaded: Uploaded) -> Recorded:
        """Record the one outcome of an uploaded document, whatever it is.

        Raises UnknownObjectError, AfterCertificateError, ConflictError after several tries, or what the AWS
        calls raise: all of it is for the queue to deliver again.
        """
        name = keys.parse_document_object(uploaded.key)
        if name is None:
            raise UnknownObjectError(uploaded.key)
        call = self._round(name.round_id, fresh=False)
        version, raw = self.bucket.read(uploaded.key, uploaded.version_id, most=MOST_DOCUMENT_BYTES)
        verdict, facts, problems = self._examine(name, raw, load(call.programme))
        arrival = Arrival(
            name.submission,
            version.version_id,
            version.arrived_at,
            hashlib.sha256(raw).hexdigest(),
            len(raw),
            in_time=True,
            problems=problems,
            facts=facts,
            contact=verdict.contact,
        )
        return self._record(name, arrival, call)

    def note_failure(self, uploaded: Uploaded, error: Exception) -> None:
        """Keep the reason for whoever finds the upload among the dead letters."""
        note_failure(self.table, uploaded.key, uploaded.version_id, reason_of(error), self.now())

    def _examine(
        self, name: DocumentName, raw: bytes, programme: Programme
    ) -> tuple[Verdict, Facts | None, tuple[Problem, ...]]:
        verdict = judge(raw, programme)
        if verdict.document is None or verdict.applicant is None:
            return verdict, None, verdict.problems
        problems, versions = self._look_at_attachments(name, verdict.document, programme)
        facts = None if problems else Facts.of(verdict.document, verdict.applicant, versions)
        return verdict, facts, problems

    def _look_at_attachments(
        self, name: DocumentName, document: Document, programme: Programme
    ) -> tuple[tuple[Problem, ...], dict[str, str]]:
        limits = {kind.id: kind.most_bytes for kind in programme.attachments}
        problems: list[Problem] = []
        versions: dict[str, str] = {}
        for index, file in enumerate(document.attachments):
            key = keys.attachment_object(name.round_id, name.application, file.sha256)
            seen = self.bucket.look(key, most=limits[file.kind])
            if seen is None:
                problems.append(problem("attachment-not-received", f"attachments.{index}", name=file.name))
            elif (seen.size, seen.sha256) != (file.size, file.sha256):
                problems.append(problem("attachment-differs", f"attachments.{index}", name=file.name))
            elif not is_what_it_says(file.type, seen.head):
                problems.append(_false_type(index, file))
            else:
                versions[file.sha256] = seen.version_id
        return tuple(problems), versions

    def _record(self, name: DocumentName, arrival: Arrival, call: Round) -> Recorded:
        before: Application | None = None
        for _ in range(_MOST_TRIES):
            assumed = totals.kept(before or _untouched_draft(name, call), certified=call.is_certified)
            judged = replace(arrival, in_time=arrived_in_time(held(call, assumed.access), arrival.arrived_at))
            lets_in = call.exceptions_until is not None and not arrived_in_time(call, arrival.arrived_at)
            if judged.in_time and call.is_certified and not lets_in:
                return self._recorded_before(name, arrival)
            outcome, after = assumed.with_arrival(judged)
            submission = _submission(name, judged, outcome, after, call, self.now())
            try:
                self.table.transact(_writes(call, submission, assumed, after, outcome))
            except ConflictError:
                continue
            except ConditionFailedError as error:
                if stored := error.found.get(_SUBMISSION):
                    return Recorded(Submission.from_item(stored), again=True)
                if _ROUND in error.found:
                    call = self._round(name.round_id, fresh=True)
                if _APPLICATION in error.found:
                    before = _stored_application(name, error.found[_APPLICATION])
            else:
                return Recorded(submission, again=False)
        raise ConflictError(f"gave way {_MOST_TRIES} times")

    def _recorded_before(self, name: DocumentName, arrival: Arrival) -> Recorded:
        key = keys.submission_key(name.round_id, name.application, arrival.submission, arrival.version_id)
        stored = self.table.get(key)
        if stored is None:
            raise AfterCertificateError(f"{name.round_id}/{name.application}/{arrival.submission}")
        return Recorded(Submission.from_item(stored), again=True)

    def _round(self, round_id: str, *, fresh: bool) -> Round:
        if fresh or round_id not in self.rounds:
            call = read_round(self.table, round_id)
            if call is None:
                raise UnknownObjectError(round_id)
            self.rounds[round_id] = call
        return self.rounds[round_id]


def _false_type(index: int, file: AttachmentSection) -> Problem:
    return problem("not-what-it-says", f"attachments.{index}", name=file.name, type=type_name(file.type))


def _untouched_draft(name: DocumentName, call: Round) -> Application:
    """What most applications are when their document comes: started, and nothing else. Only its revision is
    assumed; link, language and start stay as they are stored."""
    return Application(name.application, name.round_id, "", "", call.opens_at)


def _stored_application(name: DocumentName, item: Item | None) -> Application:
    if item is None:
        raise UnknownObjectError(f"{name.round_id}/{name.application}")
    return Application.from_item(item)


def _submission(
    name: DocumentName, arrival: Arrival, outcome: Outcome, after: Application, call: Round, now: datetime
) -> Submission:
    return Submission(
        name.round_id,
        name.application,
        arrival.submission,
        arrival.version_id,
        arrival.arrived_at,
        now,
        outcome,
        after.current.number if after.current else 0,
        arrival.sha256,
        arrival.problems if outcome is not Outcome.LATE else (),
        call.certificates,
    )


def _writes(
    call: Round, submission: Submission, before: Application, after: Application, outcome: Outcome
) -> list[Write]:
    place = (submission.round_id, submission.application)
    stored = after.as_item()
    judged = ("current", "repeated", "refused", "state", "certified")
    changed: dict[str, Any] = {name: stored[name] for name in judged if name in stored}
    return [
        unchanged(call),
        Put(
            keys.submission_key(*place, submission.submission, submission.version_id),
            submission.as_item(),
            ABSENT,
        ),
        Update(
            keys.application_key(*place),
            set={**changed, "revision": before.revision + 1},
            # An application that was ever sent is kept; only drafts expire.
            remove=("expires_at",),
            condition=Attr("revision").eq(before.revision),
        ),
        count(submission.round_id, totals.change(before, after, outcome)),
    ]
