"""The decision list as JSON: out with the facts that deciding takes, and back as rows.

What a programme officer works in is a workbook, which the operator's command makes of the first and reads
into the second on the officer's own machine: nothing that is deployed ever opens a ZIP file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.applications import Application, Version
from shared.decision_rows import Cell, Reason, Row, Unreadable, judge
from shared.decisions import Decision, DecisionKind, list_digest, to_decide
from shared.problems import Problem, ProblemsError, problem, refuse
from shared.references import spaced
from shared.rounds import Round

_MOST_ROWS = 10_000
_OUT_OF_DATE = {"decision-missing", "application-withdrawn", "application-changed", "unknown-reference"}
"""What follows from a list's being older than its round; it is refused where it has any of them, and only then:
nobody should type forty decisions again because of a withdrawal whose row they removed."""

_Text = Annotated[str, StringConstraints(max_length=40_000)]
_Short = Annotated[str, StringConstraints(max_length=100)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class UnreadableCell(_Shape):
    """See `decision_rows.Unreadable`."""

    unreadable: Reason
    shown: _Text = ""


class HandedInRow(_Shape):
    """One row; `row` is its number in the officer's file. Cells are text, with numbers as they are written."""

    row: Annotated[int, Field(ge=1, le=1_048_576)]
    reference: _Text | UnreadableCell = ""
    decision: _Text | UnreadableCell = ""
    amount: _Text | UnreadableCell = ""
    motivation: _Text | UnreadableCell = ""
    version: _Text | UnreadableCell = ""
    applicant: _Text | UnreadableCell = ""
    title: _Text | UnreadableCell = ""
    requested: _Text | UnreadableCell = ""

    def as_row(self) -> Row:
        """For the rules."""
        facts = {name: _cell(getattr(self, name)) for name in ("version", "applicant", "title", "requested")}
        return Row(
            self.row,
            _cell(self.reference),
            _cell(self.decision),
            _cell(self.amount),
            _cell(self.motivation),
            facts,
        )


class HandedIn(_Shape):
    """A list that comes back. What says where it comes from is None where the file no longer says so."""

    round: _Short | None = None
    digest: _Short | None = None
    decided: _Short | None = None
    rows: Annotated[list[HandedInRow], Field(max_length=_MOST_ROWS)]


def _cell(given: str | UnreadableCell) -> Cell:
    return given.strip() if isinstance(given, str) else Unreadable(given.unreadable, given.shown)


def listed(
    call: Round, applications: Iterable[Application], decided: Mapping[str, Decision], in_force: str
) -> dict[str, Any]:
    """The list to fill in. `in_force` is the digest of the decisions that stand in it, or nothing.

    Without contact persons: whoever weighs projects needs none, and workbooks travel.
    """
    current = to_decide(applications)
    return {
        "round": {
            "id": call.id,
            "name": dict(call.name),
            "programme": call.programme,
            "budget": call.budget,
            "state": call.state.value,
        },
        "digest": list_digest(current),
        "decided": in_force,
        "applications": [_entry(one, one.current, decided.get(one.id)) for one in current if one.current],
    }


def _entry(application: Application, version: Version, decision: Decision | None) -> dict[str, Any]:
    facts = version.facts
    return {
        "reference": spaced(application.id),
        "version": version.number,
        "applicant": facts.applicant.as_item(),
        "title": facts.title,
        "type": facts.type,
        "core_areas": list(facts.core_areas),
        "partners": [dict(partner) for partner in facts.partners],
        "starts": facts.starts,
        "years": facts.years,
        "requested": facts.requested,
        "decision": decision.kind.value if decision else None,
        "amount": decision.amount if decision and decision.kind is DecisionKind.AWARD else None,
        "motivation": decision.motivation if decision else "",
    }


def require_list_of(given: HandedIn, call: Round) -> None:
    """Raises ProblemsError for a list that says that it belongs to another round."""
    if given.round not in (None, call.id):
        raise refuse("list-of-another-round", given=given.round, expected=call.id)


def read_list(
    given: HandedIn, applications: Iterable[Application], call: Round, in_force: Mapping[str, Any] | None, who: str
) -> list[Decision]:
    """The decisions in a list that `who` hands in. Raises ProblemsError with every mistake.

    `in_force` says which decisions the round has so far, and who entered them: a list never undoes those of a
    colleague that came in after it was taken out.
    """
    require_list_of(given, call)
    known, problems, decisions = list(applications), list[Problem](), list[Decision]()
    if in_force and given.decided not in (None, in_force["digest"]) and in_force["entered_by"] != who:
        problems.append(problem("decided-meanwhile"))
    try:
        decisions = judge((row.as_row() for row in given.rows), known, call)
    except ProblemsError as error:
        if given.digest not in (None, list_digest(known)) and _OUT_OF_DATE & {one.code for one in error.problems}:
            problems.append(problem("list-outdated"))
        problems += error.problems
    if problems:
        raise ProblemsError(problems)
    return decisions
