"""Letters about a round as a whole: to each applicant that it has closed, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from functions.acknowledge.sending import Sending
from shared import keys
from shared.applications import ApplicationState
from shared.aws.decided import read_decided
from shared.aws.rows import read_application, read_applications
from shared.aws.table import Item, Table
from shared.closing_letter import closing_letter
from shared.decision_letter import decision_letter
from shared.decisions import Decision
from shared.programme import load
from shared.results import addresses
from shared.rounds import Round, RoundState


class Work(Protocol):
    """Sends one letter; says whether it went out now. Raises BusyError where somebody else is at it."""

    def __call__(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What these letters are made with. `pages_address` is where results can be read, without a slash at its end."""

    table: Table
    sending: Sending
    pages_address: str

    def due(self, call: Round) -> Iterator[Work]:
        """What the round owes beside receipts, some of it perhaps to nobody: each is looked at when its turn comes."""
        if not call.is_certified:
            return
        done = self.sending.effects.all_done(call.id, keys.CLOSING_LETTERS)
        told = {f"{name.rpartition('-')[0]}-" for name in done}
        for application in read_applications(self.table, call.id):
            # Who may still send is told when the certificate of that time asks for the round's letters once more.
            may_send = application.access is not None and call.exceptions_until is not None
            if not may_send and keys.closing_letters(application.id) not in told:
                yield partial(self._closing, call, application.id)
        if call.state is RoundState.ANNOUNCED and call.announcement is not None:
            yield from self._decisions(call, call.announcement)

    def _closing(self, call: Round, reference: str) -> bool:
        application = read_application(self.table, call.id, reference)
        if application is None:
            return False
        is_in, version = application.state is ApplicationState.SUBMITTED, application.current
        effect = keys.closing_letter(reference, version.number if is_in and version is not None else 0)
        return self.sending.deliver(call.id, effect, closing_letter(application, call, load(call.programme)))

    def _decisions(self, call: Round, number: int) -> Iterator[Work]:
        """One letter for each decision of the last announcement that nobody was told, or another was."""
        decided = self.table.get(keys.decisions_key(call.id, number)) or {}
        begun = self.sending.effects.begun(call.id, keys.DECISION_LETTERS)
        for decision in read_decided(self.table, call.id, decided):
            told = {name: one for name, one in begun.items() if _is_about(name, decision)}
            if _last(told) == _facts(decision):
                continue
            earlier = told.keys() - {keys.decision_letter(decision.application, number)}
            reason = decided.get("reason", {}) if earlier else None
            yield partial(self._decision, call, number, decision, reason)

    def _decision(self, call: Round, number: int, decision: Decision, reason: Mapping[str, str] | None) -> bool:
        """`reason` is why another decision, which was told before, has been corrected; None where none was told."""
        application = read_application(self.table, call.id, decision.application)
        if application is None or application.state is not ApplicationState.SUBMITTED:
            return False
        page = ""
        if self.sending.effects.is_done(call.id, keys.result_pages(number)):
            page = f"{self.pages_address}/{addresses.round_page(application.told_in, call.id)}"
        message = decision_letter(
            application,
            decision,
            call,
            load(call.programme),
            page=page,
            corrects=reason is not None,
            reason=(reason or {}).get(application.told_in, ""),
        )
        effect = keys.decision_letter(decision.application, number)
        return self.sending.deliver(call.id, effect, message, **_facts(decision))


def _is_about(effect: str, decision: Decision) -> bool:
    return effect.startswith(keys.decision_letters(decision.application))


def _last(told: Mapping[str, Item]) -> dict[str, Any] | None:
    """The facts of the last of an application's letters: their names sort by announcement. None where there is none,
    and where nobody knows whether it went out: its reader may know of another decision than the letter before it told.
    """
    item = told[max(told)] if told else {}
    return {"kind": item["kind"], "amount": item["amount"]} if "done_at" in item else None


def _facts(decision: Decision) -> dict[str, Any]:
    return {"kind": decision.kind.value, "amount": decision.amount}
