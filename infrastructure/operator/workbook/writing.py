"""The decision list as an Excel workbook: the list to fill in, totals that follow it, and how it is used.

Whatever applicants wrote is written as text cells, which no program runs. Formulas are ours alone, and carry the
values that they have as the list goes out, for programs that show a workbook without working it out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook

from infrastructure.operator.names import Names
from infrastructure.operator.workbook import about, columns, listing, totals
from infrastructure.operator.workbook.formats import Formats
from infrastructure.operator.workbook.sheets import FlowingSheet
from shared.wording import either

ROUND, DIGEST, DECIDED = "anslag-round", "anslag-list", "anslag-decided"
"""The workbook's own properties that say where it comes from; renamed sheets and moved cells leave them alone."""


def write_workbook(listed: Mapping[str, Any], language: str, now: datetime) -> bytes:
    """The workbook, of the list as the service gives it. `now` is aware."""
    content = io.BytesIO()
    book = Workbook(content, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    call = listed["round"]
    name = call["name"][language]
    book.set_properties(
        {"title": either(language, f"Beslut: {name}", f"Decisions: {name}"), "created": now.replace(tzinfo=None)}
    )
    for key, value in ((ROUND, call["id"]), (DIGEST, listed["digest"]), (DECIDED, listed["decided"] or "-")):
        book.set_custom_property(key, value, "text")
    names, formats = Names.of(call["programme"], language), Formats.of(book)
    found = columns.rows(listed, names)
    sheets = [book.add_worksheet(title, FlowingSheet) for title in sheet_names(language)]
    listing.name_ranges(book, sheets[0].get_name(), len(found), language)
    listing.write(sheets[0], formats, found, call, language)
    totals.write(sheets[1], formats, found, call, language)
    about.write(sheets[2], formats, listed, now, language)
    book.close()
    return content.getvalue()


def sheet_names(language: str) -> tuple[str, str, str]:
    """The list, the totals, and what is to be known of them."""
    return ("Beslut", "Summor", "Om listan") if language == "sv" else ("Decisions", "Totals", "About")
