"""Comparing the bucket with the table, both ways: every version of every application.json has a recorded outcome and
every outcome its version, or is named here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared import keys
from shared.aws.bucket import Bucket, ObjectVersion
from shared.submissions import Submission


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a round's part of the bucket holds. `documents` counts versions of application.json; `missing` are
    those without an outcome; `unsubmitted` are files of applications of which no document ever came; `vanished` are
    outcomes whose version somebody has deleted."""

    documents: int
    missing: tuple[ObjectVersion, ...]
    unsubmitted: tuple[ObjectVersion, ...]
    vanished: tuple[Submission, ...]


def reconcile(bucket: Bucket, round_id: str, submissions: Iterable[Submission]) -> Reconciliation:
    """Compare. The rows must have been read before this lists the bucket, never after: an object that arrives
    in between then counts as missing, is looked at again, and is found; the other way round it would be lost. For the
    same reason every outcome is of an object that was there before: one that is not seen is gone."""
    recorded = {(one.application, one.submission, one.version_id): one for one in submissions}
    sent = {application for application, _, _ in recorded}
    documents, missing, unsubmitted, seen = 0, [], [], set()
    for version in bucket.versions(keys.round_prefix(round_id)):
        name = keys.parse_document_object(version.key)
        if name is not None:
            documents += 1
            place = (name.application, name.submission, version.version_id)
            seen.add(place)
            if place not in recorded:
                missing.append(version)
        elif keys.application_of(version.key) not in sent:
            unsubmitted.append(version)
    vanished = tuple(one for place, one in recorded.items() if place not in seen)
    return Reconciliation(documents, tuple(missing), tuple(unsubmitted), vanished)
