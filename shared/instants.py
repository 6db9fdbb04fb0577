"""Instants: aware UTC datetimes, their one text form, and dates that people write in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(rf"{_DATE.pattern}[T ]\d{{2}}:\d{{2}}.*")
_LAST_SECOND = time(23, 59, 59)


class BadInstantError(ValueError):
    """A text that names no instant, or two, or none at all on a night when the clocks change."""


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises BadInstantError for a naive datetime: nobody knows when that is."""
    if instant.tzinfo is None:
        raise BadInstantError(f"no time zone: {instant}")
    return instant.astimezone(UTC)


def iso(instant: datetime) -> str:
    """RFC 3339 in UTC, to the second where there are no fractions. Example: 2019-10-15T21:59:59Z"""
    return utc(instant).isoformat().replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The reverse of `iso`. Raises BadInstantError."""
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise BadInstantError(str(error)) from error


def whole_second(instant: datetime) -> datetime:
    """The second that the instant lies in. S3 tells arrival times to the second, so deadlines are judged so."""
    return utc(instant).replace(microsecond=0)


def from_local(text: str, zone: ZoneInfo, *, end_of_day: bool) -> datetime:
    """The instant that a person means by a date or a time in their zone.

    A bare date means its first second, or with `end_of_day` its last (23:59:59, as calls for applications
    put it). A text with an offset is taken as it stands. Raises BadInstantError for anything else, also for other forms
    of ISO 8601, among which a day (20191015) could not be told from its first second, and for a local time that does
    not exist or exists twice because the clocks change.
    """
    try:
        if _DATE.fullmatch(text):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
            return utc(datetime.combine(day.date(), _LAST_SECOND if end_of_day else time.min, zone))
        if not _TIME.fullmatch(text):
            raise ValueError("another form of ISO 8601, or none")  # noqa: TRY301  told as any other
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInstantError(f"not a date or time: {text!r}") from error
    if moment.tzinfo is not None:
        return utc(moment)
    local = moment.replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset() or utc(local).astimezone(zone) != local:
        raise BadInstantError(f"the clocks change then, so name the offset: {text!r}")
    return utc(local)


def minutes(count: float) -> timedelta:
    """A duration in minutes."""
    return timedelta(minutes=count)
