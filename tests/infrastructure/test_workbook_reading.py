"""The workbook that comes back: moved, hidden, sorted, added to by hand; or no list at all, and told so."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.worksheet.worksheet import Worksheet

from infrastructure.operator.workbook import marks, unpacking
from infrastructure.operator.workbook.reading import Found, read_workbook
from infrastructure.operator.workbook.writing import write_workbook
from shared.decision_list import HandedIn, read_list
from shared.decisions import Decision, DecisionKind
from shared.problems import ProblemsError, problem
from shared.references import spaced
from tests.builders.listings import (
    ANGE,
    CALL,
    FIRST,
    HEADING,
    NOW,
    OREBRO,
    PITEA,
    TWO_DECIDED,
    a_listing,
    a_workbook,
    applications,
    filled_in,
    opened,
    saved,
)

DECIDED = (
    *TWO_DECIDED,
    Decision(ANGE, DecisionKind.AWARD, 600_000, "Två\nrader"),
    Decision(OREBRO, DecisionKind.DECLINE, 0, ""),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=300)
BY_REFERENCE = sorted(DECIDED, key=lambda one: one.application)


def judged(content: bytes) -> list[Decision]:
    """What the service makes of it."""
    given = HandedIn.model_validate(read_workbook(content).handed_in)
    return read_list(given, applications(), CALL, None, "anna")


def refused(content: bytes) -> list[tuple[str, str]]:
    """What is told to the officer: by the service, with places as the officer sees them, or by the reader."""
    try:
        found = read_workbook(content)
    except ProblemsError as error:
        return [(one.code, one.path) for one in error.problems]
    with pytest.raises(ProblemsError) as refusal:
        read_list(HandedIn.model_validate(found.handed_in), applications(), CALL, None, "anna")
    return [(one.code, found.placed(one).path) for one in refusal.value.problems]


def changed(change: Callable[[Worksheet], None], content: bytes | None = None) -> bytes:
    """The decided list after somebody did something to its first sheet."""
    book = opened(content or a_workbook(*DECIDED))
    change(book.worksheets[0])
    return saved(book)


def write(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Texts as texts: openpyxl would make formulas of some."""
    cell = sheet.cell(row, column, value)
    if isinstance(value, str):
        cell.data_type = "s"


def row_of(content: bytes, column: str, value: Any) -> Any:
    """The first row whose cell in that column has the value, as it was read."""
    return next(row for row in read_workbook(content).handed_in["rows"] if row[column] == value)


# ---------------------------------------------------------------- read right


@pytest.mark.parametrize("language", ["sv", "en"])
def test_what_goes_out_comes_back_unchanged(language: str) -> None:
    content = a_workbook(*DECIDED, language=language)
    assert judged(content) == judged(saved(opened(content))) == BY_REFERENCE
    handed_in = read_workbook(content).handed_in
    assert (handed_in["round"], handed_in["digest"], handed_in["decided"]) == (CALL.id, a_listing()["digest"], "")


@settings(max_examples=30, deadline=None)
@given(title=TEXTS, motivation=TEXTS)
@example(title="_x0041_ _x005F_", motivation="=1\n\r\n'+2\t\x0b")
def test_any_text_comes_back_as_it_went_out_and_is_never_a_formula(title: str, motivation: str) -> None:
    listing = a_listing(Decision(PITEA, DecisionKind.DECLINE, 0, motivation))
    first = listing["applications"][0] | {"title": title}
    content = write_workbook(listing | {"applications": [first]}, "sv", NOW)
    (row,) = read_workbook(content).handed_in["rows"]
    assert [row["title"], row["motivation"]] == [title.strip(), motivation.strip()]
    assert opened(content).worksheets[0]["E6"].data_type != "f"


def test_columns_may_move_be_added_and_be_hidden() -> None:
    def reorder(sheet: Worksheet) -> None:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADING)]
        sheet.delete_rows(1, sheet.max_row)
        for number, row in enumerate(rows, start=3):
            for place, value in enumerate(["poäng" if number == 3 else 7, *reversed(row)], start=1):
                write(sheet, number, place, value)
        sheet.column_dimensions["D"].hidden = True
        sheet.column_dimensions["L"].hidden = True

    content = changed(reorder)
    assert judged(content) == BY_REFERENCE
    assert read_workbook(content).hidden_columns == ("Belopp (kr)",)


@pytest.mark.parametrize(
    "headings",
    [
        ("BETECKNING", " beslut ", "Belopp", "motivering "),
        ("Reference", "Decision", "Amount (SEK)", "Motivation"),
        ("reference", "decision", "amount", "motivation"),
        ("Beteckning", "Be\u00a0slut".replace("\u00a0", ""), "Belopp  (KR)", "Mo\u0074ivering"),
    ],
)
def test_headings_are_known_in_both_languages_and_in_any_case(headings: tuple[str, ...]) -> None:
    cells = dict(zip((f"{letter}{HEADING}" for letter in "AMNO"), headings, strict=True))
    assert judged(filled_in(a_workbook(*DECIDED), cells)) == BY_REFERENCE


def test_hidden_and_filtered_rows_count_and_are_told() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.auto_filter.add_filter_column(12, ["bifall"])
        for row in (FIRST + 1, FIRST + 2):
            sheet.row_dimensions[row].hidden = True

    content = changed(hide)
    assert judged(content) == BY_REFERENCE
    assert read_workbook(content).hidden_rows == (FIRST + 1, FIRST + 2)


def test_rows_may_be_sorted_and_rows_of_nobodys_be_between() -> None:
    def sort(sheet: Worksheet) -> None:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)]
        sheet.delete_rows(FIRST, len(rows))
        for number, row in enumerate(reversed(rows)):
            for place, value in enumerate(row, start=1):
                write(sheet, FIRST + 2 * number, place, value)
        sheet.cell(FIRST + 1, 2, "Diskuteras på torsdag")

    assert judged(changed(sort)) == BY_REFERENCE


def test_a_sheet_in_front_a_renamed_one_and_a_chart_do_no_harm() -> None:
    book = opened(a_workbook(*DECIDED))
    book.worksheets[0].title = "Styrelsen 12 november"
    book.create_sheet("Anteckningar", 0)["A1"] = "Beslut"
    book.create_chartsheet("Diagram").add_chart(BarChart())
    content = saved(book)
    assert judged(content) == BY_REFERENCE
    assert read_workbook(content).sheet == "Styrelsen 12 november"


@pytest.mark.parametrize("typed", ["450 000 kr", "450\u00a0000", "450000,00", 450000, 450000.0, "450000 "])
def test_amounts_are_read_as_people_write_them(typed: Any) -> None:
    content = filled_in(a_workbook(*DECIDED), {f"N{FIRST}": typed})
    assert {one.amount for one in judged(content) if one.application == PITEA} == {450_000}


@pytest.mark.parametrize("typed", ["Bifall", " BIFALL ", "award", "Award\u00a0"])
def test_decisions_are_read_in_any_case_and_in_both_languages(typed: str) -> None:
    assert judged(filled_in(a_workbook(*DECIDED), {f"M{FIRST}": typed})) == BY_REFERENCE


def test_a_formula_is_read_by_the_value_that_it_was_saved_with() -> None:
    def formula(sheet: str, value: str) -> str:
        return re.sub(rf'(<c r="N{FIRST}"[^>]*>)<v>400000</v>', rf"\1<f>L{FIRST}*0.7</f><v>{value}</v>", sheet)

    content = with_xml(lambda sheet: formula(sheet, "314999.99999999994"))
    assert {one.amount for one in judged(content) if one.application == PITEA} == {315_000}
    assert refused(with_xml(lambda sheet: formula(sheet, "314999.9"))) == [
        ("bad-amount", f"{FIRST}.N.Belopp (kr)"),
    ]


def with_xml(change: Callable[[str], str], part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """The decided list with one of its parts rewritten."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_workbook(*DECIDED))) as old, zipfile.ZipFile(content, "w", 8) as new:
        for name in old.namelist():
            text = old.read(name)
            after = change(text.decode()).encode() if name == part else text
            assert name != part or after != text
            new.writestr(name, after)
    return content.getvalue()


def test_merged_cells_outside_what_is_decided_do_no_harm() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:E1")
        sheet.merge_cells(f"B{FIRST}:B{FIRST + 1}")

    assert judged(changed(merge)) == BY_REFERENCE


# ---------------------------------------------------------------- refused, by row, column and reason


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("450 tkr", "bad-amount"),
        (450000.5, "bad-amount"),
        ("450.000", "bad-amount"),
        ("=1/0", "cell-no-value"),
        (date(2019, 10, 15), "cell-date"),
        (datetime(2019, 10, 15, 12), "cell-date"),  # noqa: DTZ001  cells have no time zone
        (time(12, 0), "cell-date"),
        (True, "cell-truth-value"),
        ("#REF!", "cell-error"),
        (-5, "bad-amount"),
        (1e300, "bad-amount"),
        (450_001, "above-requested"),
        (None, "amount-missing"),
    ],
)
def test_what_is_no_amount_is_told_with_row_and_column(typed: Any, code: str) -> None:
    assert refused(filled_in(a_workbook(*DECIDED), {f"N{FIRST}": typed})) == [(code, f"{FIRST}.N.Belopp (kr)")]


def test_all_mistakes_are_told_at_once_with_the_headings_of_the_officers_own_file() -> None:
    cells = {
        f"N{HEADING}": "Amount",
        f"M{FIRST}": "kanske",
        f"N{FIRST + 1}": date(2019, 10, 15),
        f"M{FIRST + 1}": "bifall",
        f"A{FIRST + 2}": "ZZZZ-ZZZZ-Z",
        f"O{FIRST + 3}": "x" * 2001,
        f"N{FIRST + 9}": "=SUM(N6:N9)",
    }
    assert refused(filled_in(a_workbook(*DECIDED), cells)) == [
        ("bad-decision", "6.M.Beslut"),
        ("cell-date", "7.N.Amount"),
        ("unknown-reference", "8.A.Beteckning"),
        ("too-long", "9.O.Motivering"),
        ("reference-missing", "15.A.Beteckning"),
        ("decision-missing", ""),
    ]


def test_merged_decisions_are_refused_cell_by_cell() -> None:
    content = changed(lambda sheet: sheet.merge_cells(f"M{FIRST}:N{FIRST + 1}"))
    assert refused(content) == [
        ("cell-merged", f"{FIRST}.M.Beslut"),
        ("cell-merged", f"{FIRST + 1}.M.Beslut"),
    ]
    assert row_of(content, "reference", spaced(PITEA))["amount"] == {"unreadable": "cell-merged", "shown": "M6:N7"}


def test_rows_whose_facts_were_sorted_apart_from_them_are_noticed() -> None:
    def sort_references_only(sheet: Worksheet) -> None:
        first, second = sheet.cell(FIRST, 1), sheet.cell(FIRST + 1, 1)
        first.value, second.value = second.value, first.value

    assert ("facts-differ", f"{FIRST}.B.Sökande") in refused(changed(sort_references_only))


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        ({f"N{HEADING}": "Summa"}, [("column-missing", f"{HEADING}")]),
        ({f"P{HEADING}": "Belopp"}, [("column-twice", f"{HEADING}")]),
        ({f"N{HEADING}": "Summa", f"M{HEADING}": "Vad"}, [("no-list-in-workbook", "")]),
    ],
)
def test_headings_that_cannot_be_told_are_refused(cells: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert refused(filled_in(a_workbook(*DECIDED), cells)) == problems


def test_two_sheets_that_could_both_be_the_list_are_refused() -> None:
    book = opened(a_workbook(*DECIDED))
    book.copy_worksheet(book.worksheets[0])
    with pytest.raises(ProblemsError) as error:
        read_workbook(saved(book))
    assert error.value.problems == (problem("several-lists", given="Beslut, Beslut Copy"),)


# ---------------------------------------------------------------- no workbook, or a dangerous one


def zipped(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"PK\x03\x04", "workbook-unreadable", ".xlsx"),
        (zipped(), "workbook-unreadable", ".xlsx"),
        (zipped(**{"[Content_Types].xml": b"<Types/>"}), "workbook-unreadable", ".xlsx"),
        (zipped(mimetype=b"", **{"content.xml": b""}), "workbook-other-format", ".ods"),
        (zipped(xl__workbook=b"", **{"xl/workbook.bin": b""}), "workbook-other-format", ".xlsb"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "workbook-other-format", ".xls"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "workbook-encrypted",
            "password",
        ),
        (a_workbook()[:-2000], "workbook-unreadable", ".xlsx"),
        (saved(Workbook()), "no-list-in-workbook", "Reference"),
    ],
)
def test_what_is_no_such_workbook_is_told_with_what_to_do(content: bytes, code: str, told: str) -> None:
    assert unpacking.is_workbook(content)
    with pytest.raises(ProblemsError) as error:
        read_workbook(content)
    (only,) = error.value.problems
    assert (only.code, told in only.en) == (code, True)


def test_a_damaged_part_is_told_and_no_traceback() -> None:
    for part in ("xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"):
        assert refused(with_xml(lambda text: text[: len(text) // 2], part)) == [("workbook-unreadable", "")]


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped(**{"[Content_Types].xml": b"", "xl/worksheets/sheet1.xml": b"\0" * 41_000_000})
    assert len(bomb) < 100_000
    assert refused(bomb) == [("workbook-too-large", "")]
    assert refused(zipped(**{f"{number}": b"" for number in range(501)})) == [("workbook-too-large", "")]
    assert refused(b"PK\x03\x04" + b"\0" * unpacking.MOST_BYTES) == [("workbook-too-large", "")]
    strings = zipped(**{"[Content_Types].xml": b"", "xl/sharedStrings.xml": b"\0" * 11_000_000})
    assert refused(strings) == [("workbook-too-large", "")]
    styles = zipped(**{"[Content_Types].xml": b"", "xl/styles.xml": b"\0" * 5_000_000})
    assert refused(styles) == [("workbook-too-large", "")]


def test_a_size_that_the_directory_denies_is_not_unpacked_either() -> None:
    honest = zipped(**{"[Content_Types].xml": b"", "xl/workbook.xml": b" " * 3_000_000})
    lying = honest.replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    assert refused(lying) == [("workbook-unreadable", "")]


def test_entities_that_multiply_are_refused() -> None:
    def laugh(sheet: str) -> str:
        entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        return sheet.replace("<worksheet", f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><worksheet', 1).replace(
            "Tydligt", "&l9;"
        )

    assert refused(with_xml(laugh)) == [("workbook-unreadable", "")]


def test_a_sheet_far_larger_than_any_list_is_refused() -> None:
    far = {"A30000": "x"}, {"XFD6": "x"}
    for cells in far:
        assert refused(filled_in(a_workbook(*DECIDED), cells)) == [("workbook-too-large", "")]


def test_a_sheet_of_countless_empty_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = "<row>" + "<c/>" * 30_000 + "</row>"
    content = with_xml(lambda sheet: sheet.replace("</sheetData>", cells + "</sheetData>"))
    assert judged(content) == BY_REFERENCE
    monkeypatch.setattr(marks, "_MOST_ELEMENTS", 20_000)
    assert refused(content) == [("workbook-too-large", "")]


def test_a_sheet_merged_from_end_to_end_takes_no_memory() -> None:
    content = with_xml(lambda sheet: sheet.replace("</sheetData>", "</sheetData>" + MERGED))
    assert refused(content)[0] == ("cell-merged", f"{FIRST}.A.Beteckning")


MERGED = '<mergeCells count="1"><mergeCell ref="A6:XFD1048576"/></mergeCells>'


def test_rows_and_cells_without_a_place_of_their_own_follow_each_other() -> None:
    xml = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cols>
    <col min="2" max="3" hidden="1"/></cols><sheetData><row><c><v>1</v></c><c><f>A1</f></c></row>
    <row hidden="true"><c/><c/><c><f>A1</f><v/></c></row></sheetData></worksheet>"""
    found = marks.read_marks(io.BytesIO(xml))
    assert (found.without_value, found.hidden_rows) == ({(1, 2), (2, 3)}, {2})
    assert (found.last_row, found.last_column) == (2, 3)
    assert [found.is_hidden(column) for column in (1, 2, 3, 4)] == [False, True, True, False]


def test_what_excel_adds_and_the_reader_does_not_know_is_no_matter_of_the_officers() -> None:
    """Excel keeps some validations in an extension, of which openpyxl warns; here a warning is a failure."""
    extension = (
        '<extLst xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
        '<ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    )
    content = with_xml(lambda text: text.replace("</worksheet>", extension))
    assert judged(content) == BY_REFERENCE


def test_a_list_whose_origin_was_lost_is_judged_by_its_rows() -> None:
    book = opened(a_workbook(*DECIDED))
    for name in ("anslag-round", "anslag-list", "anslag-decided"):
        del book.custom_doc_props[name]  # type: ignore[attr-defined]
    content = saved(book)
    found: Found = read_workbook(content)
    assert [found.handed_in[name] for name in ("round", "digest", "decided")] == [None, None, None]
    assert judged(content) == BY_REFERENCE
