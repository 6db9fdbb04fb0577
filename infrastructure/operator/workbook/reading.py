"""A decision list that comes back as a workbook, read into rows for the service, which alone judges them.

The list is the one sheet with its headings, wherever they stand: sheets and columns may have been added, moved,
hidden or sorted. A cell that holds neither text nor a number is handed on as what it is, so that it is told
together with every other mistake.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape

from infrastructure.operator import cells
from infrastructure.operator.workbook import unpacking
from infrastructure.operator.workbook.columns import COLUMNS, HEADINGS, NEEDED, PLACES, READ, plain_heading
from infrastructure.operator.workbook.marks import MOST_ROWS, Marks, read_marks
from infrastructure.operator.workbook.writing import DECIDED, DIGEST, ROUND
from shared.problems import Problem, ProblemsError, problem, refuse

_HEADING_WITHIN = 50
"""How far down the headings are looked for."""
_DECIDING = (*NEEDED, "motivation")


@dataclass(frozen=True, slots=True)
class Found:
    """What was read. `handed_in` is the service's request; hidden rows and columns are read like all others."""

    handed_in: Mapping[str, Any]
    sheet: str
    headings: Mapping[str, tuple[int, str]]
    hidden_rows: tuple[int, ...]
    hidden_columns: tuple[str, ...]

    def placed(self, found: Problem) -> Problem:
        """The problem with the place as the officer sees it. Example: 12.amount → 12.N.Belopp (kr)"""
        row, _, name = found.path.partition(".")
        if name not in self.headings:
            return found
        column, heading = self.headings[name]
        return replace(found, path=f"{row}.{get_column_letter(column)}.{heading}")


@dataclass(frozen=True, slots=True)
class _List:
    """The sheet that is the list: its heading row, the columns that are read (counted from 1), its marks."""

    sheet: Any
    heading: int
    columns: Mapping[str, int]
    titles: Mapping[str, str]
    marks: Marks


def read_workbook(content: bytes) -> Found:
    """The rows of the list. Raises ProblemsError where the file or its headings leave nothing to be judged."""
    unpacking.check(content)
    try:
        with warnings.catch_warnings():
            # Of what openpyxl would not write back, as Excel's own validations; nothing is written back.
            warnings.simplefilter("ignore", UserWarning)
            book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            found = _find_list(book)
            rows = list(_rows(found))
    except ProblemsError:
        raise
    except Exception as error:  # a broken part may fail in any way, deep in a library
        raise refuse("workbook-unreadable") from error
    origin = {one.name: one.value for one in book.custom_doc_props.props}
    decided = origin.get(DECIDED)
    handed_in = {
        "round": origin.get(ROUND),
        "digest": origin.get(DIGEST),
        "decided": "" if decided == "-" else decided,
        "rows": rows,
    }
    marks = found.marks
    return Found(
        handed_in,
        found.sheet.title,
        {name: (column, found.titles[name]) for name, column in found.columns.items()},
        tuple(row["row"] for row in rows if row["row"] in marks.hidden_rows),
        tuple(found.titles[name] for name, column in found.columns.items() if marks.is_hidden(column)),
    )


def _find_list(book: Any) -> _List:
    found = [one for sheet in book.worksheets if (one := _as_list(sheet))]
    if not found:
        raise refuse("no-list-in-workbook")
    if len(found) > 1:
        raise refuse("several-lists", given=", ".join(cells.plain(one.sheet.title) for one in found))
    only = found[0]
    if absent := [name for name in NEEDED if name not in only.columns]:
        missing = (COLUMNS[PLACES[name]] for name in absent)
        raise ProblemsError(
            problem("column-missing", str(only.heading), name={"sv": one.sv, "en": one.en}) for one in missing
        )
    return only


def _as_list(sheet: Any) -> _List | None:
    """The sheet as the list, if it has a row with at least two of the headings that the list must have."""
    with sheet._get_source() as source:  # openpyxl has no public name for a sheet's XML
        marks = read_marks(source)
    sheet.reset_dimensions()
    best: tuple[int, dict[str, list[tuple[int, str]]]] = (0, {})
    for number, row in enumerate(_values(sheet, 1, min(marks.last_row, _HEADING_WITHIN), marks), start=1):
        headings: dict[str, list[tuple[int, str]]] = {}
        for place, cell in enumerate(row, start=1):
            name = HEADINGS.get(plain_heading(cell.value)) if isinstance(cell.value, str) else None
            if name:
                headings.setdefault(name, []).append((place, cells.plain(cell.value)))
        if len(headings.keys() & set(NEEDED)) >= 2 and len(headings) > len(best[1]):
            best = number, headings
    number, headings = best
    if not headings:
        return None
    _refuse_doubles(number, headings)
    single = {name: places[0] for name, places in headings.items() if len(places) == 1}
    return _List(
        sheet,
        number,
        {name: place for name, (place, _) in single.items()},
        {name: title for name, (_, title) in single.items()},
        marks,
    )


def _refuse_doubles(number: int, headings: Mapping[str, list[tuple[int, str]]]) -> None:
    """Two columns for one fact are not compared; two for one decision cannot both be right."""
    doubles = [(name, headings[name]) for name in _DECIDING if len(headings.get(name, ())) > 1]
    if doubles:
        raise ProblemsError(
            problem(
                "column-twice",
                str(number),
                name=places[0][1],
                places=", ".join(f"{get_column_letter(place)} {title}" for place, title in places),
            )
            for _, places in doubles
        )


def _values(sheet: Any, first: int, last: int, marks: Marks) -> Iterator[tuple[Any, ...]]:
    if last >= first:
        yield from sheet.iter_rows(min_row=first, max_row=min(last, MOST_ROWS), max_col=marks.last_column)


def _rows(found: _List) -> Iterator[dict[str, Any]]:
    """The rows below the heading on which something is decided."""
    first = found.heading + 1
    for number, row in enumerate(_values(found.sheet, first, found.marks.last_row, found.marks), start=first):
        read = {
            name: _read(row[column - 1], number, column, found.marks, is_fact=name not in _DECIDING)
            for name, column in found.columns.items()
            if column <= len(row)
        }
        if any(read.get(name) for name in _DECIDING):
            yield {"row": number, **{name: read[name] for name in READ if name in read}}


def _read(cell: Any, row: int, column: int, marks: Marks, *, is_fact: bool) -> str | dict[str, str]:
    merged = marks.merged_at(row, column)
    if merged and is_fact:
        return ""  # officers merge the name of one who has several projects; nothing is read from facts
    if merged:
        first, last = (f"{get_column_letter(merged[place])}{merged[place + 1]}" for place in (0, 2))
        return {"unreadable": "cell-merged", "shown": f"{first}:{last}"}
    if (row, column) in marks.without_value:
        return {"unreadable": "cell-no-value"}
    return _as_text(cell)


def _as_text(cell: Any) -> str | dict[str, str]:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return {"unreadable": "cell-error", "shown": str(value)}
    if isinstance(value, bool):
        return {"unreadable": "cell-truth-value", "shown": str(value).upper()}
    if isinstance(value, date | time | timedelta):
        return {"unreadable": "cell-date", "shown": str(value)}
    if isinstance(value, float):
        # Fifteen digits are what Excel itself keeps and shows: 0.7 * 450000 is 315000 there.
        shown = float(f"{value:.15g}")
        return str(int(shown)) if shown.is_integer() else repr(shown)
    return str(value) if isinstance(value, int) else unescape(str(value)).strip()
