"""Corrections of an announced round: the decisions as they should have been, and why, entered by one person.

Approval is that of `deciding`, by another person. Decisions that were announced stay as they are; a correction's
stand beside them under the next number, and are in force when its announcement goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import decisions, keys
from shared.applications import Application
from shared.aws.decided import point_to, read_decided, store_set
from shared.aws.rows import audit, change_round, commit_round_change, read_applications, require_round, standing
from shared.aws.table import Item, Table
from shared.corrections import Change, Reason, changes, correction_digest
from shared.decision_csv import marks, read_csv
from shared.decision_list import HandedIn, read_list, require_list_of
from shared.decisions import Decision, DecisionKind, mark
from shared.instants import iso
from shared.problems import refuse
from shared.references import RANDOM_BYTES, spaced
from shared.rounds import Round, RoundState, wrong_state
from shared.trail import CORRECTION_ENTERED, row_digest


@dataclass(frozen=True, slots=True)
class Correcting:
    """What correcting works with."""

    table: Table
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def take_in(self, round_id: str, given: bytes | HandedIn, reason: Reason, who: str) -> dict[str, Any]:
        """Take the whole list as it should have been. Raises ProblemsError with every mistake, and then nothing has
        changed; the budget holds as it did for the decisions."""
        call, announced, before = self._rows(round_id)
        number = call.next_announcement
        if before is not None and "approved_by" in before:
            raise refuse("correction-approved", status=409, number=number)
        applications = read_applications(self.table, round_id)
        rows = _read(given, applications, call, announced, standing(before), who)
        changed = changes(read_decided(self.table, round_id, announced), rows)
        if not changed:
            raise refuse("nothing-corrected")
        now = self.now()
        facts = self._facts(call, rows, reason, who) | {"entered_at": iso(now), "changed": len(changed)}
        told = {name: facts[name] for name in ("number", "digest", "sum")}
        told |= {"revision": call.revision, "row": row_digest(facts)}
        event = audit(round_id, now, who, CORRECTION_ENTERED, self.random(RANDOM_BYTES), **told)
        commit_round_change(self.table, [*change_round(call, call, event), point_to(round_id, before, facts, number)])
        return facts | {"changes": _told(changed, applications)}

    def show(self, round_id: str) -> dict[str, Any]:
        """The correction that is under way, for whoever is to approve it. Raises ProblemsError; 404 without one."""
        call, announced, entered = self._rows(round_id)
        pending = standing(entered)
        if pending is None:
            raise refuse("no-correction", status=404)
        changed = changes(read_decided(self.table, call.id, announced), read_decided(self.table, call.id, pending))
        facts = {name: value for name, value in pending.items() if name not in ("pk", "sk")}
        return facts | {"changes": _told(changed, read_applications(self.table, call.id))}

    def _facts(self, call: Round, rows: list[Decision], reason: Reason, who: str) -> dict[str, Any]:
        stored, awards = store_set(self.table, call.id, rows), sum(row.kind is DecisionKind.AWARD for row in rows)
        return {
            "number": call.next_announcement,
            "reason": reason.model_dump(),
            "decisions": stored,
            "digest": correction_digest(call.next_announcement, stored, reason.model_dump()),
            "awards": awards,
            "declined": len(rows) - awards,
            "sum": decisions.awarded(rows),
            "budget": call.budget,
            "entered_by": who,
        }

    def _rows(self, round_id: str) -> tuple[Round, Item, Item | None]:
        """The round, the decisions that were announced, and those of a correction under way."""
        call = require_round(self.table, round_id)
        if call.state is not RoundState.ANNOUNCED:
            raise wrong_state(call.state, RoundState.ANNOUNCED)
        number = call.next_announcement
        found = self.table.get_several(keys.decisions_key(round_id, number - 1), keys.decisions_key(round_id, number))
        return call, found[0] or {}, found[1]


def _read(
    given: bytes | HandedIn,
    applications: list[Application],
    call: Round,
    announced: Item,
    before: Item | None,
    who: str,
) -> list[Decision]:
    if not isinstance(given, HandedIn):
        _require_current(marks(given), announced, before, who)
        return read_csv(given, applications, call)
    require_list_of(given, call)
    _require_current({"" if given.decided is None else mark(given.decided)}, announced, before, who)
    return read_list(given, applications, call, None, who)


def _require_current(found: set[str], announced: Item, pending: Item | None, who: str) -> None:
    """A list from before the last announcement would undo it unseen, also in the hands of whoever made it; and none
    undoes the correction that a colleague has handed in since. Raises ProblemsError."""
    if "" in found:
        raise refuse("list-without-origin")
    under_way = pending or announced
    if found <= {mark(under_way["digest"])}:
        return
    if found - {mark(announced["digest"]), mark(under_way["digest"])}:
        raise refuse("list-before-announcement")
    if under_way["entered_by"] != who:
        raise refuse("decided-meanwhile")


def _told(changed: tuple[Change, ...], applications: list[Application]) -> list[dict[str, Any]]:
    """The changes with what a person knows an application by."""
    known = {one.id: one.current.facts for one in applications if one.current is not None}
    return [
        {
            "reference": spaced(one.application),
            "applicant": known[one.application].applicant.name if one.application in known else None,
            "title": known[one.application].title if one.application in known else None,
            "before": one.before,
            "after": one.after,
        }
        for one in changed
    ]
