"""Decisions: all or none, every mistake with its row, the sum within the budget."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from shared.applications import Application
from shared.decision_csv import marks, read_csv, write_csv
from shared.decisions import Decision, DecisionKind, awarded, digest
from shared.problems import ProblemsError
from shared.references import new_reference, spaced
from shared.rounds import RoundState
from tests.shared.test_applications import DRAFT, FACTS, START
from tests.shared.test_rounds import AUTUMN
from tests.shared.test_totals import submitted

CALL = replace(AUTUMN, state=RoundState.CLOSED, budget=800_000)
A, B, C, D = (new_reference(bytes([0, 0, 0, 0, number])) for number in (1, 2, 3, 4))
APPLICATIONS = [submitted(A), submitted(B), submitted(C).withdrawn(START)]


def sheet(*rows: str, heading: str = "reference;decision;amount;motivation", encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join([heading, *rows]).encode(encoding)


def refused(raw: bytes, applications: list[Application] = APPLICATIONS) -> list[tuple[str, str]]:
    with pytest.raises(ProblemsError) as error:
        read_csv(raw, applications, CALL)
    return [(one.code, one.path) for one in error.value.problems]


def test_a_filled_in_list_is_read_whole() -> None:
    rows = sheet(f"{spaced(A)};bifall;450 000;Bra: tydligt mål", f"{B.lower()};DECLINE;;Utanför programmet")
    assert read_csv(rows, APPLICATIONS, CALL) == [
        Decision(A, DecisionKind.AWARD, 450_000, "Bra: tydligt mål"),
        Decision(B, DecisionKind.DECLINE, 0, "Utanför programmet"),
    ]


AMOUNTS = ["450000", "450 000", "450\u00a0000", "450\u202f000", " 450000 "]
AMOUNTS += ["450 000 kr", "450000 Kronor", "SEK 450 000", "450000,00", "450 000.00 kr", "450000:-", "450 000,-"]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_amounts_may_be_grouped_as_people_group_them(amount: str) -> None:
    (first, _) = read_csv(sheet(f"{A};bifall;{amount}", f"{B};avslag;"), APPLICATIONS, CALL)
    assert first.amount == 450_000


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_columns_may_have_moved_and_any_spreadsheets_delimiter_will_do(delimiter: str) -> None:
    rows = ["anteckning;amount;decision;reference", f"x;1;award;{A}", f"y;0;avslag;{B}"]
    text = "\n".join(rows).replace(";", delimiter)
    assert awarded(read_csv(text.encode(), APPLICATIONS, CALL)) == 1


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("{A};bifall;450000,50", "bad-amount", "amount"),
        ("{A};bifall;-5", "bad-amount", "amount"),
        ("{A};bifall;0", "bad-amount", "amount"),
        ("{A};bifall;4.5e5", "bad-amount", "amount"),
        ("{A};bifall;450 tkr", "bad-amount", "amount"),
        ("{A};bifall;450.000", "bad-amount", "amount"),
        ("{A};bifall;45 00", "bad-amount", "amount"),
        ("{A};bifall;٤٥", "bad-amount", "amount"),
        (";bifall;5", "reference-missing", "reference"),
        ("{A};bifall;", "amount-missing", "amount"),
        ("{A};bifall;450001", "above-requested", "amount"),
        ("{A};avslag;5", "amount-for-declined", "amount"),
        ("{A};kanske;5", "bad-decision", "decision"),
        ("{A};;5", "decision-missing", "decision"),
    ],
)
def test_each_mistake_is_told_with_its_row_and_column(row: str, code: str, column: str) -> None:
    found = refused(sheet(f"{B};avslag;", row.format(A=A)))
    assert found[0] == (code, f"3.{column}")
    assert found[1:] == ([("decision-missing", "")] if column == "reference" else [])


def test_all_mistakes_are_told_at_once() -> None:
    rows = sheet(f"{A};bifall;mycket", f"{A};avslag;", "ZZZZ;bifall;1", f"{C};bifall;1")
    assert refused(rows) == [
        ("bad-amount", "2.amount"),
        ("decided-twice", "3.reference"),
        ("unknown-reference", "4.reference"),
        ("application-withdrawn", "5.reference"),
        ("decision-missing", ""),
    ]


def test_a_row_without_reference_decision_amount_and_motivation_is_nobodys() -> None:
    rows = sheet(f";;;{A}", f"{A};bifall;1;", f"{B};avslag;;", heading="reference;decision;amount;note")
    assert awarded(read_csv(rows, APPLICATIONS, CALL)) == 1


def test_drafts_and_refused_applications_are_told_from_unknown_ones() -> None:
    rows = sheet(f"{A};avslag;", f"{B};avslag;", f"{D};avslag;")
    assert refused(rows, [*APPLICATIONS, replace(DRAFT, id=D)]) == [("application-not-submitted", "4.reference")]
    assert refused(rows) == [("unknown-reference", "4.reference")]


def test_the_sum_must_stay_within_the_budget() -> None:
    rows = sheet(f"{A};bifall;450000", f"{B};bifall;350001")
    assert refused(rows) == [("above-budget", "")]
    assert awarded(read_csv(rows, APPLICATIONS, replace(CALL, budget=None))) == 800_001


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        (b"", [("column-missing", "1"), ("column-missing", "1"), ("column-missing", "1")]),
        (sheet(heading="reference;decision"), [("column-missing", "1")]),
        (sheet(f"{A};bifall;1;å", encoding="latin-1"), [("csv-unreadable", "")]),
        (b"PK\x03\x04\xff", [("csv-unreadable", "")]),
        (sheet(f"{A};bifall;1;f\ufffdr litet"), [("csv-unreadable", "")]),
    ],
)
def test_a_file_that_is_no_such_list_is_refused(raw: bytes, problems: list[tuple[str, str]]) -> None:
    assert refused(raw) == problems


def test_the_list_goes_out_for_swedish_excel_and_comes_back_unchanged() -> None:
    decided = {A: Decision(A, DecisionKind.AWARD, 400_000, "=1+1"), B: Decision(B, DecisionKind.DECLINE, 0, "Nej")}
    text = write_csv(APPLICATIONS, decided, "1e5" * 20)
    assert text.startswith("\ufeffreference;applicant;title;requested;decision;amount;motivation;list\r\n")
    assert read_csv(text.encode(), APPLICATIONS, CALL) == list(decided.values())


def test_every_row_of_a_list_says_which_decisions_it_was_taken_from() -> None:
    """In a way that no spreadsheet takes for a number, which it would write back as another one."""
    for decided, mark in (("1e5" * 20, "d-1e51e51e51e5"), ("", "d-")):
        text = write_csv(APPLICATIONS, {}, decided)
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
        assert [row["list"] for row in rows] == [mark, mark]
        filled_in = "\n".join(
            [*text.splitlines()[:1], *(line.replace(";;", ";avslag;", 1) for line in text.splitlines()[1:])]
        )
        assert marks(filled_in.encode()) == {mark}
    assert marks(sheet(f"{A};bifall;1")) == {""}


@pytest.mark.parametrize("name", ["reference", "decision", "amount", "motivation", "list"])
def test_a_column_that_is_read_may_not_be_there_twice(name: str) -> None:
    rows = sheet(
        f"{A};bifall;1;;;2", f"{B};avslag;;;;", heading=f"reference;decision;amount;motivation;list; {name.title()} "
    )
    with pytest.raises(ProblemsError) as error:
        read_csv(rows, APPLICATIONS, CALL)
    (told,) = error.value.problems
    place = ("reference", "decision", "amount", "motivation", "list").index(name) + 1
    assert (told.code, told.path) == ("column-twice", "1")
    assert told.en == f"The column {name} is there several times: column {place}, column 6. Rename all but one."


def test_a_column_of_ones_own_may_be_there_twice() -> None:
    rows = sheet(f"{A};avslag;;;x;y", f"{B};avslag;;;;", heading="reference;decision;amount;motivation;note;note")
    assert len(read_csv(rows, APPLICATIONS, CALL)) == 2


def test_an_apostrophe_that_staff_wrote_stays() -> None:
    (first, _) = read_csv(sheet(f"{A};bifall;1;'Bäst' i test", f"{B};avslag;"), APPLICATIONS, CALL)
    assert first.motivation == "'Bäst' i test"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_of_an_applicants_text_is_a_formula(start: str) -> None:
    (application,) = [submitted(A, replace(FACTS, title=f"{start}HYPERLINK(1)"))]
    table = list(csv.reader(io.StringIO(write_csv([application], {}, "").removeprefix("\ufeff")), delimiter=";"))
    assert table[1][2] == f"'{start}HYPERLINK(1)"


def test_the_digest_is_of_the_content_and_not_of_its_order() -> None:
    one, two = Decision(A, DecisionKind.AWARD, 1), Decision(B, DecisionKind.DECLINE, 0)
    assert digest([one, two]) == digest([two, one])
    assert digest([one, two]) != digest([replace(one, amount=2), two])
    assert digest([one, two]) != digest([replace(one, motivation="så")])
