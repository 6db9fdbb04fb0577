"""Sheets whose rows are as high as their text, and stay so when somebody types more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from xlsxwriter.worksheet import Worksheet

_LINE = 15.0
"""A line's height in points, for the cells' font."""
_MOST_LINES = 27
"""No row can be higher than 409 points."""


class FlowingSheet(Worksheet):  # type: ignore[misc]  # the library has no types
    """Writes rows' heights without saying that a person chose them.

    With that said, as the library does, no program makes a row higher for a longer text; with no height at all,
    LibreOffice shows one line of each cell, because it takes the file for one that Excel has measured.
    """

    def _xml_start_tag(self, tag: str, attributes: Iterable[tuple[str, Any]] = ()) -> None:
        kept = [one for one in attributes if tag != "row" or one[0] != "customHeight"]
        super()._xml_start_tag(tag, kept)

    _xml_start_tag_unencoded = _xml_start_tag


def height(cells: Iterable[tuple[Any, float]]) -> float:
    """The height in points of a row with these values, each in a column of that width."""
    most = max((_lines(str(value), width) for value, width in cells if value is not None), default=1)
    return _LINE * min(max(most, 1), _MOST_LINES)


def _lines(text: str, width: float) -> int:
    # A column's width is in digits, and letters are a little narrower.
    return sum(len(textwrap.wrap(line, max(1, int(width * 1.15)))) or 1 for line in text.split("\n"))
