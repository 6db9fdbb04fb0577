"""Rounds: what is open when. `round_phase` is the one place that knows; everything else asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.instants import iso, parse_iso, whole_second
from shared.problems import ProblemsError, refuse

FORM_LIFETIME = timedelta(minutes=15)
"""The longest that a signed form lives; S3 is told so, and the credentials that sign it live longer."""
_SECOND = timedelta(seconds=1)


class RoundState(StrEnum):
    """What the table says of a round. It moves forward, by the scheduled job or by staff; back only where it was
    extended before it was certified, and where an approval is taken back."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    DECIDED = "decided"
    ANNOUNCED = "announced"


_STATE_WORDS = {
    RoundState.SCHEDULED: {"sv": "planerad", "en": "scheduled"},
    RoundState.OPEN: {"sv": "öppen", "en": "open"},
    RoundState.CLOSING: {"sv": "under stängning", "en": "closing"},
    RoundState.CLOSED: {"sv": "stängd", "en": "closed"},
    RoundState.DECIDED: {"sv": "beslutad", "en": "decided"},
    RoundState.ANNOUNCED: {"sv": "offentliggjord", "en": "announced"},
}


def wrong_state(found: RoundState, needed: RoundState) -> ProblemsError:
    """The error for something that a round's state does not allow, to be raised."""
    return refuse("round-in-wrong-state", status=409, state=_STATE_WORDS[found], needed=_STATE_WORDS[needed])


class Phase(StrEnum):
    """What a round is at an instant, whether or not the scheduled job has come round to noticing."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    GRACE = "grace"
    """The deadline has passed; uploads whose forms were signed before it may still finish."""
    CLOSING = "closing"
    CLOSED = "closed"
    DECIDED = "decided"
    ANNOUNCED = "announced"


_FINAL = {
    RoundState.CLOSED: Phase.CLOSED,
    RoundState.DECIDED: Phase.DECIDED,
    RoundState.ANNOUNCED: Phase.ANNOUNCED,
}


@dataclass(frozen=True, slots=True)
class Embargo:
    """When an approved announcement goes out: what has that digest, by whose order. Held back, it waits for staff,
    because what it would say is no longer what was approved."""

    at: datetime
    digest: str
    by: str
    held_back: bool = False

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores."""
        return {"at": iso(self.at), "digest": self.digest, "by": self.by, "held_back": self.held_back}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Embargo:
        """The reverse of `as_item`."""
        return cls(parse_iso(item["at"]), item["digest"], item["by"], item["held_back"])


@dataclass(frozen=True, slots=True)
class Access:
    """What lets one applicant send something after the deadline: `until` is the last second that counts. `asked` is
    what staff ask of them to complete, in words for them, or nothing where they were only let in. `given_at` is since
    when they are asked that, or let in: more time for the same leaves it as it was. `ended` is why staff ended it
    before its time, likewise in words for them, or nothing. `letter` numbers the letter that tells of it: what the
    round's exceptions came to with it, or 0 where nobody is to be written to. `to` is where it goes: what is sent or
    typed after staff were told that it will go out may name no address."""

    until: datetime
    given_at: datetime
    asked: str = ""
    ended: str = ""
    letter: int = 0
    to: str = ""

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores."""
        return {
            "until": iso(self.until),
            "given_at": iso(self.given_at),
            "asked": self.asked,
            "ended": self.ended,
            "letter": self.letter,
            "to": self.to,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Access:
        """The reverse of `as_item`."""
        until, given_at = parse_iso(item["until"]), parse_iso(item["given_at"])
        asked, ended, to = (item.get(name, "") for name in ("asked", "ended", "to"))
        return cls(until, given_at, asked, ended, item.get("letter", 0), to)


@dataclass(frozen=True, slots=True)
class Round:
    """A round of applications.

    `closes_at` is the last second that counts (people write 23:59:59), or None for a round without an end.
    `budget` is in whole kronor, or None where the funder sets none. `revision` grows with every change.
    `announcement` is the number of the last announcement that went out, `announced_at` when it did; `announcing` is
    that of one which is approved and has not gone out yet. `embargo` is for one that is to go out later.
    `exceptions_until` is the last second of those who were let in and whose certificate is yet to be written (where
    one was ended before its time, the last at which its forms may still bring something, less the grace),
    `supplements` the number of such certificates that have been. `exceptions` counts how often staff let somebody in,
    asked for a completion or ended either, or closed the round early after that.
    """

    id: str
    name: Mapping[str, str]
    programme: str
    state: RoundState
    opens_at: datetime
    closes_at: datetime | None
    grace: timedelta
    budget: int | None
    revision: int = 1
    closing_since: datetime | None = None
    closed_at: datetime | None = None
    announcement: int | None = None
    announced_at: datetime | None = None
    announcing: int | None = None
    extended_at: datetime | None = None
    """When staff last moved the end later."""
    embargo: Embargo | None = None
    exceptions_until: datetime | None = None
    supplements: int = 0
    exceptions: int = 0
    trail: str = ""
    """The digest of the last event that changed it, which has that of the one before in it."""

    @property
    def next_announcement(self) -> int:
        """The number of the announcement that deciding and announcing are about now: 1, or that of a correction."""
        return (self.announcement or 0) + 1

    @property
    def last_arrival(self) -> datetime | None:
        """The last second in which an upload may arrive, by S3's clock: the deadline and the grace."""
        return None if self.closes_at is None else self.closes_at + self.grace

    @property
    def is_certified(self) -> bool:
        """Whether closing has proven that nothing is missing. What counts is settled from then on."""
        return self.state in _FINAL

    @property
    def certificates(self) -> int:
        """How many certificates there are: that of the closing, and one for each time that somebody was let in."""
        return 1 + self.supplements if self.is_certified else 0

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores, keys apart."""
        return {
            "round": self.id,
            "name": dict(self.name),
            "programme": self.programme,
            "state": self.state.value,
            "opens_at": iso(self.opens_at),
            "closes_at": iso(self.closes_at) if self.closes_at else None,
            "grace_seconds": int(self.grace.total_seconds()),
            "budget": self.budget,
            "revision": self.revision,
            "closing_since": iso(self.closing_since) if self.closing_since else None,
            "closed_at": iso(self.closed_at) if self.closed_at else None,
            "announcement": self.announcement,
            "announced_at": iso(self.announced_at) if self.announced_at else None,
            "announcing": self.announcing,
            "extended_at": iso(self.extended_at) if self.extended_at else None,
            "embargo": self.embargo.as_item() if self.embargo else None,
            "exceptions_until": iso(self.exceptions_until) if self.exceptions_until else None,
            "supplements": self.supplements,
            "exceptions": self.exceptions,
            "trail": self.trail,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Round:
        """The reverse of `as_item`."""

        def instant(name: str) -> datetime | None:
            return parse_iso(item[name]) if item.get(name) else None

        return cls(
            id=item["round"],
            name=item["name"],
            programme=item["programme"],
            state=RoundState(item["state"]),
            opens_at=parse_iso(item["opens_at"]),
            closes_at=instant("closes_at"),
            grace=timedelta(seconds=item["grace_seconds"]),
            budget=item.get("budget"),
            revision=item["revision"],
            closing_since=instant("closing_since"),
            closed_at=instant("closed_at"),
            announcement=item.get("announcement"),
            announced_at=instant("announced_at"),
            announcing=item.get("announcing"),
            extended_at=instant("extended_at"),
            embargo=Embargo.from_item(item["embargo"]) if item.get("embargo") else None,
            exceptions_until=instant("exceptions_until"),
            supplements=item.get("supplements", 0),
            exceptions=item.get("exceptions", 0),
            trail=item.get("trail", ""),
        )

    def public(self, now: datetime, time_zone: str, access: Access | None = None) -> dict[str, Any]:
        """What anybody may know of the round; with an access, how it is for its holder."""
        closes_at = held(self, access).closes_at
        return {
            "id": self.id,
            "name": dict(self.name),
            "programme": self.programme,
            "state": self.state.value,
            "phase": round_phase(self, now, access).value,
            "opens_at": iso(self.opens_at),
            "closes_at": iso(closes_at) if closes_at else None,
            "grace_seconds": int(self.grace.total_seconds()),
            "budget": self.budget,
            "time_zone": time_zone,
            "now": iso(whole_second(now)),
        }


def is_everybodys(call: Round, access: Access) -> bool:
    """Whether an access gives its holder no time that not everybody has: the round was extended meanwhile."""
    return call.closes_at is not None and access.until <= call.closes_at


def last_for(call: Round, access: Access) -> datetime:
    """The last second that counts for the holder of an access."""
    return held(call, access).closes_at or access.until


def held(call: Round, access: Access | None) -> Round:
    """The round with the end that it has for the holder of an access, if that is later."""
    if access is None or call.closes_at is None or is_everybodys(call, access):
        return call
    return replace(call, closes_at=access.until)


def round_phase(call: Round, now: datetime, access: Access | None = None) -> Phase:
    """What the round is at `now`; with an access, for its holder, until the round is decided.

    Judged by whole seconds: 23:59:59.999 is still within 23:59:59.
    """
    second = whole_second(now)
    if access is not None and call.state in (RoundState.CLOSING, RoundState.CLOSED):
        mine = held(call, access)
        if mine.last_arrival is not None and second <= mine.last_arrival:
            return round_phase(replace(mine, state=RoundState.OPEN), now)
    if call.state in _FINAL:
        return _FINAL[call.state]
    call = held(call, access)
    if second < call.opens_at:
        return Phase.SCHEDULED
    if call.closes_at is None or second <= call.closes_at:
        return Phase.OPEN
    if second <= call.closes_at + call.grace:
        return Phase.GRACE
    return Phase.CLOSING


def arrived_in_time(call: Round, arrival: datetime) -> bool:
    """Whether an object counts that S3 says arrived then. Forms are only signed while a round is open,
    so whatever arrives within the grace was begun before the deadline."""
    return call.last_arrival is None or whole_second(arrival) <= call.last_arrival


def form_expiry(call: Round, now: datetime) -> datetime:
    """When a form signed at `now` stops working: soon, and never after the last second that may arrive.

    S3 refuses from the instant on, so the second itself is still good.
    """
    soon = whole_second(now) + FORM_LIFETIME
    return soon if call.last_arrival is None else min(soon, call.last_arrival + _SECOND)


def embargo_is_over(call: Round, now: datetime) -> bool:
    """Whether an announcement was to go out by now, and has not been held back."""
    return call.embargo is not None and not call.embargo.held_back and now >= call.embargo.at


def due_state(call: Round, now: datetime) -> RoundState:
    """The state that the scheduled job should bring the round to by the clock alone.

    From `closing` on, the clock no longer decides: closing takes proof, deciding and announcing take people.
    """
    if call.state not in (RoundState.SCHEDULED, RoundState.OPEN):
        return call.state
    phase = round_phase(call, now)
    if phase is Phase.SCHEDULED:
        return call.state
    return RoundState.OPEN if phase in (Phase.OPEN, Phase.GRACE) else RoundState.CLOSING
