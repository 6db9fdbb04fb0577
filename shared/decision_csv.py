"""The decision list as a CSV file, for Swedish Excel, and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from shared.applications import Application
from shared.decision_rows import Row, judge
from shared.decisions import Decision, DecisionKind, mark, to_decide
from shared.problems import ProblemsError, problem
from shared.references import spaced
from shared.rounds import Round

COLUMNS = ("reference", "applicant", "title", "requested", "decision", "amount", "motivation", "list")
_DECIDING = ("reference", "decision", "amount", "motivation")
_NEEDED = _DECIDING[:3]
_READ = (*_DECIDING, "list")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell's text (OWASP: CSV injection)."""


def harmless(text: str) -> str:
    """Text of an applicant's that a spreadsheet shows and does not run."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _as_written(cell: str) -> str:
    """The reverse of `harmless`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell


def write_csv(applications: Iterable[Application], decided: Mapping[str, Decision], in_force: str) -> str:
    """The decision list, for Swedish Excel: byte order mark, semicolons, one row per application. `in_force` is the
    digest of the decisions that stand in it, or nothing."""
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
                mark(in_force),
            ]
        )
    return out.getvalue()


def read_csv(raw: bytes, applications: Iterable[Application], call: Round) -> list[Decision]:
    """The decisions in a list that staff filled in. Columns may have moved and others been added.

    Raises ProblemsError with every mistake; paths name the row as a spreadsheet numbers it (the heading is 1).
    """
    return judge((_row(number, cells) for number, cells in _rows(raw)), applications, call)


def marks(raw: bytes) -> set[str]:
    """Which decisions the rows say that they were taken out with (see `mark`); "" where a row does not say. More than
    one for a list that was put together. Raises ProblemsError for a file that is no list."""
    return {cells.get("list", "") for _, cells in _rows(raw)}


def _rows(raw: bytes) -> list[tuple[int, dict[str, str]]]:
    """The rows on which something is decided, each with its number and its cells by heading."""
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
    if doubles := [name for name in _READ if names.count(name) > 1]:
        raise ProblemsError([problem("column-twice", "1", name=name, places=_places(name, names)) for name in doubles])
    cells = (
        (number, {name: cell.strip() for name, cell in zip(names, line, strict=False)})
        for number, line in enumerate(lines[1:], start=2)
    )
    return [(number, row) for number, row in cells if any(row.get(name) for name in _DECIDING)]


def _places(name: str, names: list[str]) -> dict[str, str]:
    """Example: kolumn 6, kolumn 8"""
    places = [place for place, found in enumerate(names, start=1) if found == name]
    return {
        "sv": ", ".join(f"kolumn {place}" for place in places),
        "en": ", ".join(f"column {place}" for place in places),
    }


def _row(number: int, cells: Mapping[str, str]) -> Row:
    """Without facts to compare: a spreadsheet that opens a CSV file makes dates and numbers of titles."""
    reference, decision, amount, motivation = (cells.get(name, "") for name in _DECIDING)
    return Row(number, reference, decision, amount, _as_written(motivation))
