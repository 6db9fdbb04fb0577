"""One application, held against everything that was uploaded for it.

What differs is told by name. `document`: an upload is gone, or is not what its row or the current version says of it.
`facts`: the row says other than the current document. `attachments`: a file is gone, or has another content. `state`:
it is not what follows from the rest. `submissions`: the current version is not the newest one that was accepted.
`refusal`: what was refused last is not what the row says was. `origin`: an upload's form was signed for an application
with another private link, language or start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import keys
from shared.applications import Application, Facts, Outcome, Refusal, Version
from shared.aws.bucket import Bucket, ObjectVersion
from shared.aws.table import Item, Table
from shared.document import MOST_DOCUMENT_BYTES
from shared.programme import Programme
from shared.submissions import Submission
from shared.validation import judge

Place = tuple[str, str]
"""A key and a version."""


@dataclass(frozen=True, slots=True)
class _Document:
    """An upload as it is in the bucket, hashed as ingest does."""

    arrived_at: datetime
    sha256: str
    raw: bytes
    origin: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What holding an application against its uploads works with."""

    table: Table
    bucket: Bucket
    programme: Programme

    def differences(self, row: Item) -> Iterator[str]:
        """The names of what differs, some of them more than once."""
        application = Application.from_item(row)
        recorded = self._recorded(application)
        current, refused = application.current, application.refused
        if row["state"] != application.state:
            yield "state"
        if not (_is_current(current, recorded) and _is_confirmed(application, recorded)):
            yield "submissions"
        if not _is_refused_last(refused, recorded):
            yield "refusal"
        there = self._there(application)
        needed = {(one.submission, one.version_id) for one in (current, refused) if one is not None}
        kept: dict[Place, _Document] = {}
        for one in recorded:
            found = self._read(application, one, there)
            if found is not None and found.origin != application.origin:
                yield "origin"
            if found is None or (found.arrived_at, found.sha256) != (one.arrived_at, one.sha256):
                yield "document"
            elif (one.submission, one.version_id) in needed:
                kept[one.submission, one.version_id] = found
        if current is not None:
            document = kept.get((current.submission, current.version_id)) or self._read(application, current, there)
            yield from self._of_current(application, current, document, there)
        if refused is not None:
            document = kept.get((refused.submission, refused.version_id))
            if document is not None and judge(document.raw, self.programme).contact != refused.contact:
                yield "refusal"

    def _of_current(
        self,
        application: Application,
        current: Version,
        document: _Document | None,
        there: Mapping[Place, ObjectVersion],
    ) -> Iterator[str]:
        said = (current.arrived_at, current.sha256, current.size)
        if document is None or (document.arrived_at, document.sha256, len(document.raw)) != said:
            yield "document"
        elif _facts(document.raw, self.programme, current) != current.facts.as_item():
            yield "facts"
        if not all(self._is_there(application, file, there) for file in current.facts.attachments):
            yield "attachments"

    def _recorded(self, application: Application) -> list[Submission]:
        rows = self.table.query(keys.round_partition(application.round_id), keys.submissions_prefix(application.id))
        return [Submission.from_item(row) for row in rows]

    def _there(self, application: Application) -> dict[Place, ObjectVersion]:
        """Every object version of the application: S3 tells who may not list it all nothing of what is absent."""
        listed = self.bucket.versions(keys.application_prefix(application.round_id, application.id))
        return {(one.key, one.version_id): one for one in listed}

    def _read(
        self, application: Application, one: Submission | Version, there: Mapping[Place, ObjectVersion]
    ) -> _Document | None:
        key = keys.document_object(application.round_id, application.id, one.submission)
        if (key, one.version_id) not in there:
            return None
        version, raw = self.bucket.read(key, one.version_id, most=MOST_DOCUMENT_BYTES)
        return _Document(version.arrived_at, hashlib.sha256(raw).hexdigest(), raw, version.origin)

    def _is_there(
        self, application: Application, file: Mapping[str, Any], there: Mapping[Place, ObjectVersion]
    ) -> bool:
        """Whether the version that the row names is the file that the document lists. One that has another size need
        not be read."""
        key = keys.attachment_object(application.round_id, application.id, file["sha256"])
        found = there.get((key, file["version_id"]))
        if found is None or found.size != file["size"]:
            return False
        return self.bucket.look_at(key, found.version_id, most=found.size).sha256 == str(file["sha256"])


def _is_current(current: Version | None, recorded: Sequence[Submission]) -> bool:
    """Whether the current version is the newest arrival whose content stands: that one, or, where the newest only
    repeated it, one with the same content; and whether its own row says the same of it."""
    standing = [one for one in recorded if one.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE)]
    newest = max(standing, key=lambda one: one.order, default=None)
    if current is None or newest is None:
        return current is None and newest is None
    accepted = [one for one in standing if one.outcome is Outcome.ACCEPTED and one.order == current.order]
    own = newest if newest.outcome is Outcome.ACCEPTED else next(iter(accepted), None)
    if own is None or newest.sha256 != current.sha256:
        return False
    said = (current.submission, current.version_id, current.arrived_at, current.sha256, current.number)
    return (own.submission, own.version_id, own.arrived_at, own.sha256, own.number) == said


def _is_confirmed(application: Application, recorded: Sequence[Submission]) -> bool:
    """Whether the row knows the newest arrival whose content stands, and names no repetition that never came."""
    repeated = {one.order for one in recorded if one.outcome is Outcome.DUPLICATE}
    accepted = {one.order for one in recorded if one.outcome is Outcome.ACCEPTED}
    newest = max(repeated | accepted, default="")
    return application.confirmed == newest and application.repeated in {"", *repeated}


def _is_refused_last(refused: Refusal | None, recorded: Sequence[Submission]) -> bool:
    """Whether that is the newest arrival that was not accepted, and its row says the same of it."""
    refusals = [one for one in recorded if one.outcome in (Outcome.REJECTED, Outcome.LATE)]
    newest = max(refusals, key=lambda one: one.order, default=None)
    if refused is None or newest is None:
        return refused is None and newest is None
    said = (refused.submission, refused.version_id, refused.arrived_at, refused.outcome, refused.problems)
    return (newest.submission, newest.version_id, newest.arrived_at, newest.outcome, newest.problems) == said


def _facts(raw: bytes, programme: Programme, current: Version) -> dict[str, Any] | None:
    """The facts of the document, as the row should have them; None where it could not have been accepted."""
    verdict = judge(raw, programme)
    if verdict.document is None or verdict.applicant is None:
        return None
    versions = {one["sha256"]: one["version_id"] for one in current.facts.attachments}
    named = {file.sha256 for file in verdict.document.attachments}
    if named != versions.keys():
        return None
    return Facts.of(verdict.document, verdict.applicant, versions).as_item()
