"""Which decisions an announcement tells to their applicants, and in what words: the same for whoever sends a letter and
for whoever reads it before it goes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared import keys
from shared.applications import Application, ApplicationState
from shared.decision_letter import decision_letter
from shared.decisions import Decision
from shared.letters import Letter
from shared.programme import load
from shared.results import addresses
from shared.rounds import Round

Noted = Mapping[str, Mapping[str, Any]]
"""What is noted of letters, by the names of their effects."""


@dataclass(frozen=True, slots=True)
class Due:
    """A decision to be told. `corrects`: its applicant was told another one before, or may have been."""

    decision: Decision
    corrects: bool


@dataclass(frozen=True, slots=True)
class DecisionLetters:
    """The letters of one announcement, out or to come. `reason` is why it corrects the one before it, by language, and
    empty for a round's first. `pages_address` is where results can be read, without a slash at its end."""

    call: Round
    number: int
    reason: Mapping[str, str]
    pages_address: str

    def effect(self, decision: Decision) -> str:
        """The name that the decision's letter goes by."""
        return keys.decision_letter(decision.application, self.number)

    def due(self, decisions: Iterable[Decision], noted: Noted) -> Iterator[Due]:
        """The decisions that nobody was told before this announcement, or another was; `noted` is all that is known of
        decision letters. The same before this announcement's letters go out, while they do, and afterwards."""
        of_application: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for name, item in noted.items():
            of_application[f"{name.rpartition('-')[0]}-"][name] = item
        for decision in decisions:
            own, known = self.effect(decision), of_application[keys.decision_letters(decision.application)]
            before = {name: item for name, item in known.items() if name < own}
            if own in known or _last(before) != facts(decision):
                yield Due(decision, corrects=bool(before))

    def letter(self, application: Application, due: Due) -> tuple[str, Letter] | None:
        """To whom, and what. None for an application that was withdrawn after all.

        The result page is named whether or not it is there yet, as the announcement itself names it: what was read
        before it goes out is what goes out.
        """
        if application.state is not ApplicationState.SUBMITTED:
            return None
        language, page = application.told_in, ""
        if self.pages_address:
            page = f"{self.pages_address}/{addresses.round_page(language, self.call.id)}"
        return decision_letter(
            application,
            due.decision,
            self.call,
            load(self.call.programme),
            page=page,
            corrects=due.corrects,
            reason=self.reason.get(language, ""),
        )


def facts(decision: Decision) -> dict[str, Any]:
    """What is noted with a letter, so that a correction knows what was told."""
    return {"kind": decision.kind.value, "amount": decision.amount}


def _last(told: Noted) -> dict[str, Any] | None:
    """The facts of the last of an application's letters: their names sort by announcement. None where there is none,
    and where nobody knows whether it went out: its reader may know of another decision than the letter before it told.
    """
    item = told[max(told)] if told else {}
    return {"kind": item["kind"], "amount": item["amount"]} if "done_at" in item else None
