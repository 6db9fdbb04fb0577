"""The decision list as a workbook, from the service to the officer's desk and back, and by way of LibreOffice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from openpyxl import load_workbook

from infrastructure.operator.workbook.writing import DECIDED, DIGEST
from infrastructure.operator.workbook.writing import ROUND as ROUND_PROPERTY
from shared import keys
from shared.instants import iso
from tests.builders.listings import FIRST, HEADING, filled_in
from tests.builders.rounds import Submitted, submit_application
from tests.infrastructure import office, operator_api, operator_command
from tests.infrastructure.operator_api import BO, StaffApi, log_in
from tests.infrastructure.operator_command import Anslag, Ran, elsewhere, process
from tests.infrastructure.operator_rounds import ROUND, plain, stored

anslag = operator_command.anslag
staff_api = operator_api.staff_api
BOOK = f"{ROUND}-decisions.xlsx"
EVIL = '=HYPERLINK("http://x";"Öppna")'


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def closed(staff_api: StaffApi, pitea: Submitted) -> StaffApi:
    """The service with that round."""
    assert pitea.reference
    return staff_api


@pytest.fixture
def pitea(staff_api: StaffApi) -> Submitted:
    """A closed round with applications by Gotland, Piteå and Region Östergötland, in this order in the list."""
    staff_api.create_round()
    submit_application(ROUND, applicant__code="0980", project__title=EVIL)
    found = submit_application(ROUND)
    submit_application(ROUND, applicant__kind="region", applicant__code="05", partners__0__country="KE")
    staff_api.close_round()
    return found


def edit(cells: dict[str, Any], name: str = BOOK) -> None:
    Path(name).write_bytes(filled_in(Path(name).read_bytes(), cells))


def withdraw(application: Submitted) -> None:
    """As a row of the table has it; after closing, an officer registers a withdrawal."""
    boto3.resource("dynamodb").Table("anslag").update_item(
        Key=keys.application_key(ROUND, application.application),
        UpdateExpression="SET withdrawn_at = :now, #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":now": iso(datetime.now(UTC)), ":state": "withdrawn"},
    )


DECIDED_CELLS = {
    f"M{FIRST}": "bifall",
    f"N{FIRST}": "700 000 kr",
    f"M{FIRST + 1}": "Avslag ",
    f"O{FIRST + 1}": "Utanför",
    f"M{FIRST + 2}": "award",
    f"N{FIRST + 2}": 850_000,
}


def test_the_list_comes_out_as_a_workbook_and_goes_back_in(anslag: Anslag, closed: StaffApi) -> None:
    ran = anslag("decisions", "out", ROUND, "--language", "sv")
    assert (ran.code, ran.out.splitlines()[0].startswith(f"{BOOK}: 3 ansökningar.")) == (0, True)
    assert ran.out.splitlines()[-1] == f"  anslag decisions in {ROUND} {BOOK}"
    assert load_workbook(BOOK).worksheets[0][f"E{FIRST}"].data_type != "f"
    edit(DECIDED_CELLS)
    entered = json.loads(anslag("decisions", "in", ROUND, BOOK, "--json").out)
    assert (entered["awards"], entered["declined"], entered["sum"]) == (2, 1, 1_550_000)
    rows = closed.ask("GET", f"/staff/rounds/{ROUND}")["decisions"]
    assert rows["digest"] == entered["digest"]
    out = json.loads(anslag("decisions", "out", ROUND, "again.xlsx", "--json", "--language", "en").out)
    assert out == {"file": "again.xlsx", "applications": 3}
    again = load_workbook("again.xlsx")
    assert [[cell.value for cell in row] for row in again.worksheets[0][f"M{FIRST}:O{FIRST + 2}"]] == [
        ["award", 700_000, None],
        ["decline", None, "Utanför"],
        ["award", 850_000, None],
    ]
    origin = {one.name: one.value for one in again.custom_doc_props.props}  # type: ignore[attr-defined]
    assert (origin[ROUND_PROPERTY], origin[DECIDED]) == (ROUND, entered["digest"])
    assert len(origin[DIGEST]) == 64


@pytest.mark.usefixtures("closed")
def test_csv_is_a_question_of_asking_and_reading_of_content(anslag: Anslag) -> None:
    assert anslag("decisions", "out", ROUND, "--csv").code == 0
    content = Path(f"{ROUND}-decisions.csv").read_bytes()
    assert anslag("decisions", "out", ROUND, "x.CSV").code == 0
    assert (
        Path("x.CSV").read_bytes() == process("decisions", "out", ROUND, "-", env=elsewhere()).out.encode() == content
    )
    assert content.startswith(b"\xef\xbb\xbfreference;")
    anslag("decisions", "out", ROUND)
    edit(DECIDED_CELLS)
    Path(BOOK).rename("list.csv")
    assert anslag("decisions", "in", ROUND, "list.csv").code == 0
    rows = [line.split(";")[0] for line in content.decode("utf-8-sig").splitlines()[1:]]
    Path("list.xlsx").write_text("reference;decision;amount\n" + "\n".join(f"{one};avslag;" for one in rows))
    assert json.loads(anslag("decisions", "in", ROUND, "list.xlsx", "--json").out)["declined"] == 3


def test_every_mistake_is_told_by_row_column_and_heading_and_nothing_changes(anslag: Anslag, closed: StaffApi) -> None:
    anslag("decisions", "out", ROUND, "--language", "sv")
    edit({**DECIDED_CELLS, f"N{FIRST}": "850 tkr", f"M{FIRST + 1}": "kanske", f"N{FIRST + 2}": 850_001})
    ran = anslag("decisions", "in", ROUND, BOOK, "--language", "sv")
    assert plain(ran.err) == (
        "rad 6, kolumn N, Belopp (kr): Beloppet 850 tkr är inte ett helt antal kronor. Skriv till exempel 450000.\n"
        "rad 7, kolumn M, Beslut: Beslutet kanske går inte att tolka. Skriv bifall eller avslag.\n"
        "rad 8, kolumn N, Belopp (kr): Beloppet 850 001 kronor är högre än de sökta 850 000 kronor.\n"
    )
    assert (ran.code, ran.out, stored(closed)["decisions"]) == (1, "", None)
    problems = json.loads(anslag("decisions", "in", ROUND, BOOK, "--json").out)["problems"]
    assert [one["path"] for one in problems] == ["6.N.Belopp (kr)", "7.M.Beslut", "8.N.Belopp (kr)"]


@pytest.mark.usefixtures("closed")
def test_hidden_rows_and_columns_are_read_and_told_beside_the_answer(anslag: Anslag) -> None:
    anslag("decisions", "out", ROUND)
    edit(DECIDED_CELLS)
    book = load_workbook(BOOK)
    book.worksheets[0].row_dimensions[FIRST + 1].hidden = True
    book.worksheets[0].column_dimensions["O"].hidden = True
    book.save(BOOK)
    ran = anslag("decisions", "in", ROUND, BOOK, "--json")
    assert json.loads(ran.out)["declined"] == 1
    assert ran.err == "Hidden rows were read like all others: 7.\nHidden columns were read too: Motivation.\n"


def test_what_is_no_workbook_is_told_with_what_to_do(anslag: Anslag, closed: StaffApi) -> None:
    Path("list.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512)
    told = "The file is a workbook of the type .xls. Open it in Excel or LibreOffice and save it as .xlsx.\n"
    asked = len(closed.asked)
    assert anslag("decisions", "in", ROUND, "list.xls") == Ran(1, "", told)
    assert len(closed.asked) == asked


def test_a_list_of_another_round_and_an_older_one_are_known(anslag: Anslag, closed: StaffApi, pitea: Submitted) -> None:
    anslag("decisions", "out", ROUND)
    edit(DECIDED_CELLS)
    closed.create_round("2027-spring")
    closed.close_round("2027-spring")
    told = f"The list belongs to the round {ROUND}, not 2027-spring.\n"
    assert anslag("decisions", "in", "2027-spring", BOOK) == Ran(1, "", told)
    withdraw(pitea)
    ran = anslag("decisions", "in", ROUND, BOOK)
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        "The list is older than the round",
        "row 7, column A, Reference",
    ]


@pytest.mark.usefixtures("closed")
def test_a_colleagues_decisions_are_not_undone_unseen(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    anslag("decisions", "out", ROUND)
    edit(DECIDED_CELLS)
    assert anslag("decisions", "in", ROUND, BOOK).code == 0
    edit({f"N{FIRST}": 600_000})
    assert anslag("decisions", "in", ROUND, BOOK).code == 0, "one's own may be mended from the same file"
    log_in(monkeypatch, BO)
    ran = anslag("decisions", "in", ROUND, BOOK, "--json")
    assert [one["code"] for one in json.loads(ran.out)["problems"]] == ["decided-meanwhile"]
    anslag("decisions", "out", ROUND, "--force")
    assert anslag("decisions", "in", ROUND, BOOK).code == 0


@pytest.mark.usefixtures("closed")
@pytest.mark.skipif(office.find_office() is None, reason="no LibreOffice Calc here: infrastructure/bootstrap.sh office")
def test_libreoffice_opens_the_list_works_it_out_and_saves_what_goes_back_in(anslag: Anslag, tmp_path: Path) -> None:
    """One officer fills in, hides a row, adds a column in front and sorts; the sums follow, and all of it is read."""
    program = office.find_office()
    assert program is not None
    anslag("decisions", "out", ROUND, "--language", "sv")
    book = tmp_path / BOOK
    changes = f"""
        sheet.getCellRangeByName("M{FIRST}").String = "bifall"
        sheet.getCellRangeByName("N{FIRST}").Value = 700000
        sheet.getCellRangeByName("M{FIRST + 1}").String = "avslag"
        sheet.getCellRangeByName("O{FIRST + 1}").String = "Utanför programmet"
        sheet.getCellRangeByName("M{FIRST + 2}").String = "bifall"
        sheet.getCellRangeByName("N{FIRST + 2}").Formula = "=L{FIRST + 2}*0.7"
        Dim order(0) As New com.sun.star.table.TableSortField
        order(0).Field = 1
        order(0).IsAscending = False
        Dim how(0) As New com.sun.star.beans.PropertyValue
        how(0).Name = "SortFields"
        how(0).Value = order()
        sheet.getCellRangeByName("A{FIRST}:P{FIRST + 2}").sort(how())
        sheet.Columns.insertByIndex(0, 1)
        sheet.getCellRangeByName("A{HEADING}").String = "Poäng"
        sheet.Rows.getByIndex({FIRST}).IsVisible = False
    """
    jobs = [
        (book, tmp_path / "filled.xlsx", changes),
        (book, tmp_path / "untouched.xlsx", "book.calculateAll()"),
        (book, tmp_path / "other.ods", ""),
        (book, tmp_path / "old.xls", ""),
    ]
    office.work(program, tmp_path / "office", *jobs)

    # What LibreOffice works out of the list as it went out is what stood in it.
    assert values("untouched.xlsx", 1) == values(BOOK, 1)
    filled = load_workbook("filled.xlsx", data_only=True).worksheets
    assert [filled[0][place].value for place in ("C2", "C3", "C4", "O2", "O3", "O4")] == [
        *(11_000_000, 1_295_000, 9_705_000),
        *(2, 1, 0),
    ]
    totals = {str(row[0]): row[1:] for row in values("filled.xlsx", 1)}
    assert totals["Kenya"][:4] == (1, 850_000, 1, 595_000)
    assert totals["avslag"][:4] == (1, 850_000, 0, 0)
    assert [totals[name][3] for name in ("kommun", "region", "Gotlands län")] == [700_000, 595_000, 700_000]

    ran = anslag("decisions", "in", ROUND, "filled.xlsx", "--json")
    entered = json.loads(ran.out)
    assert (entered["awards"], entered["declined"], entered["sum"]) == (2, 1, 1_295_000)
    assert ran.err == "Hidden rows were read like all others: 7.\n"
    for name, kind in (("other.ods", ".ods"), ("old.xls", ".xls")):
        told = f"The file is a workbook of the type {kind}. Open it in Excel or LibreOffice and save it as .xlsx.\n"
        assert anslag("decisions", "in", ROUND, name) == Ran(1, "", told)


def values(name: str, sheet: int) -> list[tuple[Any, ...]]:
    """What a sheet shows."""
    return list(load_workbook(name, data_only=True).worksheets[sheet].iter_rows(values_only=True))
