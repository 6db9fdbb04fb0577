"""What staff do for one applicant alone, each with a reason on record: a withdrawal that came by letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared import keys, totals
from shared.applications import STAFF, Application, ApplicationState
from shared.aws.rows import audit, count, replace_application, replace_round
from shared.aws.table import ConditionFailedError, ConflictError, Table, Write
from shared.instants import iso
from shared.problems import refuse
from shared.references import RANDOM_BYTES, read_reference, spaced
from shared.rounds import Round, RoundState, wrong_state

_MOST_TRIES = 4
_UNDECIDED = (RoundState.OPEN, RoundState.CLOSING, RoundState.CLOSED)
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Withdrawal(_Request):
    """Who asked for it, and how."""

    reason: _Reason


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What the staff routes for one application work with. `who` did it is an argument of everything that changes."""

    table: Table
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def withdraw(self, round_id: str, reference: str, request: Withdrawal, who: str) -> dict[str, Any]:
        """Register a withdrawal, until the round is decided; decisions that are in must be handed in again.

        Raises ProblemsError: 404, or 409 where there is nothing to withdraw or the round is decided.
        """
        for _ in range(_MOST_TRIES):
            now = self.now()
            call, application, decided = self._read(round_id, reference)
            if call.state not in _UNDECIDED:
                raise wrong_state(call.state, RoundState.CLOSED)
            if application.state is ApplicationState.WITHDRAWN:
                raise refuse("already-withdrawn", status=409)
            if application.state is not ApplicationState.SUBMITTED:
                raise refuse("nothing-to-withdraw", status=409)
            after = totals.kept(application, certified=call.is_certified).withdrawn(now, STAFF)
            facts = {"application": application.id, "reason": request.reason}
            event = audit(call.id, now, who, "application withdrawn by staff", self.random(RANDOM_BYTES), **facts)
            try:
                self._commit(call, application, after, event)
            except (ConditionFailedError, ConflictError):
                continue
            return {
                "application": application.id,
                "reference": spaced(application.id),
                "state": after.state.value,
                "withdrawn_at": iso(now),
                "decisions_outdated": decided,
            }
        raise ConflictError("gave way several times")

    def _read(self, round_id: str, reference: str) -> tuple[Round, Application, bool]:
        """Round and application, and whether there are decisions."""
        identifier = read_reference(reference) or "-"
        call, stored, decided = self.table.get_several(
            keys.round_key(round_id), keys.application_key(round_id, identifier), keys.decisions_key(round_id)
        )
        if call is None:
            raise refuse("no-such-round", status=404)
        if stored is None:
            raise refuse("unknown-reference", status=404, given=reference)
        return Round.from_item(call), Application.from_item(stored), decided is not None

    def _commit(self, call: Round, before: Application, after: Application, event: Write) -> None:
        """One transaction. The round's revision grows with it, so that whoever is deciding at this moment gives way."""
        change = count(call.id, totals.change(before, after))
        self.table.transact([replace_round(call, call), replace_application(before, after), change, event])
