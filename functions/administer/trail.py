"""What no upload says of an application, held against the audit trail: who withdrew it and when, and what staff let its
applicant send after the deadline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from shared.applications import APPLICANT, STAFF, Application
from shared.aws.table import Item
from shared.instants import parse_iso, whole_second
from shared.trail import COMPLETION_ASKED, EXCEPTION_ENDED, LET_IN, WITHDRAWN, WITHDRAWN_BY_STAFF

CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much the clocks of two functions, and S3's, may at the most."""


def differences(application: Application, events: Sequence[Item], arrivals: Collection[datetime]) -> Iterator[str]:
    """The names of what the trail has otherwise: `withdrawal`, `exception`. `events` are those of the application,
    `arrivals` when what counts of its uploads arrived."""
    if not _is_told_withdrawal(application, events, arrivals):
        yield "withdrawal"
    if not _is_told_exception(application, events):
        yield "exception"


def _last(events: Sequence[Item], *what: str) -> Item | None:
    return max((one for one in events if one["what"] in what), key=lambda one: int(one["revision"]), default=None)


def _is_told_withdrawal(application: Application, events: Sequence[Item], arrivals: Collection[datetime]) -> bool:
    last, at = _last(events, WITHDRAWN, WITHDRAWN_BY_STAFF), application.withdrawn_at
    if last is None or at is None:
        return last is None and at is None
    told = parse_iso(last["at"])
    by = STAFF if last["what"] == WITHDRAWN_BY_STAFF else APPLICANT
    # What had arrived by a clock that was ahead was withdrawn no earlier than it came: see `Application.withdrawn`.
    clocks_differed = told < at <= told + CLOCKS_DIFFER and at in arrivals
    return application.withdrawn_by == by and (at == told or clocks_differed)


def _is_told_exception(application: Application, events: Sequence[Item]) -> bool:
    last, access = _last(events, LET_IN, COMPLETION_ASKED, EXCEPTION_ENDED), application.access
    if last is None or access is None:
        return last is None and access is None
    given = [one for one in events if one["what"] in (LET_IN, COMPLETION_ASKED)]
    completion, newest = _last(events, COMPLETION_ASKED), _last(events, LET_IN, COMPLETION_ASKED)
    asked = {completion["reason"]} if completion else {""}
    if newest is not completion:
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
