"""What was decided and announced, held against the audit trail.

What differs is told by name. `decisions`: they are not those that were handed in last, or are gone. `approval`: nobody
gave it, or it was taken back and does not say so. `announcement`: it is not what was read before it went out or is to
go out, or it did not go out then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from functions.administer.trail import newest
from shared import keys
from shared.announcements import is_as_read
from shared.aws.decided import read_decided
from shared.aws.table import Item, Table
from shared.decisions import DecisionKind, awarded
from shared.problems import ProblemsError
from shared.rounds import Round, RoundState
from shared.trail import (
    ANNOUNCED,
    ANNOUNCEMENT_APPROVED,
    CORRECTION_APPROVED,
    CORRECTION_ENTERED,
    DECISIONS_APPROVED,
    DECISIONS_ENTERED,
    TAKEN_BACK,
    row_digest,
)

_ENTERED = (DECISIONS_ENTERED, CORRECTION_ENTERED)
_APPROVED = (DECISIONS_APPROVED, CORRECTION_APPROVED)


@dataclass(frozen=True, slots=True)
class Decided:
    """What holding a round's decisions against its trail works with. `events` are the round's."""

    table: Table
    call: Round
    events: Sequence[Item]

    def differences(self) -> Iterator[str]:
        """The names of what differs, some of them more than once."""
        for number in range(1, self.call.next_announcement + 1):
            decided = self.table.get(keys.decisions_key(self.call.id, number))
            if decided is not None:
                yield from self._of_decisions(decided, number)
            elif self._must_be_approved(number) or self._of(number, *_ENTERED):
                yield "decisions"
            yield from self._of_announcement(decided or {}, number)
        if not self._is_timed_as_told():
            yield "announcement"

    def _of_decisions(self, decided: Item, number: int) -> Iterator[str]:
        if not self._are_as_entered(decided, number):
            yield "decisions"
        said = {name: decided.get(name) for name in ("approved_by", "approved_at", "taken_back")}
        unapproved = self._must_be_approved(number) and said["approved_by"] is None
        if said != self._settled(number, decided.get("digest")) or unapproved:
            yield "approval"

    def _are_as_entered(self, decided: Item, number: int) -> bool:
        try:
            rows = read_decided(self.table, self.call.id, decided)
        except ProblemsError:
            return False
        awards = sum(one.kind is DecisionKind.AWARD for one in rows)
        told = {"awards": awards, "declined": len(rows) - awards, "sum": awarded(rows)}
        entered = self._newest(number, *_ENTERED) or {}
        row = row_digest(decided, "approved_by", "approved_at", "taken_back")
        return told.items() <= decided.items() and entered.get("row") == row

    def _settled(self, number: int, digest: object) -> dict[str, Any]:
        """Who approved what has this digest, and when, or who took that back, and why; nothing where neither stands."""
        found: dict[str, Any] = {"approved_by": None, "approved_at": None, "taken_back": None}
        last = self._newest(number, *_APPROVED, TAKEN_BACK, *_ENTERED) or {"what": None}
        if last["what"] in _APPROVED and last["digest"] == digest:
            return found | {"approved_by": last["who"], "approved_at": last["at"]}
        if last["what"] == TAKEN_BACK:
            return found | {"taken_back": {"by": last["who"], "at": last["at"], "reason": last["reason"]}}
        return found

    def _must_be_approved(self, number: int) -> bool:
        first = number == 1 and self.call.state in (RoundState.DECIDED, RoundState.ANNOUNCED)
        return first or self._is_out(number)

    def _is_out(self, number: int) -> bool:
        return number <= (self.call.announcement or 0)

    def _of_announcement(self, decided: Item, number: int) -> Iterator[str]:
        stored = self.table.get(keys.announcement_key(self.call.id, number))
        if stored is None:
            if self._is_out(number) or self._of(number, ANNOUNCEMENT_APPROVED):
                yield "announcement"
            return
        approved = {"row": row_digest(stored, "published_at", "message_id")}
        published = {"at": stored.get("published_at"), "message_id": stored.get("message_id")}
        if (
            not is_as_read(stored, decided.get("digest", ""))
            or not self._happened(ANNOUNCEMENT_APPROVED, number, **approved)
            or self._is_out(number) != self._happened(ANNOUNCED, number, **published)
        ):
            yield "announcement"

    def _is_timed_as_told(self) -> bool:
        """Whether what is to go out at an instant, if anything is, is what somebody read. Who and when, the round's row
        says."""
        number, embargo = self.call.next_announcement, self.call.embargo
        if embargo is None:
            return True
        kept = self.table.get(keys.timed_announcement_key(self.call.id, number)) or {}
        decided = self.table.get(keys.decisions_key(self.call.id, number)) or {}
        return kept.get("digest") == embargo.digest and is_as_read(kept, decided.get("digest", ""))

    def _of(self, number: int, *what: str) -> list[Item]:
        """Events of an announcement with this number; those of a round's first decisions name none."""
        return [one for one in self.events if one["what"] in what and one.get("number", 1) == number]

    def _newest(self, number: int, *what: str) -> Item | None:
        return newest(self._of(number, *what), *what)

    def _happened(self, what: str, number: int, **facts: Any) -> bool:
        return any(facts.items() <= one.items() for one in self._of(number, what))
