"""The sheet that says how the list is filled in and handed back, and which list it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from xlsxwriter.worksheet import Worksheet

from infrastructure.operator import round_views
from infrastructure.operator.workbook.formats import Formats
from infrastructure.operator.workbook.sheets import height
from shared.rounds import RoundState
from shared.wording import SWEDEN, either, moment

_WIDTH = 90
_SV = """\
Välj bifall eller avslag i kolumnen Beslut. Skriv beloppet i hela kronor vid bifall; lämna det tomt vid avslag. \
Motiveringen får ha högst 2 000 tecken.
Gult betyder att något saknas. Rött betyder att raden inte kommer att tas emot: beloppet är högre än det sökta, är \
text eller har decimaler, eller hör till ett avslag.
Sortera och filtrera fritt, flytta och dölj kolumner, lägg till egna kolumner och blad. Dolda rader lämnas in som \
alla andra. Slå inte ihop celler, och byt inte namn på rubrikerna.
Uppgifterna kommer från ansökningarna. Att ändra dem här ändrar inte ansökan."""
_EN = """\
Choose award or decline in the column Decision. Write the amount of an award in whole kronor; leave it empty when \
declined. The motivation may have 2 000 characters at most.
Yellow means that something is missing. Red means that the row will not be taken: the amount is above what was asked \
for, is text or has decimals, or belongs to a declined application.
Sort and filter freely, move and hide columns, add columns and sheets of your own. Hidden rows are handed in like all \
others. Do not merge cells, and do not rename the headings.
The facts come from the applications. Changing them here does not change the application."""
_HAND_IN = ("Spara som .xlsx och lämna in listan:", "Save as .xlsx and hand the list in:")
_CORRECT = (
    "Besluten är offentliggjorda. Ändra det som är fel, spara som .xlsx och lämna in en rättelse, med skälet:",
    "The decisions are announced. Change what is wrong, save as .xlsx and hand in a correction, with the reason:",
)
_READ = (
    "Besluten är godkända: listan är bara att läsa, så länge ingen tar tillbaka godkännandet.",
    "The decisions are approved: the list is for reading only, unless somebody takes the approval back.",
)


def write(sheet: Worksheet, formats: Formats, listed: Mapping[str, Any], now: datetime, language: str) -> None:
    """Everything on the sheet."""
    swedish, call = language == "sv", listed["round"]
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, _WIDTH)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, "Om listan" if swedish else "About the list", formats.title)
    row = 2
    sheet.write_string(row, 0, "Så gör du" if swedish else "What to do", formats.label)
    lines, command = _what_to_do(call, language)
    for line in lines:
        sheet.set_row(row, height([(line, _WIDTH)]) + 6)
        sheet.write_string(row, 1, line, formats.prose)
        row += 1
    sheet.write_string(row, 1, command, formats.label)
    facts = [
        ("Omgång" if swedish else "Round", f"{call['name'][language]} ({call['id']})"),
        ("Uttagen" if swedish else "Taken out", moment(now, ZoneInfo(SWEDEN), language)),
        ("Ansökningar" if swedish else "Applications", str(len(listed["applications"]))),
        ("Listans kontrollvärde" if swedish else "The list's digest", listed["digest"]),
    ]
    for place, (label, fact) in enumerate(facts, start=row + 2):
        sheet.write_string(place, 0, label, formats.label)
        sheet.write_string(place, 1, fact, formats.prose)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _what_to_do(call: Mapping[str, Any], language: str) -> tuple[list[str], str]:
    """In words, and the command that ends it, where there is one."""
    if call["state"] == RoundState.DECIDED:
        return [either(language, *_READ)], ""
    how, file = either(language, _SV, _EN).splitlines(), f"{call['id']}-decisions.xlsx"
    if call["state"] == RoundState.ANNOUNCED:
        return [*how, either(language, *_CORRECT)], round_views.correction(call["id"], file)
    return [*how, either(language, *_HAND_IN)], f"anslag decisions in {call['id']} {file}"
