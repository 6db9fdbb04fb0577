"""The rows of a decision list that staff filled in, judged: all of them or none, every mistake with its place.

The rows come from a CSV file or, read by the operator's command, from a workbook; the rules are these alone.
Paths name the row as the officer's own file numbers it, and the column by its name here: 12.amount
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.applications import Application, ApplicationState, Version
from shared.decisions import Decision, DecisionKind, awarded, to_decide
from shared.problems import Problem, ProblemsError, grouped, problem
from shared.references import read_reference, spaced
from shared.rounds import Round

MOST_MOTIVATION = 2000
Reason = Literal["cell-error", "cell-date", "cell-truth-value", "cell-no-value", "cell-merged"]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that holds neither text nor a number. `reason` is its problem's code."""

    reason: Reason
    shown: str = ""


Cell: TypeAlias = str | Unreadable


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was found. `facts` is what it says of the application beside the reference, by name
    (version, applicant, title, requested); whatever its file does not say is not there."""

    number: int
    reference: Cell
    decision: Cell
    amount: Cell
    motivation: Cell = ""
    facts: Mapping[str, Cell] = field(default_factory=dict)


_READ_AS = {
    "award": DecisionKind.AWARD,
    "bifall": DecisionKind.AWARD,
    "decline": DecisionKind.DECLINE,
    "avslag": DecisionKind.DECLINE,
}
_AMOUNT = re.compile(
    r"(?:(?:sek|kr) ?)?(?P<whole>[0-9]{1,10}|[0-9]{1,3}(?: [0-9]{3}){1,3})(?:[.,]00?)?(?: ?(?:kr\.?|kronor|sek|:-)|,-)?"
)


def judge(rows: Iterable[Row], applications: Iterable[Application], call: Round) -> list[Decision]:
    """The decisions, by application. Raises ProblemsError with every mistake."""
    judged = _Judging({application.id: application for application in applications})
    for row in rows:
        judged.take(row)
    problems = [
        *judged.problems,
        *(problem("decision-missing", "", given=spaced(reference)) for reference in judged.undecided),
        *_budget_problems(judged.decisions.values(), call),
    ]
    if problems:
        raise ProblemsError(problems)
    return [judged.decisions[reference] for reference in sorted(judged.decisions)]


class _Judging:
    """What is known of the list so far."""

    def __init__(self, applications: Mapping[str, Application]) -> None:
        self.problems: list[Problem] = []
        self.decisions: dict[str, Decision] = {}
        self._applications = applications
        self._rows = {application.id: 0 for application in to_decide(applications.values())}

    @property
    def undecided(self) -> list[str]:
        """The applications that no row so far is about."""
        return [reference for reference, row in self._rows.items() if not row]

    def take(self, row: Row) -> None:
        """Judge one more row."""
        application = self._application_of(row)
        if isinstance(application, Problem):
            self.problems.append(application)
            return
        self._rows[application.id] = row.number
        found = _decide(row, application)
        if isinstance(found, Decision):
            self.decisions[application.id] = found
        else:
            self.problems += found

    def _application_of(self, row: Row) -> Application | Problem:
        """The application that the row decides on, or why it decides on none."""
        path = f"{row.number}.reference"
        if isinstance(row.reference, Unreadable):
            return _unreadable(row.reference, path)
        if not row.reference:
            return problem("reference-missing", path)
        reference = read_reference(row.reference)
        application = self._applications.get(reference or "")
        if application is None:
            return problem("unknown-reference", path, given=row.reference)
        return self._why_not(application, path) or application

    def _why_not(self, application: Application, path: str) -> Problem | None:
        reference = spaced(application.id)
        if application.state is ApplicationState.WITHDRAWN:
            return problem("application-withdrawn", path, given=reference)
        if application.id not in self._rows:
            return problem("application-not-submitted", path, given=reference)
        if earlier := self._rows[application.id]:
            return problem("decided-twice", path, given=reference, row=str(earlier))
        return None


def _decide(row: Row, application: Application) -> Decision | list[Problem]:
    problems = [*_fact_problems(row, application), *_motivation_problems(row)]
    kind = _kind(row, application)
    if isinstance(kind, Problem):
        return [*problems, kind]
    problems += _amount_problems(row, kind, application)
    if problems or isinstance(row.motivation, Unreadable):
        return problems
    amount = 0 if kind is DecisionKind.DECLINE else whole_kronor(row.amount) or 0
    return Decision(application.id, kind, amount, row.motivation)


def _kind(row: Row, application: Application) -> DecisionKind | Problem:
    path = f"{row.number}.decision"
    if isinstance(row.decision, Unreadable):
        return _unreadable(row.decision, path)
    if not row.decision:
        return problem("decision-missing", path, given=spaced(application.id))
    return _READ_AS.get(row.decision.casefold()) or problem("bad-decision", path, given=row.decision)


def _fact_problems(row: Row, application: Application) -> Iterator[Problem]:
    """A row whose facts are another application's was sorted apart from them, and its decision may be too."""
    version = application.current
    if version is None:  # pragma: no branch  (a submitted application has a version)
        return
    reference, number = spaced(application.id), str(version.number)
    listed = row.facts.get("version", "")
    if listed and listed != number:
        path = f"{row.number}.version"
        yield problem("application-changed", path, given=reference, listed=_shown(listed), current=number)
        return
    for name, fact in _facts(version).items():
        found = row.facts.get(name, "")
        same = whole_kronor(found) == whole_kronor(fact) if name == "requested" else _plain(found) == _plain(fact)
        if found and not same:
            yield problem("facts-differ", f"{row.number}.{name}", given=_shown(found), fact=fact, reference=reference)


def _facts(version: Version) -> dict[str, str]:
    facts = version.facts
    return {"applicant": facts.applicant.name, "title": facts.title, "requested": grouped(facts.requested)}


def _plain(cell: Cell) -> str:
    """Text without what programs do to it unseen."""
    return "" if isinstance(cell, Unreadable) else " ".join(unicodedata.normalize("NFC", cell).split())


def _shown(cell: Cell) -> str:
    return cell.shown if isinstance(cell, Unreadable) else cell


def _motivation_problems(row: Row) -> Iterator[Problem]:
    path = f"{row.number}.motivation"
    if isinstance(row.motivation, Unreadable):
        yield _unreadable(row.motivation, path)
    elif len(row.motivation) > MOST_MOTIVATION:
        yield problem("too-long", path, most=MOST_MOTIVATION)


def _amount_problems(row: Row, kind: DecisionKind, application: Application) -> Iterator[Problem]:
    path, given, amount = f"{row.number}.amount", row.amount, whole_kronor(row.amount)
    if isinstance(given, Unreadable):
        yield _unreadable(given, path)
    elif kind is DecisionKind.DECLINE:
        if amount != 0 and given:
            yield problem("amount-for-declined", path)
    elif not given:
        yield problem("amount-missing", path)
    elif amount is None or amount == 0:
        yield problem("bad-amount", path, given=given)
    elif application.current is not None and amount > application.current.facts.requested:
        yield problem("above-requested", path, given=amount, requested=application.current.facts.requested)


def _unreadable(cell: Unreadable, path: str) -> Problem:
    return problem(cell.reason, path, given=cell.shown)


def whole_kronor(cell: Cell) -> int | None:
    """450000, "450 000", 450 000 kr and 450000,00 are the same amount. What is not whole, or could be read in
    two ways (450.000, 450 tkr), is none."""
    if isinstance(cell, Unreadable):
        return None
    found = _AMOUNT.fullmatch(" ".join(cell.casefold().split()))
    return int(found["whole"].replace(" ", "")) if found else None


def _budget_problems(decisions: Iterable[Decision], call: Round) -> Iterator[Problem]:
    total = awarded(decisions)
    if call.budget is not None and total > call.budget:
        yield problem("above-budget", "", sum=total, budget=call.budget, excess=total - call.budget)
