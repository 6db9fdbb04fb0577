"""What was decided and announced, held against the audit trail.

What differs is told by name. `decisions`: they are not those that were handed in, or are gone. `approval`: nobody gave
it, or it was taken back. `announcement`: it is not what was read before it went out, or it did not go out then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
)

_ENTERED = (DECISIONS_ENTERED, CORRECTION_ENTERED)
_SETTLED = (DECISIONS_APPROVED, CORRECTION_APPROVED, TAKEN_BACK)


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
            elif self._must_be_approved(number):
                yield "decisions"
            yield from self._of_announcement(decided or {}, number)

    def _of_decisions(self, decided: Item, number: int) -> Iterator[str]:
        if not self._are_as_entered(decided):
            yield "decisions"
        approved = {name: decided.get(name) for name in ("approved_by", "approved_at")}
        if approved != self._approved(decided["digest"]) or (
            self._must_be_approved(number) and approved["approved_by"] is None
        ):
            yield "approval"

    def _are_as_entered(self, decided: Item) -> bool:
        try:
            rows = read_decided(self.table, self.call.id, decided)
        except ProblemsError:
            return False
        awards = sum(one.kind is DecisionKind.AWARD for one in rows)
        told = {"awards": awards, "declined": len(rows) - awards, "sum": awarded(rows)}
        entered = {"digest": decided["digest"], "who": decided["entered_by"], "sum": decided["sum"]}
        return told.items() <= decided.items() and self._happened(_ENTERED, **entered)

    def _approved(self, digest: str) -> dict[str, Any]:
        """Who approved what has this digest, and when, unless that was taken back."""
        of_these = [one for one in self.events if one.get("digest") == digest and one["what"] in _SETTLED]
        # A correction is approved without a change of the round: then taking back has found the same revision.
        last = max(of_these, key=lambda one: (one["revision"], one["what"] == TAKEN_BACK), default=None)
        if last is None or last["what"] == TAKEN_BACK:
            return {"approved_by": None, "approved_at": None}
        return {"approved_by": last["who"], "approved_at": last["at"]}

    def _must_be_approved(self, number: int) -> bool:
        announced = number <= (self.call.announcement or 0)
        return announced or (number == 1 and self.call.state in (RoundState.DECIDED, RoundState.ANNOUNCED))

    def _of_announcement(self, decided: Item, number: int) -> Iterator[str]:
        stored = self.table.get(keys.announcement_key(self.call.id, number))
        is_out = number <= (self.call.announcement or 0)
        if stored is None:
            if is_out:
                yield "announcement"
            return
        approved = {"number": number, "digest": stored["digest"], "who": stored["claimed_by"]}
        published = {"number": number, "at": stored.get("published_at")}
        if (
            not is_as_read(stored, decided.get("digest", ""))
            or not self._happened((ANNOUNCEMENT_APPROVED,), **approved)
            or is_out != self._happened((ANNOUNCED,), **published)
        ):
            yield "announcement"

    def _happened(self, what: Sequence[str], **facts: Any) -> bool:
        return any(one["what"] in what and facts.items() <= one.items() for one in self.events)
