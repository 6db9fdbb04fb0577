"""Verifying a round: everything in its certificates worked out again and compared with what is stored. What is
verified of one application is in `holding`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.administer import chain, trail
from functions.administer.decided import Decided
from functions.administer.holding import Holding
from functions.administer.readable import UNREADABLE, unreadable
from shared import keys, totals
from shared.applications import Application, Outcome
from shared.aws.bucket import Bucket
from shared.aws.reconciliation import Reconciliation, reconcile
from shared.aws.rows import read_applications, read_submissions, require_round
from shared.aws.table import Item, Table
from shared.certificates import EXCEPTIONS_CERTIFIED, ROUND_CLOSED, certificate
from shared.instants import iso
from shared.problems import refuse
from shared.programme import load
from shared.references import read_reference
from shared.rounds import Round
from shared.submissions import Submission, certified_by

_MOST_TRIES = 3
"""Readings of a round that changes while it is read; more would keep somebody waiting."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What bucket and table say of a round now."""

    call: Round
    submissions: Sequence[Submission]
    applications: Sequence[Application]
    seen: Reconciliation
    events: Sequence[Item]
    """The audit trail."""

    @property
    def instants(self) -> list[str]:
        """When certificates were written, by the audit trail."""
        return [one["at"] for one in self.events if one["what"] in (ROUND_CLOSED, EXCEPTIONS_CERTIFIED)]

    @property
    def turned_away(self) -> int:
        """How many had been turned away when the round was closed, by the audit trail. Whoever comes later is counted
        on in the totals."""
        return sum(one.get("turned_away", 0) for one in self.events if one["what"] == ROUND_CLOSED)

    def is_left_out(self, one: Submission) -> bool:
        """Whether it is said to belong to a certificate that will never come. What came too late belongs to none."""
        waits = one.after_certificate - self.call.certificates
        late = one.outcome is Outcome.LATE or self.call.exceptions_until is not None
        return waits > 0 or (waits == 0 and not late)

    def certificate(self, number: int) -> dict[str, Any]:
        """The certificate as it should be. Uploads without an outcome are told of with the first alone: nobody can say
        which of several they belong to."""
        outcomes = [one.outcome for one in certified_by(number, self.submissions)]
        missing = len(self.seen.missing)
        return certificate(
            self.call.id,
            number,
            self.submissions,
            documents=self.seen.documents - (missing if number > 1 else 0),
            missing=missing if number == 1 else 0,
            vanished=self.seen.vanished,
            certified_at=self.instants[number - 1] if number <= len(self.instants) else None,
            counted={
                **totals.certified(self.applications),
                **totals.recount([], outcomes),
                "turned_away": self.turned_away,
            },
        )


@dataclass(frozen=True, slots=True)
class Verifying:
    """What verification works with."""

    table: Table
    bucket: Bucket

    def certificate(self, round_id: str) -> dict[str, Any]:
        """The certificate, what bucket and table say now, and the names of what differs.

        A name is that of a part of the certificate; `vanished` are uploads with an outcome that are gone, `totals`
        today's, `certificates` are not all those that were written; other names are those of attributes of the round's
        row, or are explained in `decided`. What came after the certificate (late uploads, people turned away,
        withdrawals) is counted apart and is no difference. `unexplained` are applications with something that the
        audit trail has otherwise: see `trail`.

        Raises ProblemsError: 404; 409 where rows cannot be read.
        """
        for _ in range(_MOST_TRIES - 1):
            before = self._revisions(round_id)
            verified = self._verified(round_id)
            if not (verified["differences"] or verified["unexplained"]) or self._revisions(round_id) == before:
                return verified
        return self._verified(round_id)

    def _verified(self, round_id: str) -> dict[str, Any]:
        if altered := list(unreadable(self.table, round_id)):
            raise refuse("rows-unreadable", status=409, rows=", ".join(altered))
        try:
            return self._compared(*self._found(round_id))
        except UNREADABLE as error:  # It can be read, and is of no use.
            somewhere = f"{keys.round_partition(round_id)} ?, {keys.audit_partition(round_id)} ?"
            raise refuse("rows-unreadable", status=409, rows=somewhere) from error

    def _compared(self, found: _Found, stored: Mapping[str, Item]) -> dict[str, Any]:
        expected, first = found.certificate(1), _without_keys(stored.get(keys.certificate_key(found.call.id)["sk"]))
        differences = _differing(first, expected) - {"totals"} | _differing_totals(first, expected)
        differences |= self._differences(found, stored)
        covered = certified_by(1, found.submissions)
        counted = expected.pop("totals")
        return {
            "certificate": first,
            "found": {
                **expected,
                **{name: counted[name] for name in ("applications", "requested", "applicants", "by")},
            },
            "after_certificate": len(found.submissions) - len(covered),
            "changed_after_certificate": sum(totals.has_changed(one) for one in found.applications),
            "differences": sorted(differences),
            "unexplained": list(_unexplained(found)),
        }

    def _found(self, round_id: str) -> tuple[_Found, dict[str, Item]]:
        """What there is, and the certificates as they are stored."""
        call = require_round(self.table, round_id)
        stored = {row["sk"]: row for row in self.table.query(keys.round_partition(round_id), keys.CERTIFICATES)}
        if not stored and not call.is_certified:
            raise refuse("not-certified-yet", status=404)
        submissions = read_submissions(self.table, round_id)
        seen = reconcile(self.bucket, round_id, submissions)
        events = list(self.table.query(keys.audit_partition(round_id)))
        return _Found(call, submissions, read_applications(self.table, round_id), seen, events), stored

    def _revisions(self, round_id: str) -> list[Any]:
        """What grows with every change of the round, of its applications and of what they come to."""
        rows = self.table.get_several(keys.round_key(round_id), keys.totals_key(round_id))
        return [(row or {}).get("revision") for row in rows]

    def _differences(self, found: _Found, stored: Mapping[str, Item]) -> set[str]:
        """What differs beside the first certificate: today's totals, the certificates of whoever was let in (example:
        root of certificate 2), and what one row says that another should bear out."""
        call, differences = found.call, set[str]()
        for number in range(2, max(call.certificates, len(found.instants), len(stored)) + 1):
            later = _without_keys(stored.get(keys.certificate_key(call.id, number)["sk"]))
            differences |= {f"{name} of certificate {number}" for name in _differing(later, found.certificate(number))}
        if not call.certificates == len(stored) == len(found.instants):
            differences.add("certificates")
        if found.instants[:1] != [_text(call.closed_at)]:
            differences.add("certified_at")
        if any(map(found.is_left_out, found.submissions)):
            differences.add("outcomes")
        differences |= set(chain.differences(call, found.events))
        if found.seen.vanished:
            differences.add("vanished")
        if {one.application for one in found.submissions} - {one.id for one in found.applications}:
            differences.add("applications")
        differences |= set(Decided(self.table, call, found.events).differences())
        now = totals.recount(found.applications, [one.outcome for one in found.submissions])
        counted = totals.counters(self.table.get(keys.totals_key(call.id)) or {})
        return differences if totals.non_zero(counted) == now else differences | {"totals"}

    def application(self, round_id: str, reference: str) -> dict[str, Any]:
        """The application held against everything that was uploaded for it, with the names of what differs (see
        `holding`). Raises ProblemsError: 404; 409 where its row cannot be read."""
        call = require_round(self.table, round_id)
        identifier = read_reference(reference)
        row = self.table.get(keys.application_key(round_id, identifier)) if identifier else None
        if row is None:
            raise refuse("unknown-reference", status=404, given=reference)
        try:
            differences = set(Holding(self.table, self.bucket, load(call.programme)).differences(row))
        except UNREADABLE as error:
            raise refuse("rows-unreadable", status=409, rows=row["sk"]) from error
        return {"application": identifier, "differences": sorted(differences)}


def _unexplained(found: _Found) -> Iterator[dict[str, Any]]:
    events = defaultdict(list)
    for event in found.events:
        events[event.get("application")].append(event)
    for application in found.applications:
        if differing := list(trail.differences(application, events[application.id])):
            yield {"application": application.id, "differences": differing}


_NOTHING = object()


def _differing(said: Mapping[str, Any], expected: Mapping[str, Any]) -> set[str]:
    """The names of what is otherwise, left out or added."""
    names = said.keys() | expected.keys()
    return {name for name in names if said.get(name, _NOTHING) != expected.get(name, _NOTHING)}


def _differing_totals(said: Mapping[str, Any], expected: Mapping[str, Any]) -> set[str]:
    told = said.get("totals")
    return _differing(told if isinstance(told, dict) else {}, expected["totals"])


def _without_keys(item: Item | None) -> dict[str, Any]:
    return {name: value for name, value in (item or {}).items() if name not in ("pk", "sk")}


def _text(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None
