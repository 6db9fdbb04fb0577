"""What openpyxl does not tell of a sheet that it reads as a stream: merged cells, hidden rows and columns, formulas
that were never worked out, and how far the sheet goes. (Read whole, a sheet that merges a column would take a
million cells of memory.)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from shared.problems import refuse

MOST_ROWS, MOST_COLUMNS = 20_000, 500
_MOST_MERGED, _MOST_ELEMENTS = 5_000, 600_000


@dataclass(slots=True)
class Marks:
    """Rows and columns are counted from 1. `merged` has the first and the last column and row of each range."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    without_value: set[tuple[int, int]] = field(default_factory=set)
    last_row: int = 0
    last_column: int = 0

    def merged_at(self, row: int, column: int) -> tuple[int, int, int, int] | None:
        """The merged range that the cell is part of."""
        return next((one for one in self.merged if one[0] <= column <= one[2] and one[1] <= row <= one[3]), None)

    def is_hidden(self, column: int) -> bool:
        """Whether the column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)


def read_marks(source: IO[bytes]) -> Marks:
    """Of a sheet's XML. Raises ProblemsError where the sheet is larger than any list."""
    marks, row, column = Marks(), 0, 0
    for event, name, element in _elements(source):
        match event, name:
            case "start", "row":
                row, column = int(element.get("r") or row + 1), 0
                if element.get("hidden") in ("1", "true"):
                    marks.hidden_rows.add(row)
            case "end", "c":
                column = coordinate_to_tuple(element.get("r", ""))[1] if element.get("r") else column + 1
                _mark_cell(marks, row, column, element)
            case "end", "mergeCell":
                marks.merged.append(_bounds(element.get("ref") or ""))
                if len(marks.merged) > _MOST_MERGED:
                    raise refuse("workbook-too-large", most=f"{MOST_ROWS} × {MOST_COLUMNS}")
            case "end", "col" if element.get("hidden") in ("1", "true"):
                marks.hidden_columns.append((int(element.get("min") or 0), int(element.get("max") or 0)))
    return marks


def _elements(source: IO[bytes]) -> Iterator[tuple[str, str, Element]]:
    """Each element with its name without namespace. What was seen is forgotten, but for the parts of a cell."""
    above: list[Element] = []
    for count, (event, element) in enumerate(iterparse(source, events=("start", "end"))):
        if count > 2 * _MOST_ELEMENTS:
            raise refuse("workbook-too-large", most=f"{MOST_ROWS} × {MOST_COLUMNS}")
        name = element.tag.rpartition("}")[2]
        yield event, name, element
        if event == "start":
            above.append(element)
            continue
        above.pop()
        if name in ("row", "c", "mergeCell", "col") and above:
            above[-1].clear()


def _mark_cell(marks: Marks, row: int, column: int, cell: Element) -> None:
    parts = {child.tag.rpartition("}")[2]: child for child in cell}
    if not parts:
        return
    if row > MOST_ROWS or column > MOST_COLUMNS:
        raise refuse("workbook-too-large", most=f"{MOST_ROWS} × {MOST_COLUMNS}")
    marks.last_row, marks.last_column = max(marks.last_row, row), max(marks.last_column, column)
    value = parts.get("v")
    if "f" in parts and (value is None or (not value.text and cell.get("t") != "str")):
        marks.without_value.add((row, column))


def _bounds(ref: str) -> tuple[int, int, int, int]:
    first_column, first_row, last_column, last_row = range_boundaries(ref)
    if None in (first_column, first_row, last_column, last_row):
        raise ValueError(ref)
    return first_column or 0, first_row or 0, last_column or 0, last_row or 0
