"""What applicants of the simulation send: documents whose fate is known beforehand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.builders.documents import A_PDF, AN_EXCEL, a_document, attachment, raw

FILES = (A_PDF, AN_EXCEL)


@dataclass(frozen=True, slots=True)
class Paper:
    """An application.json. `good` says that it is to be accepted when its files are there and the time is right."""

    name: str
    content: bytes
    sha256: str
    good: bool


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as it is announced."""

    content: bytes
    name: str
    size: int
    sha256: str
    type: str


def _paper(name: str, content: bytes, *, good: bool) -> Paper:
    return Paper(name, content, hashlib.sha256(content).hexdigest(), good)


def _good(name: str, **changes: Any) -> Paper:
    return _paper(name, raw(a_document(project__title=name, **changes)), good=True)


@cache
def good_papers() -> tuple[Paper, ...]:
    """Different applicants, countries, areas and amounts, so that every breakdown moves."""
    region = {"kind": "region", "code": "05"}
    return (
        _good("A"),
        _good("B", budget__0__amount=100_000, partners__0__country="KE"),
        _good("C", applicant=region, project__core_areas=["equity"], budget__1__amount=40_000),
        _good("D", applicant={"kind": "municipality", "code": "0980"}, budget__2__amount=1_000),
    )


@cache
def bad_papers() -> tuple[Paper, ...]:
    """A field missing, no JSON at all, a file that nobody uploaded."""
    absent = attachment("letter-of-intent", "brev.pdf", b"%PDF-never-sent", "application/pdf")
    return (
        _paper("without an address", raw(a_document(contact__email=None)), good=False),
        _paper("no JSON", b'{"schema": 1', good=False),
        _paper("file that never came", raw(a_document(attachments__0=absent)), good=False),
    )


@cache
def by_hash() -> dict[str, Paper]:
    """Every paper by its hash."""
    return {paper.sha256: paper for paper in (*good_papers(), *bad_papers())}


@cache
def files() -> tuple[File, ...]:
    """The two attachments that every document names."""
    return tuple(
        File(content, one["name"], one["size"], one["sha256"], one["type"])
        for content, one in zip(FILES, a_document()["attachments"], strict=True)
    )
