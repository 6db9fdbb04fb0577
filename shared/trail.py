"""Events of the audit trail that verification holds rows against: those that say what no upload does.

Where an order matters, each names as `revision` that of the application or round that it is about, as it found it:
clocks differ, and so do not order them. Each that changes a round has what it changed of the round's row as `changed`,
and as `before` the digest of the event that changed it before that: the round's row has the end of that chain. One with
which another row is written that does not change any more has the digest of that as `row`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.digests import digest_of
from shared.rounds import Access

CHANGED, BEFORE = "changed", "before"
FOR_VERIFICATION = (CHANGED, BEFORE, "row", "access", "found", "origin")
"""Facts of events that tell people nothing."""

WITHDRAWN, WITHDRAWN_BY_STAFF = "application withdrawn", "application withdrawn by staff"
LET_IN, COMPLETION_ASKED, EXCEPTION_ENDED = "applicant let in", "completion asked for", "exception ended"
DECISIONS_ENTERED, CORRECTION_ENTERED = "decisions entered", "correction entered"
DECISIONS_APPROVED, CORRECTION_APPROVED = "decisions approved", "correction approved"
TAKEN_BACK = "approval taken back"
ANNOUNCEMENT_TIMED, ANNOUNCEMENT_CALLED_OFF = "announcement timed", "announcement called off"
ANNOUNCEMENT_HELD_BACK = "announcement held back"
ANNOUNCEMENT_APPROVED, ANNOUNCED = "announcement approved", "announcement published"


def access_digest(link_hash: str, access: Access | None) -> str:
    """SHA-256 over what lets somebody send after the deadline, or over there being nothing that does. It covers an
    address, which nobody can guess from it who does not know the hash of the private link."""
    return digest_of([link_hash, access.as_item() if access is not None else None])


def row_digest(item: Mapping[str, Any], *later: str) -> str:
    """SHA-256 over a row, or an event, as its transaction wrote it: without its key, and what was noted in it
    `later`."""
    return digest_of({name: value for name, value in item.items() if name not in ("pk", "sk", *later)})
