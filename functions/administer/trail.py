"""What no upload says of an application, held against the audit trail: who withdrew it and when, and what staff let its
applicant send after the deadline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from shared.applications import APPLICANT, STAFF, Application
from shared.aws.table import Item
from shared.instants import iso, parse_iso, whole_second
from shared.trail import COMPLETION_ASKED, EXCEPTION_ENDED, LET_IN, WITHDRAWN, WITHDRAWN_BY_STAFF

CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much the clocks of two functions, and S3's, may at the most."""


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
    last, at = newest(events, WITHDRAWN, WITHDRAWN_BY_STAFF), application.withdrawn_at
    if last is None or at is None:
        return last is None and at is None
    by = STAFF if last["what"] == WITHDRAWN_BY_STAFF else APPLICANT
    return application.withdrawn_by == by and iso(at) == last["withdrawn_at"]


def _is_told_exception(application: Application, events: Sequence[Item]) -> bool:
    last, access = newest(events, LET_IN, COMPLETION_ASKED, EXCEPTION_ENDED), application.access
    if last is None or access is None:
        return last is None and access is None
    given = [one for one in events if one["what"] in (LET_IN, COMPLETION_ASKED)]
    completion, grant = newest(events, COMPLETION_ASKED), newest(events, LET_IN, COMPLETION_ASKED)
    asked = {completion["reason"]} if completion else {""}
    if grant is not completion:
        asked.add("")  # Whether it is asked for still: see `exceptions`.
    if last["what"] == EXCEPTION_ENDED:
        told = (whole_second(parse_iso(last["at"])), last["reason"])
    else:
        told = (parse_iso(last["until"]), "")
    return (
        (access.until, access.ended) == told
        and access.asked in asked
        and access.given_at in {whole_second(parse_iso(one["at"])) for one in given}
    )
