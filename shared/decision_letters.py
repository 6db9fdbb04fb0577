"""Which decisions an announcement tells to their applicants, and in what words: the same for whoever sends a letter and
for whoever reads it before it goes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared import keys
from shared.applications import Application, ApplicationState
from shared.decision_letter import decision_letter
from shared.decisions import Announced, Decision, DecisionKind
from shared.letters import Letter
from shared.programme import load
from shared.results import addresses
from shared.rounds import Round

Noted = Mapping[str, Mapping[str, Any]]
"""What is noted of letters, by the names of their effects."""


@dataclass(frozen=True, slots=True)
class Due:
    """A decision to be told. `corrects`: its applicant was told another one before, or may have been. `reason` is that
    of the correction which made it so, by language; empty where none did."""

    decision: Decision
    corrects: bool
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecisionLetters:
    """The letters of one announcement, out or to come. `announced` ends with it, and has all those before it.
    `pages_address` is where results can be read, without a slash at its end."""

    call: Round
    announced: Sequence[Announced]
    pages_address: str

    @property
    def number(self) -> int:
        """The announcement's."""
        return len(self.announced)

    def effect(self, decision: Decision) -> str:
        """The name that the decision's letter goes by."""
        return keys.decision_letter(decision.application, self.number)

    def due(self, noted: Noted) -> Iterator[Due]:
        """The decisions that nobody was told before this announcement, or another was; `noted` is all that is known of
        decision letters. The same before this announcement's letters go out, while they do, and afterwards."""
        letters: defaultdict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        for name, item in noted.items():
            begins, _, number = name.rpartition("-")
            letters[f"{begins}-"][int(number)] = item
        for application, decision in self.announced[-1].decisions.items():
            known, now = letters[keys.decision_letters(application)], self._said(application, self.number)
            before = sorted(number for number in known if number < self.number)
            others = [number for number in before if self._said(application, number) != now]
            # Nobody knows what was read last where the last of them may have gone out, or not.
            is_told = bool(before) and before[-1] not in others and "done_at" in known[before[-1]]
            if self.number in known or not is_told:
                yield Due(decision, corrects=bool(others), reason=self._reason(application))

    def _said(self, application: str, number: int) -> tuple[DecisionKind, int] | None:
        """What the announcement with this number decided on the application, as letters say it. None where it decided
        nothing."""
        decision = self.announced[number - 1].decisions.get(application)
        return (decision.kind, decision.amount) if decision else None

    def _reason(self, application: str) -> Mapping[str, str]:
        """That of the announcement since which the decision is what it is. Those after it corrected others."""
        since, now = self.number, self._said(application, self.number)
        while since > 1 and self._said(application, since - 1) == now:
            since -= 1
        return self.announced[since - 1].reason

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
            reason=due.reason.get(language, ""),
        )
