"""What no upload says of an application, held against the audit trail: who withdrew it and when, and what staff let its
applicant send after the deadline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shared.applications import APPLICANT, STAFF, Application
from shared.aws.table import Item
from shared.instants import iso
from shared.trail import COMPLETION_ASKED, EXCEPTION_ENDED, LET_IN, WITHDRAWN, WITHDRAWN_BY_STAFF, access_digest


def differences(application: Application, events: Sequence[Item]) -> Iterator[str]:
    """The names of what the trail has otherwise: `withdrawal`, `exception`. `events` are those of the application."""
    if not _is_told_withdrawal(application, events):
        yield "withdrawal"
    if not _is_told_exception(application, events):
        yield "exception"


def newest(events: Iterable[Item], *what: str) -> Item | None:
    """The last event of these kinds, by the revisions that they found; None where there is none."""
    return max((one for one in events if one["what"] in what), key=lambda one: int(one["revision"]), default=None)


def _is_told_withdrawal(application: Application, events: Sequence[Item]) -> bool:
    """Whoever withdrew had the application as it is: with its private link, and no other."""
    withdrawals = [one for one in events if one["what"] in (WITHDRAWN, WITHDRAWN_BY_STAFF)]
    last, at = newest(withdrawals, WITHDRAWN, WITHDRAWN_BY_STAFF), application.withdrawn_at
    if last is None or at is None:
        return last is None and at is None
    if {one.get("origin") for one in withdrawals} != {application.origin}:
        return False
    by = STAFF if last["what"] == WITHDRAWN_BY_STAFF else APPLICANT
    return application.withdrawn_by == by and iso(at) == last["withdrawn_at"]


def _is_told_exception(application: Application, events: Sequence[Item]) -> bool:
    """Each event found what the one before it left, and the row has what the last one did."""
    told = [one for one in events if one["what"] in (LET_IN, COMPLETION_ASKED, EXCEPTION_ENDED)]
    told.sort(key=lambda one: int(one["revision"]))
    left = [access_digest(application.link_hash, None), *(one.get("access") for one in told)]
    found = [*(one.get("found") for one in told), access_digest(application.link_hash, application.access)]
    return left == found
