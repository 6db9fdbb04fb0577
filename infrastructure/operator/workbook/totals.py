"""The sheet with totals: by decision, core area, country, kind and county. They follow what is typed in the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.worksheet import Worksheet

from infrastructure.operator.workbook.columns import SEPARATOR, WORDS
from infrastructure.operator.workbook.formats import Formats
from infrastructure.operator.workbook.listing import awarded, awards, range_name
from shared.wording import either, swedish_order

Rows = Sequence[Mapping[str, Any]]
_WIDTHS = (36, 15, 17, 11, 17, 20)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table. `condition` is the formula that is 1 for each row of the list that counts in it, and
    `rows` are those rows as the list goes out."""

    label: str
    condition: str
    rows: Rows


class _Sheet:
    """The sheet, and the next row that is written."""

    def __init__(self, sheet: Worksheet, formats: Formats, rows: Rows, language: str) -> None:
        self.sheet, self.formats, self.rows, self.language = sheet, formats, rows, language
        self.next = 0

    def say(self, sv: str, en: str) -> str:
        """The words in the list's language."""
        return either(self.language, sv, en)

    def line(self, text: str, look: Any, *, below: int = 1) -> None:
        """A line of text."""
        self.sheet.write_string(self.next, 0, text, look)
        self.next += below

    def formula(self, place: int, formula: str, value: float, look: Any) -> None:
        """A formula in the next row."""
        self.sheet.write_formula(self.next, place, f"={formula}", look, value)

    def table(self, title: str, lines: Iterable[Line], *, note: str = "", adds_up: bool = True) -> None:
        """A table with a row for each group, and their sum where they add up. None without groups."""
        formats, lines = self.formats, list(lines)
        if not lines:
            return
        headings = self.say(
            f"{title}|Ansökningar|Sökt (kr)|Bifall|Beviljat (kr)|Andel av beviljat",
            f"{title}|Applications|Requested (SEK)|Awards|Awarded (SEK)|Share of awarded",
        ).split("|")
        for place, heading in enumerate(headings):
            self.sheet.write_string(self.next, place, heading, formats.heading_right if place else formats.heading)
        self.next += 1
        for line in lines:
            self.sheet.write_string(self.next, 0, line.label, formats.prose)
            self._measures(line, formats.count, formats.share)
            self.next += 1
        if adds_up:
            reference = range_name("reference", self.language)
            whole = Line(self.say("Summa", "Total"), f'({reference}<>"")', self.rows)
            self.sheet.write_string(self.next, 0, whole.label, formats.total_label)
            self._measures(whole, formats.total_count, formats.total_share)
            self.next += 1
        if note:
            self.line(note, formats.note)
        self.next += 1

    def _measures(self, line: Line, count: Any, share: Any) -> None:
        language = self.language
        requested, amount = range_name("requested", language), range_name("amount", language)
        won = [row for row in line.rows if row["decision"] in WORDS["award"]]
        granted, every = (sum(row["amount"] or 0 for row in some) for some in (won, self.rows))
        self.formula(1, f"SUMPRODUCT(1*{line.condition})", len(line.rows), count)
        asked = sum(row["requested"] for row in line.rows)
        self.formula(2, f"SUMPRODUCT(1*{line.condition},{requested})", asked, count)
        self.formula(3, f"SUMPRODUCT({line.condition}*{awards(language)})", len(won), count)
        self.formula(4, f"SUMPRODUCT({line.condition}*{awards(language)},{amount})", granted, count)
        part = f"IF(({awarded(language)})=0,0,E{self.next + 1}/({awarded(language)}))"
        self.formula(5, part, granted / every if every else 0, share)


def write(sheet: Worksheet, formats: Formats, rows: Rows, call: Mapping[str, Any], language: str) -> None:
    """Everything on the sheet, row by row from the top."""
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.set_row(0, 24)
    page = _Sheet(sheet, formats, rows, language)
    say = page.say
    page.line(say(f"Summor: {call['name']['sv']}", f"Totals: {call['name']['en']}"), formats.title)
    page.line(say("Summorna följer det som skrivs i listan.", "The totals follow what is typed in the list."),
              formats.note, below=2)  # fmt: skip
    _budget(page, call["budget"])
    page.table(say("Beslut", "Decision"), _by_decision(rows, language))
    note = say(
        "En ansökan räknas fullt i vart och ett av sina, så raderna summerar inte till hela omgången.",
        "An application counts fully in each of its own, so the rows do not add up to the round.",
    )
    page.table(say("Kärnområde", "Core area"), _by(rows, "core_areas", language), note=note, adds_up=False)
    page.table(say("Partnerland", "Partner country"), _by(rows, "countries", language), note=note, adds_up=False)
    page.table(say("Slag av sökande", "Kind of applicant"), _by(rows, "kind", language))
    page.table(say("Län", "County"), _by(rows, "county", language))
    sheet.freeze_panes(1, 0)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L" + call["name"][language].replace("&", "&&") + "&R" + say("Sida &P av &N", "Page &P of &N"))


def _budget(page: _Sheet, budget: int | None) -> None:
    formats, total = page.formats, sum(row["amount"] or 0 for row in page.rows)
    if budget is not None:
        page.sheet.write_number(page.next, 1, budget, formats.total)
        page.line(page.say("Budget (kr)", "Budget (SEK)"), formats.label)
    page.formula(1, awarded(page.language), total, formats.total)
    page.line(page.say("Beviljat (kr)", "Awarded (SEK)"), formats.label)
    if budget is not None:
        page.formula(1, f"B{page.next - 1}-B{page.next}", budget - total, formats.total)
        page.sheet.conditional_format(
            page.next,
            1,
            page.next,
            1,
            {"type": "cell", "criteria": "<", "value": 0, "format": formats.wrong},
        )
        page.line(page.say("Kvar (kr)", "Left (SEK)"), formats.label)
    page.next += 1


def _by_decision(rows: Rows, language: str) -> list[Line]:
    decision, reference = range_name("decision", language), range_name("reference", language)
    lines = []
    for words in WORDS.values():
        either_word = "+".join(f'({decision}="{word}")' for word in words)
        found = [row for row in rows if row["decision"] in words]
        lines.append(Line(either(language, *words), f"({either_word})", found))
    undecided = [row for row in rows if not row["decision"]]
    label = either(language, "utan beslut", "undecided")
    return [*lines, Line(label, f'(({reference}<>"")*({decision}=""))', undecided)]


def _by(rows: Rows, column: str, language: str) -> list[Line]:
    """A line for each group in that column; a cell may name several."""
    several = column in ("core_areas", "countries")
    named: Callable[[Mapping[str, Any]], list[str]] = (
        (lambda row: row[column].split(SEPARATOR)) if several else (lambda row: [row[column]])
    )
    groups = sorted({group for row in rows for group in named(row) if group}, key=swedish_order)
    cells = range_name(column, language)
    return [
        Line(
            group,
            f'ISNUMBER(FIND("{SEPARATOR}"&{_text(group)}&"{SEPARATOR}","{SEPARATOR}"&{cells}&"{SEPARATOR}"))'
            if several
            else f"({cells}={_text(group)})",
            [row for row in rows if group in named(row)],
        )
        for group in groups
    ]


def _text(group: str) -> str:
    """A group's name in a formula. Groups are the programme's and the register's words, never an applicant's."""
    return '"' + group.replace('"', '""') + '"'
