"""Verifying a round: everything in its certificate, and every application, worked out again and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared import keys, totals
from shared.applications import Application, Facts, Outcome, Version
from shared.aws.bucket import Bucket, ObjectVersion
from shared.aws.reconciliation import reconcile
from shared.aws.rows import read_applications, read_submissions, require_round
from shared.aws.table import Item, Table
from shared.document import MOST_DOCUMENT_BYTES
from shared.instants import iso
from shared.problems import refuse
from shared.programme import Programme, load
from shared.references import read_reference
from shared.rounds import Round
from shared.submissions import Submission, certified_by, root_hash
from shared.validation import judge

_COMPARED = ("applications", "requested", "applicants", "by")
"""The totals that nothing may move once they are certified. (Who is turned away later is counted on.)"""


@dataclass(frozen=True, slots=True)
class Verifying:
    """What verification works with."""

    table: Table
    bucket: Bucket

    def certificate(self, round_id: str) -> dict[str, Any]:
        """The certificate, what bucket and table say now, and the names of what differs.

        What came after the certificate (late uploads, people turned away, withdrawals) is counted apart and is no
        difference.
        Raises ProblemsError with status 404.
        """
        call = require_round(self.table, round_id)
        stored = self.table.get(keys.certificate_key(round_id))
        if stored is None:
            raise refuse("not-certified-yet", status=404)
        submissions = read_submissions(self.table, round_id)
        certified = certified_by(1, submissions)
        seen = reconcile(self.bucket, round_id, submissions)
        applications = read_applications(self.table, round_id)
        counted = totals.as_json(totals.certified(applications))
        found = {
            "round": round_id,
            "certified_at": iso(call.closed_at) if call.closed_at else None,
            "objects": seen.documents - (len(submissions) - len(certified)),
            "missing": len(seen.missing),
            "outcomes": {outcome.value: sum(one.outcome is outcome for one in certified) for outcome in Outcome},
            "root": root_hash(certified),
            **{name: counted[name] for name in _COMPARED},
        }
        said = stored["totals"]
        expected = {name: said[name] if name in _COMPARED else stored[name] for name in found}
        differences = {name for name in found if found[name] != expected[name]}
        if said["outcomes"] != found["outcomes"]:
            differences.add("outcomes")
        if said["turned_away"] > sum(one.turned_away_at is not None for one in applications):
            differences.add("turned_away")
        differences |= self._later(call, submissions, applications)
        return {
            "certificate": {name: value for name, value in stored.items() if name not in ("pk", "sk")},
            "found": found,
            "after_certificate": len(submissions) - len(certified),
            "changed_after_certificate": sum(_has_changed(one) for one in applications),
            "differences": sorted(differences),
        }

    def _later(self, call: Round, submissions: list[Submission], applications: list[Application]) -> set[str]:
        """What differs in today's totals, and in the certificates of whoever was let in: root of certificate 2."""
        now = totals.recount(applications, [one.outcome for one in submissions])
        stored_totals = totals.counters(self.table.get(keys.totals_key(call.id)) or {})
        found = set() if totals.non_zero(stored_totals) == now else {"totals"}
        for number in range(2, call.certificates + 1):
            stored = self.table.get(keys.certificate_key(call.id, number)) or {}
            covered = certified_by(number, submissions)
            outcomes = {outcome.value: sum(one.outcome is outcome for one in covered) for outcome in Outcome}
            expected = {"objects": len(covered), "outcomes": outcomes, "root": root_hash(covered)}
            found |= {f"{name} of certificate {number}" for name in expected if stored.get(name) != expected[name]}
        return found

    def application(self, round_id: str, reference: str) -> dict[str, Any]:
        """The application held against the upload that it came from, with the names of what differs.

        `document`: it is gone, or has another content or instant. `facts`: the row says other than the document.
        `attachments`: a file is gone. `state`: it is not what follows from the rest. `submissions`: the current
        version is not the newest one that was accepted. Raises ProblemsError with status 404.
        """
        call = require_round(self.table, round_id)
        identifier = read_reference(reference)
        row = self.table.get(keys.application_key(round_id, identifier)) if identifier else None
        if row is None:
            raise refuse("unknown-reference", status=404, given=reference)
        return {"application": row["application"], "differences": sorted(self._differences(row, load(call.programme)))}

    def _differences(self, row: Item, programme: Programme) -> Iterator[str]:
        application = Application.from_item(row)
        if row["state"] != application.state:
            yield "state"
        current, newest = application.current, self._newest(application)
        if (current and current.sha256) != (newest and newest.sha256):
            yield "submissions"
        if current is None:
            return
        there = self._there(application)
        raw = self._document(application, current, there)
        if raw is None:
            yield "document"
        elif _facts(raw, programme, current) != current.facts.as_item():
            yield "facts"
        for file in current.facts.attachments:
            found = there.get(
                (keys.attachment_object(application.round_id, application.id, file["sha256"]), file["version_id"])
            )
            if found is None or found.size != file["size"]:
                yield "attachments"
                return

    def _newest(self, application: Application) -> Submission | None:
        """The last arrival whose content stands: accepted, or the same as what was accepted."""
        rows = self.table.query(keys.round_partition(application.round_id), keys.submissions_prefix(application.id))
        recorded = [Submission.from_item(row) for row in rows]
        standing = [one for one in recorded if one.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE)]
        return max(standing, key=lambda one: one.order, default=None)

    def _there(self, application: Application) -> dict[tuple[str, str], ObjectVersion]:
        """Every object version of the application, by key and version. A version never changes, so a file that was
        hashed when it came need not be read again."""
        listed = self.bucket.versions(keys.application_prefix(application.round_id, application.id))
        return {(one.key, one.version_id): one for one in listed}

    def _document(
        self, application: Application, current: Version, there: dict[tuple[str, str], ObjectVersion]
    ) -> bytes | None:
        """The uploaded document, or None where it is gone or is not what the row says."""
        key = keys.document_object(application.round_id, application.id, current.submission)
        if (key, current.version_id) not in there:
            return None
        version, raw = self.bucket.read(key, current.version_id, most=MOST_DOCUMENT_BYTES)
        found = (version.arrived_at, hashlib.sha256(raw).hexdigest(), len(raw))
        return raw if found == (current.arrived_at, current.sha256, current.size) else None


def _has_changed(application: Application) -> bool:
    """Whether the application counts otherwise than it did in the certificate."""
    if application.certified is None:
        return False
    before, now = dict(application.certified), dict(totals.contribution(application))
    return {**before, "turned_away": 0} != {**now, "turned_away": 0}


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
