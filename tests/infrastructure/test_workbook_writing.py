"""The workbook that goes out: what it shows, what it lets be typed, and that nothing of an applicant's runs in it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from infrastructure.operator.workbook.writing import write_workbook
from shared.decisions import Decision, DecisionKind
from shared.references import spaced
from shared.rounds import RoundState
from tests.builders.listings import (
    CALL,
    FIRST,
    HEADING,
    NOW,
    OREBRO,
    TWO_DECIDED,
    UMEA,
    a_listing,
    a_workbook,
    applications,
    opened,
)

DECIDED = (
    *TWO_DECIDED,
    Decision(OREBRO, DecisionKind.AWARD, 987_654, "Stark"),
)
LAST = FIRST + 3


def table(sheet: Worksheet) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADING, max_row=LAST)]


def totals(content: bytes) -> dict[str, tuple[Any, ...]]:
    """What stands in the sheet of totals, by the label on the left; a label that comes again is not looked at."""
    sheet = opened(content, data_only=True).worksheets[1]
    found: dict[str, tuple[Any, ...]] = {}
    for row in sheet.iter_rows(values_only=True):
        found.setdefault(str(row[0]), row[1:])
    return found


def test_a_row_has_the_facts_that_a_decision_takes_and_no_contact_person() -> None:
    content = a_workbook(*DECIDED)
    headings, *rows = table(opened(content).worksheets[0])
    assert headings == [
        *("Beteckning", "Sökande", "Slag", "Län", "Projekt", "Typ", "Kärnområden", "Partner", "Länder"),
        *("Start", "År", "Sökt (kr)", "Beslut", "Belopp (kr)", "Motivering", "Version"),
    ]
    assert [row[1] for row in rows] == ["Piteå", "Region Örebro län", "Umeå", "Ånge"]
    assert rows[2] == [
        *(spaced(UMEA), "Umeå", "kommun", "Västerbottens län", '=HYPERLINK("http://x";"Öppna")', "Projekt"),
        *("deltagande; jämlikhet och inkludering", "Makueni (Kenya); @SUM(A1) (Vietnam)", "Kenya; Vietnam"),
        *("2020-01", 1, 500_000, "avslag", None, "=Utanför", 1),
    ]
    assert (rows[0][12], rows[0][13], rows[3][12]) == ("bifall", 400_000, None)
    assert "asa@pitea.example" not in str([table(sheet) for sheet in opened(content).worksheets])


def test_in_english_everything_but_names_is_english() -> None:
    book = opened(a_workbook(*DECIDED, language="en"))
    headings, first, *_ = table(book.worksheets[0])
    assert book.sheetnames == ["Decisions", "Totals", "About"]
    assert headings[11:15] == ["Requested (SEK)", "Decision", "Amount (SEK)", "Motivation"]
    assert (first[2], first[12]) == ("municipality", "award")
    assert not re.search("[åäö]", str(book.worksheets[2]["B3"].value))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠", "{="])
def test_no_cell_with_an_applicants_text_is_a_formula(start: str) -> None:
    evil = f"{start}cmd|' /C calc'!A0"
    _, umea, *_ = applications()
    assert umea.current is not None
    facts = umea.current.facts
    applicant = replace(facts.applicant, name=evil)
    evil_facts = replace(facts, title=evil, applicant=applicant, partners=({"name": evil, "country": "KE"},))
    application = replace(umea, current=replace(umea.current, facts=evil_facts))
    decided = Decision(UMEA, DecisionKind.DECLINE, 0, evil)
    sheet = opened(write_workbook(a_listing(decided, of=[application]), "sv", NOW)).worksheets[0]
    cells = {sheet.cell(HEADING, place).value: sheet.cell(FIRST, place) for place in range(1, 17)}
    assert [cells[name].value for name in ("Sökande", "Projekt", "Motivering")] == [evil] * 3
    assert cells["Partner"].value == f"{evil} (Kenya)"
    texts = ("Sökande", "Projekt", "Partner", "Motivering")
    assert {cells[name].data_type for name in texts} <= {"s", "inlineStr"}


def test_formulas_stand_where_ours_are_and_nowhere_else() -> None:
    with zipfile.ZipFile(io.BytesIO(a_workbook(*DECIDED))) as archive:
        sheets = [archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2, 3)]
    with_formula = [re.findall(r'<c r="([A-Z]+[0-9]+)"[^>]*><f>', sheet) for sheet in sheets]
    assert with_formula[0] == ["N2", "B3", "N3", "B4", "N4"]
    assert with_formula[1] != []
    assert with_formula[2] == []
    functions = set(re.findall(r"([A-Z]+)\(", " ".join(re.findall(r"<f>(.*?)</f>", "".join(sheets)))))
    assert functions == {"SUMIF", "COUNTIF", "SUMPRODUCT", "IF", "ISNUMBER", "FIND"}


def test_what_may_be_typed_is_limited() -> None:
    sheet = opened(a_workbook()).worksheets[0]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert len(rules) == 16
    decision, amount, motivation = (rules[f"{letter}{FIRST}:{letter}{LAST}"] for letter in "MNO")
    assert (decision.type, decision.formula1) == ("list", '"bifall,avslag"')
    assert (amount.type, amount.formula1, amount.formula2) == ("whole", "1", f"$L{FIRST}")
    assert (motivation.type, motivation.operator, motivation.formula1) == ("textLength", "lessThanOrEqual", "2000")
    facts = [rule for rule in rules.values() if rule not in (decision, amount, motivation)]
    assert {(rule.type, rule.formula1) for rule in facts} == {("custom", "FALSE")}
    assert {rule.errorStyle for rule in rules.values()} == {None}  # the strictest: the value is not taken
    assert not sheet.protection.sheet  # locked cells cannot be sorted


def test_headings_stay_in_sight_on_screen_and_paper() -> None:
    sheet = opened(a_workbook()).worksheets[0]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == (f"C{FIRST}", f"A{HEADING}:P{LAST}")
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        None,
        0,
    )
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == f"${HEADING}:${HEADING}"
    assert sheet.print_area == f"'Beslut'!$A$1:$O${LAST}"


def test_amounts_are_numbers_grouped_as_in_swedish() -> None:
    book = opened(a_workbook(*DECIDED))
    sheet = book.worksheets[0]
    assert {sheet[place].number_format for place in ("L6", "N6", "B2", "B3", "B4")} == {"[$-41D]#,##0"}
    assert isinstance(sheet["L6"].value, int)


def test_rows_are_as_high_as_their_text_and_may_grow() -> None:
    content = a_workbook()
    heights = [opened(content).worksheets[0].row_dimensions[row].height for row in range(FIRST, LAST + 1)]
    assert heights[0] is None  # one line: the sheet's own height
    assert heights[1] is not None
    assert heights[1] >= 5 * 15
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"customHeight" not in archive.read("xl/worksheets/sheet1.xml")


def test_the_totals_carry_their_values_as_the_list_goes_out() -> None:
    content = a_workbook(*DECIDED)
    found = totals(content)
    granted = 1_387_654
    assert (found["Budget (kr)"][0], found["Beviljat (kr)"][0], found["Kvar (kr)"][0]) == (
        2_000_000,
        granted,
        2_000_000 - granted,
    )
    assert found["bifall"] == (2, 1_437_654, 2, granted, 1)
    assert found["avslag"] == (1, 500_000, 0, 0, 0)
    assert found["utan beslut"] == (1, 600_000, 0, 0, 0)
    assert found["Summa"] == (4, 2_537_654, 2, granted, 1)
    assert found["deltagande"] == (3, 1_937_654, 2, granted, 1)
    assert found["jämlikhet och inkludering"] == (2, 1_100_000, 0, 0, 0)
    assert found["Kenya"][:2] == (2, 1_100_000)
    assert found["kommun"][:4] == (3, 1_550_000, 1, 400_000)
    assert found["Örebro län"][:4] == (1, 987_654, 1, 987_654)
    assert list(found).index("Västerbottens län") < list(found).index("Örebro län")


def test_a_round_without_budget_or_without_applications_has_a_list_too() -> None:
    unlimited = opened(a_workbook(*DECIDED, call=replace(CALL, budget=None)), data_only=True).worksheets
    assert [unlimited[0][place].value for place in ("B2", "B3", "B4")] == ["ingen", 1_387_654, None]
    empty = opened(write_workbook(a_listing(of=[]), "sv", NOW), data_only=True).worksheets
    assert [empty[0][place].value for place in ("B2", "B3", "N4")] == [2_000_000, 0, 0]


def test_five_hundred_rows_with_the_longest_titles_fit() -> None:
    (first, *_) = applications()
    assert first.current is not None
    facts = replace(first.current.facts, title="Å" * 200)
    many = [replace(first, id=f"{number:09}", current=replace(first.current, facts=facts)) for number in range(500)]
    content = write_workbook(a_listing(of=many), "sv", NOW)
    sheet = opened(content).worksheets[0]
    assert (sheet.max_row, sheet.cell(FIRST + 499, 5).value) == (FIRST + 499, "Å" * 200)
    assert len(content) < 100_000
    assert get_column_letter(sheet.max_column) == "P"


def test_the_workbook_says_which_list_it_is() -> None:
    book = opened(a_workbook())
    origin = {one.name: one.value for one in book.custom_doc_props.props}  # type: ignore[attr-defined]
    assert origin == {"anslag-round": CALL.id, "anslag-list": a_listing()["digest"], "anslag-decided": "-"}
    about = str([[cell.value for cell in row] for row in book.worksheets[2].iter_rows()])
    assert a_listing()["digest"] in about
    assert "4 november 2019 kl. 10.30 (svensk tid)" in about
    assert f"anslag decisions in {CALL.id} {CALL.id}-decisions.xlsx" in about


@pytest.mark.parametrize(
    ("state", "said", "unsaid"),
    [
        (RoundState.ANNOUNCED, f"anslag corrections in {CALL.id} {CALL.id}-decisions.xlsx", "anslag decisions in"),
        (
            RoundState.DECIDED,
            "Besluten är godkända: listan är bara att läsa, så länge ingen tar tillbaka godkännandet.",
            "anslag",
        ),
    ],
)
def test_the_workbook_says_what_may_be_done_with_it_when_the_round_is_decided(
    state: RoundState, said: str, unsaid: str
) -> None:
    book = opened(a_workbook(*DECIDED, call=replace(CALL, state=state)))
    about = [str(cell.value) for row in book.worksheets[2].iter_rows() for cell in row]
    assert any(said in line for line in about)
    assert not any(line.startswith(unsaid) for line in about)
