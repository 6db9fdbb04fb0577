"""Who applies in the demonstration, and what they send."""

from __future__ import annotations

import io
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infrastructure.demo.applicant import File
from shared import register

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHARES = {"staff": 40, "travel": 25, "activities": 25, "administration": 10}

_ANSWERS = {
    "background": "Invånarna får sällan veta vad som hände med det som de föreslog.",
    "objective": "Alla förslag får ett svar, och fler än i dag lämnar ett. Vi räknar dem varje halvår.",
    "target-groups": "Invånare som aldrig har varit på ett kommunmöte, och de tjänstemän som ska svara dem.",
    "activities": "Två studiebesök om året åt varje håll, och däremellan prövar vi det som vi har lärt oss.",
    "rights": "Vi väljer tider och platser som fungerar för den som har barn, och räknar vilka som får ordet.",
    "risks": "Att personer slutar: två på varje sida kan allt. Alla utgifter granskas av vår revisor.",
    "lasting": "Arbetssättet skrivs in i kommunens vanliga rutiner under det sista året.",
    "cooperation": "without-grant",
}
"""What everybody here answers to the programme's questions."""


@dataclass(frozen=True)
class Part:
    """One applicant's part. Sums are whole kronor; an award of 0 is a decline."""

    applicant: dict[str, str]
    partner: dict[str, str]
    title: str
    core_areas: list[str]
    years: int
    requested: int
    award: int
    real: bool = False
    first_sends_mistakes: bool = False
    sends_twice: bool = False
    withdraws: bool = False
    false_attachment: bool = False
    comes_late: bool = False

    @property
    def name(self) -> str:
        """The applicant's name in the register."""
        entry = register.find(self.applicant["kind"], self.applicant["code"])
        return entry.name if entry else "?"

    def document(self, programme: str, files: list[File]) -> dict[str, Any]:
        """The application.json that this applicant's form makes."""
        return {
            "schema": 1,
            "programme": programme,
            "language": "sv",
            "applicant": self.applicant,
            "contact": {"name": "Åsa Östlund", "email": f"internationellt@{self.applicant['code']}.kommun.example"},
            "partners": [self.partner],
            "project": {
                "title": self.title,
                "type": "project",
                "core_areas": self.core_areas,
                "summary": "Två kommuner lär av varandra hur invånarna kan få mer att säga till om.",
                "starts": "2020-01",
                "years": self.years,
            },
            "answers": _ANSWERS,
            "budget": self._budget(),
            "attachments": [file.as_json() for file in files],
        }

    def files(self) -> list[File]:
        """A letter of intent and a budget, with names as people give them."""
        letter = f"Avsiktsförklaring {self.name} å ä ö.pdf"
        content = b"MZ\x90\x00 this is a program" if self.false_attachment else _pdf(self.title)
        return [
            File("letter-of-intent", letter, content, "application/pdf"),
            File("budget", f"Budget {self.name} 2020.xlsx", _workbook(self.title), XLSX),
        ]

    def _budget(self) -> list[dict[str, Any]]:
        lines, left = [], self.requested
        for year in range(1, self.years + 1):
            of_year = left // (self.years - year + 1)
            left -= of_year
            spent = 0
            for category, share in _SHARES.items():
                amount = of_year - spent if category == "administration" else of_year * share // 100
                spent += amount
                lines.append({"year": year, "category": category, "amount": amount})
        return lines


@dataclass(frozen=True)
class Play:
    """The round and everybody in it."""

    round: dict[str, Any]
    parts: list[Part]


def load(name: str = "december_2019") -> Play:
    """Read a demonstration's data."""
    data = tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
    return Play(data["round"], [Part(**part) for part in data["applications"]])


def _pdf(text: str) -> bytes:
    return b"%PDF-1.4\n% " + text.encode() + b"\n%%EOF\n"


def _workbook(text: str) -> bytes:
    """Just enough of a zip file for its first bytes to be right."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", text)
    return out.getvalue()
