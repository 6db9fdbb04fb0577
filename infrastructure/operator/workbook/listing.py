"""The sheet that staff fill in: facts on the left, decision, amount and motivation on the right, sums above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from infrastructure.operator.workbook.columns import COLUMNS, PLACES, WORDS, Column
from infrastructure.operator.workbook.formats import Formats
from infrastructure.operator.workbook.sheets import height
from shared.decision_rows import MOST_MOTIVATION
from shared.wording import either

HEADING = 4
"""The heading's row, counted from 0; the rows above it have the sums."""
FIRST = HEADING + 1
_FROZEN_COLUMNS = 2
_LETTERS = {name: xl_col_to_name(place) for name, place in PLACES.items()}


def last_row(count: int) -> int:
    """The last row of the list, counted from 0. An empty list has one empty row, so that formulas have a range."""
    return FIRST + max(count, 1) - 1


def range_name(name: str, language: str) -> str:
    """What formulas call a column."""
    named = COLUMNS[PLACES[name]].range
    if named is None:
        raise KeyError(name)
    return either(language, *named)


def name_ranges(book: Workbook, sheet: str, count: int, language: str) -> None:
    """Give the columns that formulas use a name each, so that a formula can be read."""
    for column in COLUMNS:
        if column.range:
            letter = _LETTERS[column.name]
            place = f"='{sheet}'!${letter}${FIRST + 1}:${letter}${last_row(count) + 1}"
            book.define_name(range_name(column.name, language), place)


def awards(language: str) -> str:
    """1 for each row with an award and 0 for the others, in whichever language it was written."""
    decision = range_name("decision", language)
    return "(" + "+".join(f'({decision}="{word}")' for word in WORDS["award"]) + ")"


def awarded(language: str) -> str:
    """The sum of the awards."""
    decision, amount = range_name("decision", language), range_name("amount", language)
    return "+".join(f'SUMIF({decision},"{word}",{amount})' for word in WORDS["award"])


def count_of(decision: str, language: str) -> str:
    """How many rows have that decision."""
    return "+".join(f'COUNTIF({range_name("decision", language)},"{word}")' for word in WORDS[decision])


def undecided(language: str) -> str:
    """How many applications have no decision."""
    reference, decision = range_name("reference", language), range_name("decision", language)
    return f'SUMPRODUCT(({reference}<>"")*({decision}=""))'


def write(
    sheet: Worksheet, formats: Formats, rows: Sequence[Mapping[str, Any]], call: Mapping[str, Any], language: str
) -> None:
    """Everything on the sheet, row by row from the top."""
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width)
    _sums(sheet, formats, rows, call, language)
    sheet.set_row(HEADING, 32)
    for place, column in enumerate(COLUMNS):
        right = column.kind in ("kronor", "amount", "number")
        sheet.write_string(
            HEADING, place, column.heading(language), formats.heading_right if right else formats.heading
        )
    for number, row in enumerate(rows, start=FIRST):
        sheet.set_row(number, height((row[column.name], column.width) for column in COLUMNS))
        for place, column in enumerate(COLUMNS):
            _cell(sheet, number, place, column, row[column.name], formats)
    last = last_row(len(rows))
    sheet.freeze_panes(FIRST, _FROZEN_COLUMNS)
    sheet.autofilter(HEADING, 0, last, len(COLUMNS) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A{FIRST + 1}:{xl_col_to_name(len(COLUMNS) - 1)}{last + 1}"})
    _validate(sheet, last, language)
    _colour(sheet, formats, last)
    _print_on(sheet, last, call, language)


def _cell(sheet: Worksheet, row: int, place: int, column: Column, value: Any, formats: Formats) -> None:
    text, number = {
        "kronor": (formats.text, formats.kronor),
        "number": (formats.text, formats.number),
        "amount": (formats.open_kronor, formats.open_kronor),
        "decision": (formats.open_text, formats.open_text),
        "motivation": (formats.open_text, formats.open_text),
    }.get(column.kind, (formats.text, formats.text))
    if value in (None, ""):
        sheet.write_blank(row, place, None, text)
    elif isinstance(value, int):
        sheet.write_number(row, place, value, number)
    else:
        sheet.write_string(row, place, value, text)


def _sums(
    sheet: Worksheet, formats: Formats, rows: Sequence[Mapping[str, Any]], call: Mapping[str, Any], language: str
) -> None:
    """The budget and what is left of it above the frozen columns, the counts above those that are filled in."""
    total = sum(row["amount"] or 0 for row in rows)
    decided = {word: sum(row["decision"] in WORDS[word] for row in rows) for word in WORDS}
    label, count = PLACES["decision"], PLACES["amount"]
    budget = call["budget"]
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, call["name"][language], formats.title)
    sheet.write_string(1, 0, either(language, "Budget (kr)", "Budget (SEK)"), formats.label)
    if budget is None:
        sheet.write_string(1, 1, either(language, "ingen", "none"), formats.total)
    else:
        sheet.write_number(1, 1, budget, formats.total)
    sheet.write_string(1, label, either(language, "Bifall", "Awards"), formats.label)
    sheet.write_formula(1, count, f"={count_of('award', language)}", formats.total, decided["award"])
    sheet.write_string(2, 0, either(language, "Beviljat", "Awarded"), formats.label)
    sheet.write_formula(2, 1, f"={awarded(language)}", formats.total, total)
    sheet.write_string(2, label, either(language, "Avslag", "Declined"), formats.label)
    sheet.write_formula(2, count, f"={count_of('decline', language)}", formats.total, decided["decline"])
    if budget is not None:
        sheet.write_string(3, 0, either(language, "Kvar", "Left"), formats.label)
        sheet.write_formula(3, 1, "=B2-B3", formats.total, budget - total)
        sheet.conditional_format(3, 1, 3, 1, _when("$B$4<0", formats.wrong))
    sheet.write_string(3, label, either(language, "Utan beslut", "Undecided"), formats.label)
    left = len(rows) - decided["award"] - decided["decline"]
    sheet.write_formula(3, count, f"={undecided(language)}", formats.total, left)
    sheet.conditional_format(3, count, 3, count, _when(f"${_LETTERS['amount']}$4>0", formats.missing))


def _validate(sheet: Worksheet, last: int, language: str) -> None:
    """Drop-downs and limits. Facts take no typing; they are not locked, because locked cells cannot be sorted."""
    stop = {"error_type": "stop", "error_title": either(language, "Går inte", "Not possible")}
    requested = f"=${_LETTERS['requested']}{FIRST + 1}"
    rules: dict[str, dict[str, Any]] = {
        "decision": {
            "validate": "list",
            "source": [either(language, *words) for words in WORDS.values()],
            "error_message": either(language, "Skriv bifall eller avslag.", "Write award or decline."),
        },
        "amount": {
            "validate": "integer",
            "criteria": "between",
            "minimum": 1,
            "maximum": requested,
            "error_message": either(
                language,
                "Skriv hela kronor, minst 1 och högst det sökta beloppet. Lämna tomt vid avslag.",
                "Write whole kronor, at least 1 and at most what was asked for. Leave empty when declined.",
            ),
        },
        "motivation": {
            "validate": "length",
            "criteria": "<=",
            "value": MOST_MOTIVATION,
            "error_message": either(
                language, f"Skriv högst {MOST_MOTIVATION} tecken.", f"Write at most {MOST_MOTIVATION} characters."
            ),
        },
    }
    fact = {
        "validate": "custom",
        "value": "=FALSE",
        "error_message": either(
            language,
            "Uppgiften kommer från ansökan och ändras inte här. Skriv i kolumnerna för beslut, belopp och motivering.",
            "This comes from the application and is not changed here. Write in the columns for decision, amount and "
            "motivation.",
        ),
    }
    for place, column in enumerate(COLUMNS):
        sheet.data_validation(FIRST, place, last, place, stop | rules.get(column.name, fact))


def _colour(sheet: Worksheet, formats: Formats, last: int) -> None:
    """What is missing in yellow, what will be refused in red; what is decided more quietly."""
    at = {name: f"${_LETTERS[name]}{FIRST + 1}" for name in ("reference", "requested", "decision", "amount")}
    motivation = f"${_LETTERS['motivation']}{FIRST + 1}"
    decision, amount = at["decision"], at["amount"]
    is_award, is_declined = (
        "OR(" + ",".join(f'{decision}="{word}"' for word in WORDS[kind]) + ")" for kind in ("award", "decline")
    )
    wrong_amounts = [
        f"ISTEXT({amount})",
        f"AND(ISNUMBER({amount}),OR({amount}>{at['requested']},{amount}<0,{amount}<>INT({amount})))",
        f"AND({is_declined},{amount}<>0)",
        f"AND({is_award},ISNUMBER({amount}),{amount}=0)",
    ]
    rules = [
        ("decision", f'AND({at["reference"]}<>"",{decision}="")', formats.missing),
        ("decision", f'AND({decision}<>"",NOT({is_award}),NOT({is_declined}))', formats.wrong),
        ("decision", is_award, formats.awarded),
        ("amount", f'AND({is_award},{amount}="")', formats.missing),
        *(("amount", one, formats.wrong) for one in wrong_amounts),
        ("motivation", f"LEN({motivation})>{MOST_MOTIVATION}", formats.wrong),
    ]
    for name, formula, look in rules:
        sheet.conditional_format(FIRST, PLACES[name], last, PLACES[name], _when(formula, look))
    sheet.conditional_format(FIRST, 0, last, PLACES["requested"], _when(is_declined, formats.declined))


def _when(formula: str, look: Any) -> dict[str, Any]:
    return {"type": "formula", "criteria": f"={formula}", "format": look}


def _print_on(sheet: Worksheet, last: int, call: Mapping[str, Any], language: str) -> None:
    """A4 lying down, one page wide, the headings on each page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADING)
    sheet.print_area(0, 0, last, PLACES["motivation"])
    name = call["name"][language].replace("&", "&&")
    sheet.set_footer(f"&L{name}&R" + either(language, "Sida &P av &N", "Page &P of &N"))
