"""Verifying a round: everything in its certificates worked out again and compared with what is stored. What is
verified of one application is in `holding`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.administer import trail
from functions.administer.decided import Decided
from functions.administer.holding import Holding
from shared import keys, totals
from shared.applications import Application
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

    def closes_at(self) -> str | None:
        """When the round closes, by the audit trail: as it was created, or as it was changed last."""
        ends = (one for one in self.events if "closes_at" in one)
        last: Item = max(ends, key=lambda one: int(one.get("revision", -1)), default={})
        return last.get("closes_at")

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
            counted={**totals.certified(self.applications), **totals.recount([], outcomes)},
        )

    def turned_away(self) -> range:
        """How many the first certificate may say were turned away. Whoever comes after it is counted on."""
        # Who was turned away long enough before the closing is in it, whatever clocks say.
        at = [one.turned_away_at for one in self.applications if one.turned_away_at is not None]
        closed_at = self.call.closed_at
        return range(sum(closed_at is not None and one < closed_at - trail.CLOCKS_DIFFER for one in at), len(at) + 1)


@dataclass(frozen=True, slots=True)
class Verifying:
    """What verification works with."""

    table: Table
    bucket: Bucket

    def certificate(self, round_id: str) -> dict[str, Any]:
        """The certificate, what bucket and table say now, and the names of what differs.

        A name is that of a part of the certificate; `vanished` are uploads with an outcome that are gone, `totals`
        today's, `certificates` how many there are, `closes_at` is when the round does; `decisions`, `approval` and
        `announcement` are explained in `decided`. What came after the certificate (late uploads, people turned away,
        withdrawals) is counted apart and is no difference. `unexplained` are applications with something that the
        audit trail has otherwise: see `trail`.

        Raises ProblemsError with status 404.
        """
        call = require_round(self.table, round_id)
        stored = {row["sk"]: row for row in self.table.query(keys.round_partition(round_id), keys.CERTIFICATES)}
        if not stored and not call.is_certified:
            raise refuse("not-certified-yet", status=404)
        found = self._found(call)
        expected, first = found.certificate(1), _without_keys(stored.get(keys.certificate_key(round_id)["sk"]))
        differences = _differing(first, expected) - {"totals"} | _differing_totals(first, expected, found.turned_away())
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

    def _found(self, call: Round) -> _Found:
        submissions = read_submissions(self.table, call.id)
        seen = reconcile(self.bucket, call.id, submissions)
        events = list(self.table.query(keys.audit_partition(call.id)))
        return _Found(call, submissions, read_applications(self.table, call.id), seen, events)

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
        if found.closes_at() != call.as_item()["closes_at"]:
            differences.add("closes_at")
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
        `holding`). Raises ProblemsError with status 404."""
        call = require_round(self.table, round_id)
        identifier = read_reference(reference)
        row = self.table.get(keys.application_key(round_id, identifier)) if identifier else None
        if row is None:
            raise refuse("unknown-reference", status=404, given=reference)
        differences = Holding(self.table, self.bucket, load(call.programme)).differences(row)
        return {"application": row["application"], "differences": sorted(set(differences))}


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


def _differing_totals(said: Mapping[str, Any], expected: Mapping[str, Any], turned_away: range) -> set[str]:
    told = said.get("totals")
    told = told if isinstance(told, dict) else {}
    differing = _differing(told, expected["totals"]) - {"turned_away"}
    return differing if told.get("turned_away") in turned_away else differing | {"turned_away"}


def _without_keys(item: Item | None) -> dict[str, Any]:
    return {name: value for name, value in (item or {}).items() if name not in ("pk", "sk")}


def _text(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None
