"""Decisions in and out: a list to fill in, taken back whole or not at all, approved by a second person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared import decisions, keys
from shared.aws.decided import approve, point_to, read_decided, store_set, take_back
from shared.aws.rows import (
    audit,
    change_round,
    commit_round_change,
    read_applications,
    require_round,
    standing,
)
from shared.aws.table import Item, Table
from shared.decision_csv import marks, read_csv, write_csv
from shared.decision_list import HandedIn, listed, read_list
from shared.decisions import Decision, DecisionKind, approved_digest, list_digest, mark
from shared.instants import iso
from shared.problems import ProblemsError, refuse
from shared.programme import load
from shared.references import RANDOM_BYTES
from shared.rounds import Round, RoundState, wrong_state
from shared.trail import CORRECTION_APPROVED, DECISIONS_APPROVED, DECISIONS_ENTERED, TAKEN_BACK, row_digest


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decide works with."""

    table: Table
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def list_out(self, round_id: str) -> str:
        """The decision list as CSV, with the decisions that are in so far: those of a correction, where one is."""
        call, decided = self._listable(round_id)
        rows = self._rows(call, decided)
        return write_csv(read_applications(self.table, call.id), rows, decided["digest"] if decided else "")

    def list_for_workbook(self, round_id: str) -> dict[str, Any]:
        """The decision list with every fact that deciding takes, and the decisions that are in so far."""
        call, decided = self._listable(round_id)
        in_force = decided["digest"] if decided else ""
        return listed(call, read_applications(self.table, call.id), self._rows(call, decided), in_force)

    def take_in(self, round_id: str, given: bytes | HandedIn, who: str) -> dict[str, Any]:
        """Take the filled-in list, as CSV or as rows. Raises ProblemsError with every mistake, and then nothing
        has changed."""
        call, before = self._round_and_decisions(round_id)
        if call.state is RoundState.DECIDED:
            raise refuse("decisions-approved", status=409)
        _require_closed(call, RoundState.CLOSED)
        applications = read_applications(self.table, round_id)
        if isinstance(given, HandedIn):
            rows = read_list(given, applications, call, before, who)
        else:
            _require_current(marks(given), before, who)
            rows = read_csv(given, applications, call)
        found, decided_on = store_set(self.table, round_id, rows), list_digest(applications)
        awards = sum(row.kind is DecisionKind.AWARD for row in rows)
        now = self.now()
        facts = {
            "digest": approved_digest(found, decided_on),
            "decisions": found,
            "awards": awards,
            "declined": len(rows) - awards,
            "sum": decisions.awarded(rows),
            "budget": call.budget,
            "entered_by": who,
            "entered_at": iso(now),
            "list": decided_on,
        }
        told = {name: facts[name] for name in ("digest", "sum")} | {"revision": call.revision, "row": row_digest(facts)}
        event = audit(round_id, now, who, DECISIONS_ENTERED, self.random(RANDOM_BYTES), **told)
        commit_round_change(self.table, [*change_round(call, call, event), point_to(round_id, before, facts)])
        return facts

    def approve(self, round_id: str, digest: str, who: str) -> dict[str, Any]:
        """Approve the decisions with this digest; the round is decided then. So are corrections of an announced round.

        Raises ProblemsError; 409 for the person who entered them, for a digest that is not the current one, and where
        somebody altered rows.
        """
        call, decided = self._round_and_decisions(round_id)
        _require_closed(call, RoundState.CLOSED, RoundState.ANNOUNCED)
        if decided is None:
            raise refuse("no-decisions" if call.announcement is None else "no-correction", status=409)
        if standing(decided) is None:
            raise refuse("approval-taken-back", status=409, reason=decided["taken_back"]["reason"])
        if call.exceptions_until is not None:
            raise refuse("exceptions-open", status=409, until=load(call.programme).moment(call.exceptions_until))
        if decided["digest"] != digest:
            raise refuse("digest-changed", "digest", status=409, current=decided["digest"])
        if decided["entered_by"] == who:
            raise refuse("same-person", status=409)
        read_decided(self.table, round_id, decided)  # Raises where they are not what was handed in.
        now, number = self.now(), call.next_announcement
        approval = approve(round_id, digest, who, iso(now), number)
        facts: dict[str, Any] = {"digest": digest, "revision": call.revision}
        if call.state is RoundState.ANNOUNCED:
            after, what, facts["number"] = call, CORRECTION_APPROVED, number
        else:
            # Whatever changes them from here on changes the round, and then the transaction does not hold.
            if decided["list"] != list_digest(read_applications(self.table, round_id)):
                raise refuse("decisions-outdated", status=409)
            after, what = replace(call, state=RoundState.DECIDED), DECISIONS_APPROVED
        event = audit(round_id, now, who, what, self.random(RANDOM_BYTES), **facts)
        commit_round_change(self.table, [*change_round(call, after, event), approval])
        return {"digest": digest, "approved_by": who, "approved_at": iso(now), "state": after.state.value}

    def take_back(self, round_id: str, reason: str, who: str) -> dict[str, Any]:
        """Take the approval back, of decisions or a correction, as long as nothing is on its way out; anybody may. The
        round is closed again then, and a list has to be handed in anew, the same or another. `reason` is on record.

        Raises ProblemsError; 409 where nothing is approved, or it is to go out.
        """
        call, decided = self._round_and_decisions(round_id)
        _require_closed(call, RoundState.DECIDED, RoundState.CLOSED, RoundState.ANNOUNCED)
        if call.announcing is not None:
            raise refuse("announcement-on-its-way", status=409)
        if call.embargo is not None:
            raise refuse("announcement-timed", status=409)
        if decided is None or "approved_by" not in decided:
            raise refuse("nothing-approved", status=409)
        after = call if call.state is RoundState.ANNOUNCED else replace(call, state=RoundState.CLOSED)
        digest, number, now = decided["digest"], call.next_announcement, self.now()
        facts = {"digest": digest, "number": number, "revision": call.revision, "reason": reason}
        event = audit(round_id, now, who, TAKEN_BACK, self.random(RANDOM_BYTES), **facts)
        back = take_back(round_id, digest, {"by": who, "at": iso(now), "reason": reason}, number)
        commit_round_change(self.table, [*change_round(call, after, event), back])
        return {"digest": digest, "state": after.state.value}

    def _listable(self, round_id: str) -> tuple[Round, Item | None]:
        call, decided = self._round_and_decisions(round_id)
        _require_closed(call, RoundState.CLOSED, RoundState.DECIDED, RoundState.ANNOUNCED)
        if standing(decided) is None and call.announcement is not None:
            decided = self.table.get(keys.decisions_key(round_id, call.announcement))
        return call, decided

    def _rows(self, call: Round, decided: Item | None) -> dict[str, Decision]:
        """By application. Where somebody altered them and they are not approved, none: then the list is filled in
        anew."""
        try:
            rows = read_decided(self.table, call.id, decided) if decided else []
        except ProblemsError:
            if decided is not None and "approved_by" in decided:
                raise
            return {}
        return {row.application: row for row in rows}

    def _round_and_decisions(self, round_id: str) -> tuple[Round, Item | None]:
        call = require_round(self.table, round_id)
        return call, self.table.get(keys.decisions_key(round_id, call.next_announcement))


def _require_current(found: set[str], before: Item | None, who: str) -> None:
    """A list that says where it is from undoes nothing that a colleague has handed in since. Raises ProblemsError."""
    if before is not None and before["entered_by"] != who and not found <= {"", mark(before["digest"])}:
        raise refuse("decided-meanwhile")


def _require_closed(call: Round, *states: RoundState) -> None:
    if call.state not in states:
        raise wrong_state(call.state, states[0])
