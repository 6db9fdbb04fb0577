"""What is told before a round's end to those who have begun and not sent: that it is near, and that it was moved.

A notice is named by the end that it speaks of, so that an extension makes new ones and nobody hears one twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.instants import iso
from shared.rounds import Phase, Round, round_phase


class NoticeKind(StrEnum):
    """A week left, a day left, more time."""

    WEEK = "week"
    DAY = "day"
    EXTENSION = "extension"


_LEADS = {NoticeKind.WEEK: timedelta(days=7), NoticeKind.DAY: timedelta(days=1)}
_LAST_MOMENT = timedelta(hours=1)
"""A reminder that is later than this helps nobody any more; one of an extension always does."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told of the end at `closes_at`."""

    kind: NoticeKind
    closes_at: datetime

    @property
    def name(self) -> str:
        """Example: week-2019-10-15T21:59:59Z"""
        return f"{self.kind}-{iso(self.closes_at)}"


def reminder_instants(call: Round) -> dict[NoticeKind, datetime]:
    """When each reminder becomes due. A reminder comes no earlier than half-way through its round, since those who
    have just read of the deadline need none; nor does one that would have been due before an extension, which tells
    of the new end itself."""
    if call.closes_at is None:
        return {}
    due = {kind: call.closes_at - lead for kind, lead in _LEADS.items()}
    return {
        kind: instant
        for kind, instant in due.items()
        if instant - call.opens_at >= _LEADS[kind] and (call.extended_at is None or instant > call.extended_at)
    }


def notices(call: Round, now: datetime) -> Iterator[Notice]:
    """What holders of drafts are to be told at `now`. Of two reminders the later one says it all."""
    if call.closes_at is None or round_phase(call, now) is not Phase.OPEN:
        return
    if call.extended_at is not None and call.extended_at >= call.opens_at:
        yield Notice(NoticeKind.EXTENSION, call.closes_at)
    due = [kind for kind, instant in reminder_instants(call).items() if instant <= now]
    if due and call.closes_at - now > _LAST_MOMENT:
        yield Notice(due[-1], call.closes_at)


def reminder_between(call: Round, since: datetime, until: datetime) -> bool:
    """Whether a reminder became due after `since` and no later than `until`."""
    return any(since < instant <= until for instant in reminder_instants(call).values())
