"""Decision lists as the service gives them and the workbook shows them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from openpyxl import Workbook, load_workbook

from infrastructure.operator.workbook.writing import write_workbook
from shared.applicants import Applicant
from shared.applications import Application
from shared.decision_list import listed
from shared.decisions import Decision, DecisionKind
from shared.references import new_reference
from shared.rounds import Round, RoundState
from tests.shared.test_applications import FACTS
from tests.shared.test_rounds import AUTUMN
from tests.shared.test_totals import submitted

NOW = datetime(2019, 11, 4, 9, 30, tzinfo=UTC)
CALL = replace(AUTUMN, state=RoundState.CLOSED, programme="municipal-partnership-2019", budget=2_000_000)
PITEA, UMEA, ANGE, OREBRO = (new_reference(bytes([0, 0, 0, 0, number])) for number in (1, 2, 3, 4))
TWO_DECIDED = (
    Decision(PITEA, DecisionKind.AWARD, 400_000, "Tydligt mål"),
    Decision(UMEA, DecisionKind.DECLINE, 0, "=Utanför"),
)
HEADING, FIRST = 5, 6
"""The rows of the headings and of the first application, as a spreadsheet counts."""


def applications() -> list[Application]:
    """Four, of three counties and two kinds, with texts that a spreadsheet would like to run."""
    region = Applicant("region", "SE-18", "Region Örebro län", "18", None, "18")
    return [
        submitted(PITEA),
        submitted(
            UMEA,
            replace(
                FACTS,
                applicant=Applicant("municipality", "SE-2480", "Umeå", "2480", None, "24"),
                title='=HYPERLINK("http://x";"Öppna")',
                core_areas=("participation", "equity"),
                partners=({"name": "Makueni", "country": "KE"}, {"name": "@SUM(A1)", "country": "VN"}),
                requested=500_000,
            ),
        ),
        submitted(
            ANGE,
            replace(
                FACTS,
                applicant=Applicant("municipality", "SE-2260", "Ånge", "2260", None, "22"),
                title="＝1+1 _x0041_ 2020",
                core_areas=("equity",),
                partners=({"name": "+46 (Vietnam)", "country": "KE"},),
                requested=600_000,
            ),
        ),
        submitted(OREBRO, replace(FACTS, applicant=region, title="Lång titel " * 18, requested=987_654)),
    ]


def a_listing(*decided: Decision, call: Round = CALL, of: list[Application] | None = None) -> dict[str, Any]:
    """The service's answer."""
    return listed(call, applications() if of is None else of, {one.application: one for one in decided}, "")


def a_workbook(*decided: Decision, language: str = "sv", call: Round = CALL) -> bytes:
    """The list as it goes out."""
    return write_workbook(a_listing(*decided, call=call), language, NOW)


def opened(content: bytes, **options: Any) -> Workbook:
    """As openpyxl sees it, formulas and all."""
    return load_workbook(io.BytesIO(content), **options)


def saved(book: Workbook) -> bytes:
    """As openpyxl saves it."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def filled_in(content: bytes, cells: Mapping[str, Any], sheet: str | None = None) -> bytes:
    """The workbook with other values in some cells."""
    book = opened(content)
    for place, value in cells.items():
        book[sheet or book.sheetnames[0]][place] = value
    return saved(book)
