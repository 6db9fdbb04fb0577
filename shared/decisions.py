"""Decisions on a closed round: all of them or none, each row's mistakes told by row, the sum within the budget."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from shared.applications import Application, ApplicationState
from shared.problems import Problem, ProblemsError, problem
from shared.references import read_reference, spaced
from shared.rounds import Round

COLUMNS = ("reference", "applicant", "title", "requested", "decision", "amount", "motivation")
_NEEDED = ("reference", "decision", "amount")
_MOST_MOTIVATION = 2000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell's text (OWASP: CSV injection)."""


class DecisionKind(StrEnum):
    """Award or decline."""

    AWARD = "award"
    DECLINE = "decline"


_READ_AS = {
    "award": DecisionKind.AWARD,
    "bifall": DecisionKind.AWARD,
    "decline": DecisionKind.DECLINE,
    "avslag": DecisionKind.DECLINE,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on one application. `amount` is in whole kronor, 0 for a declined one."""

    application: str
    kind: DecisionKind
    amount: int
    motivation: str = ""

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores, keys apart."""
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Decision:
        """The reverse of `as_item`; other attributes are left alone."""
        return cls(item["application"], DecisionKind(item["kind"]), item["amount"], item["motivation"])


def digest(decisions: Iterable[Decision]) -> str:
    """SHA-256 over the decisions in order of their applications: what the second person approves."""
    rows = sorted((one.as_item() for one in decisions), key=lambda row: row["application"])
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def awarded(decisions: Iterable[Decision]) -> int:
    """The sum of the awards, in whole kronor."""
    return sum(one.amount for one in decisions if one.kind is DecisionKind.AWARD)


def to_decide(applications: Iterable[Application]) -> list[Application]:
    """The applications that need a decision: submitted and not withdrawn, by applicant and reference."""
    current = [one for one in applications if one.state is ApplicationState.SUBMITTED]
    return sorted(current, key=lambda one: (one.current.facts.applicant.name if one.current else "", one.id))


def harmless(text: str) -> str:
    """Text of an applicant's that a spreadsheet shows and does not run."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _as_written(cell: str) -> str:
    """The reverse of `harmless`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell


def write_csv(applications: Iterable[Application], decided: Mapping[str, Decision]) -> str:
    """The decision list, for Swedish Excel: byte order mark, semicolons, one row per application."""
    out = io.StringIO()
    out.write("\ufeff")
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(COLUMNS)
    for application in to_decide(applications):
        if application.current is None:  # pragma: no branch  (a submitted application has a version)
            continue
        facts, decision = application.current.facts, decided.get(application.id)
        table.writerow(
            [
                spaced(application.id),
                harmless(facts.applicant.name),
                harmless(facts.title),
                facts.requested,
                decision.kind.value if decision else "",
                decision.amount if decision and decision.kind is DecisionKind.AWARD else "",
                harmless(decision.motivation) if decision else "",
            ]
        )
    return out.getvalue()


def read_csv(raw: bytes, applications: Iterable[Application], call: Round) -> list[Decision]:
    """The decisions in a list that staff filled in. Columns may have moved and others been added.

    Raises ProblemsError with every mistake; paths name the row as a spreadsheet numbers it (the heading is 1).
    """
    rows = _rows(raw)
    expected = {application.id: application for application in to_decide(applications)}
    problems: list[Problem] = []
    decisions: dict[str, Decision] = {}
    undecided = dict(expected)
    for number, row in rows:
        reference = read_reference(row["reference"])
        if reference is None or reference not in expected:
            problems.append(problem("unknown-reference", f"{number}.reference", given=row["reference"]))
            continue
        if reference not in undecided:
            problems.append(problem("decided-twice", f"{number}.reference", given=spaced(reference)))
            continue
        undecided.pop(reference)
        found = _decide(number, row, expected[reference])
        if isinstance(found, Decision):
            decisions[reference] = found
        else:
            problems += found
    problems += [problem("decision-missing", "", given=spaced(reference)) for reference in undecided]
    problems += _budget_problems(decisions.values(), call)
    if problems:
        raise ProblemsError(problems)
    return [decisions[reference] for reference in sorted(decisions)]


def _rows(raw: bytes) -> Sequence[tuple[int, Mapping[str, str]]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemsError([problem("csv-unreadable")]) from error
    if "\ufffd" in text:  # somebody on the way read another encoding as UTF-8, and the letters are lost
        raise ProblemsError([problem("csv-unreadable")])
    heading = text.partition("\n")[0]
    delimiter = max(";,\t", key=heading.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = list(table)
    except csv.Error as error:
        raise ProblemsError([problem("csv-unreadable")]) from error
    names = [name.strip().lower() for name in lines[0]] if lines else []
    if absent := [name for name in _NEEDED if name not in names]:
        raise ProblemsError([problem("column-missing", "1", name=name) for name in absent])
    return [
        (
            number,
            dict.fromkeys(COLUMNS, "") | {name: cell.strip() for name, cell in zip(names, line, strict=False)},
        )
        for number, line in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in line)
    ]


def _decide(number: int, row: Mapping[str, str], application: Application) -> Decision | list[Problem]:
    kind = _READ_AS.get(row["decision"].lower())
    if kind is None:
        return [
            problem("bad-decision", f"{number}.decision", given=row["decision"])
            if row["decision"]
            else problem("decision-missing", f"{number}.decision", given=spaced(application.id))
        ]
    problems = [*_amount_problems(number, row["amount"], kind, application)]
    if len(row["motivation"]) > _MOST_MOTIVATION:
        problems.append(problem("too-long", f"{number}.motivation", most=_MOST_MOTIVATION))
    if problems:
        return problems
    amount = _whole(row["amount"]) or 0
    return Decision(application.id, kind, amount, _as_written(row["motivation"]))


def _amount_problems(number: int, text: str, kind: DecisionKind, application: Application) -> Iterator[Problem]:
    path, amount = f"{number}.amount", _whole(text)
    if kind is DecisionKind.DECLINE:
        if amount != 0 and text:
            yield problem("amount-for-declined", path)
    elif not text:
        yield problem("amount-missing", path)
    elif amount is None or amount == 0:
        yield problem("bad-amount", path, given=text)
    elif application.current is not None and amount > application.current.facts.requested:
        yield problem("above-requested", path, given=amount, requested=application.current.facts.requested)


def _whole(text: str) -> int | None:
    """450000, 450 000 and "450 000" with no-break spaces are the same amount; anything else is none."""
    digits = "".join(text.split())
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= len("9999999999") else None


def _budget_problems(decisions: Iterable[Decision], call: Round) -> Iterator[Problem]:
    total = awarded(decisions)
    if call.budget is not None and total > call.budget:
        yield problem("above-budget", "", sum=total, budget=call.budget, excess=total - call.budget)
