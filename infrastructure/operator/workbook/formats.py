"""How the workbook's cells look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

KRONOR = "[$-41D]#,##0"
"""Swedish grouping. The comma stands for whatever groups digits there: a no-break space."""
SHARE = "[$-41D]0.0\\ %"
_INK, _PAPER, _FIELD, _LINE = "#1F3A5F", "#E8EEF5", "#FFFDF2", "#C9CED6"


@dataclass(frozen=True, slots=True)
class Formats:
    """One of each look."""

    title: Format
    note: Format
    heading: Format
    heading_right: Format
    text: Format
    kronor: Format
    number: Format
    open_text: Format
    open_kronor: Format
    label: Format
    total: Format
    total_count: Format
    count: Format
    share: Format
    total_label: Format
    total_share: Format
    prose: Format
    missing: Format
    wrong: Format
    awarded: Format
    declined: Format

    @classmethod
    def of(cls, book: Workbook) -> Formats:
        """Add them to the workbook."""

        def add(**properties: Any) -> Format:
            return book.add_format({"valign": "top", "font_name": "Calibri", "font_size": 11} | properties)

        cell = {"border": 1, "border_color": _LINE, "text_wrap": True}
        field = cell | {"bg_color": _FIELD}
        heading = {"bold": True, "font_color": "white", "bg_color": _INK, "text_wrap": True, "valign": "vcenter"}
        sum_ = {"bold": True, "top": 1, "top_color": _INK, "bg_color": _PAPER}
        return cls(
            title=add(bold=True, font_size=16, font_color=_INK),
            note=add(italic=True, font_color="#555555"),
            heading=add(**heading),
            heading_right=add(**heading, align="right", indent=1),
            text=add(**cell),
            kronor=add(**cell, num_format=KRONOR, align="right", indent=1),
            number=add(**cell, num_format="0", align="right", indent=1),
            open_text=add(**field),
            open_kronor=add(**field, num_format=KRONOR, align="right", indent=1),
            label=add(bold=True),
            total=add(bold=True, num_format=KRONOR, align="right", indent=1),
            total_count=add(**sum_, num_format=KRONOR, align="right", indent=1),
            count=add(num_format=KRONOR, align="right", indent=1),
            share=add(num_format=SHARE, align="right", indent=1),
            total_label=add(**sum_),
            total_share=add(**sum_, num_format=SHARE, align="right", indent=1),
            prose=add(text_wrap=True),
            missing=book.add_format({"bg_color": "#FFE699"}),
            wrong=book.add_format({"bg_color": "#F4B6B6", "font_color": "#7A0000", "bold": True}),
            awarded=book.add_format({"bg_color": "#D5E8D4"}),
            declined=book.add_format({"font_color": "#7F7F7F"}),
        )
