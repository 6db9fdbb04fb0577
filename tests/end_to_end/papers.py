"""What applicants of two funders send."""

from __future__ import annotations

from typing import Any

from infrastructure.demo.applicant import File
from tests.builders.documents import A_PDF, AN_EXCEL, XLSX

PARTNERSHIP = "municipal-partnership-2019"
VILLAGE_STAGE = "village-stage-2026"
LETTER = File("letter-of-intent", "Avsiktsförklaring å ä ö.pdf", A_PDF, "application/pdf")
BUDGET = File("budget", "Budget d'été 2020.xlsx", AN_EXCEL, XLSX)
FILES = (LETTER, BUDGET)
"""The files that `tests.builders.documents.a_document` names."""


def a_play(number: str = "802400-1235", name: str = "Bygdeteatern i Åmål", **changes: Any) -> dict[str, Any]:
    """An association's application to the village stage: no partners, no files. `amount` is in whole kronor."""
    amount: int = changes.get("amount", 30_000)
    return {
        "schema": 1,
        "programme": VILLAGE_STAGE,
        "language": "sv",
        "applicant": {"kind": "association", "organisation_number": number, "name": name},
        "contact": {"name": "Örjan Ek", "email": changes.get("email", "styrelsen@bygdeteatern.example")},
        "partners": [],
        "project": {
            "title": changes.get("title", "Värmlänningarna på ladan"),
            "type": "production",
            "core_areas": ["everyone"],
            "summary": "Bygdens folk spelar för bygdens folk, i en lada som annars står tom.",
            "starts": "2027-03",
            "years": 1,
        },
        "answers": {"play": "Värmlänningarna, F. A. Dahlgren", "venue": "indoors"},
        "budget": [{"year": 1, "category": "stage", "amount": amount}],
        "attachments": [],
    }
