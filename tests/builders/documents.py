"""Applications as applicants write them, with whatever a test wants changed."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

A_PDF = b"%PDF-1.7\n% signed letter of intent\n" + b"0" * 400
AN_EXCEL = b"PK\x03\x04" + b"budget" * 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(kind: str, name: str, content: bytes, media_type: str) -> dict[str, Any]:
    """The entry in the document for a file with that content."""
    return {
        "kind": kind,
        "name": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "type": media_type,
    }


_VALID: dict[str, Any] = {
    "schema": 1,
    "programme": "municipal-partnership-2019",
    "language": "sv",
    "applicant": {"kind": "municipality", "code": "2581"},
    "contact": {"name": "Åsa Öberg", "email": "asa.oberg@pitea.example", "phone": "+46 911 69 60 00"},
    "partners": [{"name": "An Giang", "country": "VN"}],
    "project": {
        "title": "Unga, klimat och digital dialog",
        "type": "project",
        "core_areas": ["participation", "transparency"],
        "summary": "Ungdomar i två kommuner prövar digitala medborgardialoger om klimatet.",
        "starts": "2020-01",
        "years": 2,
    },
    "answers": {
        "background": "Få unga under 25 år svarar när kommunerna frågar invånarna.",
        "objective": "Var tredje som svarar är under 25 år.\nVi räknar svaren före och efter.",
        "target-groups": "Omkring 4 000 ungdomar i de två kommunerna.",
        "activities": "Tre dialoger per år, prövade först av unga i båda kommunerna.",
        "rights": "Flickor och pojkar rekryterar varandra, och allt kan läsas upp.",
        "risks": "Att få kommer: vi går dit där unga redan är.",
        "lasting": "Dialogerna blir en del av kommunernas vanliga arbete.",
    },
    "budget": [
        {"year": 1, "category": "staff", "amount": 300000},
        {"year": 1, "category": "travel", "amount": 150000},
        {"year": 2, "category": "activities", "amount": 400000},
    ],
    "attachments": [
        attachment("letter-of-intent", "Avsiktsförklaring å ä ö.pdf", A_PDF, "application/pdf"),
        attachment("budget", "Budget d'été 2020.xlsx", AN_EXCEL, XLSX),
    ],
}


def a_document(**changes: Any) -> dict[str, Any]:
    """A valid application by Piteå, with changes by dotted path (dots written as double underscores).

    Example: a_document(project__years=4, contact__email=None). None removes the field.
    """
    document = copy.deepcopy(_VALID)
    for path, value in changes.items():
        *way, last = path.split("__")
        place: Any = document
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is None:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return document


def raw(document: dict[str, Any]) -> bytes:
    """The document as it is uploaded."""
    return json.dumps(document, ensure_ascii=False).encode()
