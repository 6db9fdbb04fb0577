"""The shape of application.json, version 1: what every programme's applications have in common.

Each section is a model of its own, so that a mistake in one does not hide those in another. Rules that a
programme sets are in `validation`.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

MOST_DOCUMENT_BYTES = 256_000
"""Far above what the longest texts and the longest lists make together; checked before anything is parsed."""

MOST_QUESTIONS = 40
"""How many questions of its own a programme may ask."""

LINE_BREAKS = frozenset("\n\r\t")
_NOT_FOR_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories that hide or turn text: controls, direction marks, surrogates, private use."""


def _clean(text: str) -> str:
    normal = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(c) in _NOT_FOR_TEXT and c not in LINE_BREAKS for c in normal):
        raise PydanticCustomError("bad_characters", "control characters")
    return normal


def _one_line(text: str) -> str:
    clean = _clean(text)
    if LINE_BREAKS & set(clean):
        raise PydanticCustomError("bad_characters", "line breaks")
    return clean


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
MOST_ANSWER = 5000
"""Characters of a text, whether the form of every programme asks for it or a programme's own question."""
Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_ANSWER), AfterValidator(_clean)
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_ATOM = r"[A-Za-z0-9!#$%&'+*/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
Email = Annotated[
    str,
    StringConstraints(
        max_length=254, pattern=rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])$"
    ),
]
"""What SES sends to: ASCII, a domain with other letters as Punycode, as Chromium gives it by itself. (RFC 5321's quoted
names and addresses of machines are left out, as HTML's own rule for such a field leaves them out.)"""
Amount = Annotated[int, Field(ge=1, le=1_000_000_000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ApplicantSection(_Section):
    """Who applies: by register code, or by organisation number and name."""

    kind: Name
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,4}$")] | None = None
    organisation_number: Annotated[str, StringConstraints(max_length=20)] | None = None
    name: Line | None = None


class ContactSection(_Section):
    """Whom the receipt goes to."""

    name: Line
    email: Email
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{5,30}$")] | None = None


class PartnerSection(_Section):
    """One partner abroad."""

    name: Line
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class ProjectSection(_Section):
    """What the money is for. `starts` is a month, YYYY-MM."""

    title: Line
    type: Name
    core_areas: Annotated[list[Name], Field(max_length=20)] = Field(default_factory=list)
    summary: Prose
    starts: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    years: Annotated[int, Field(ge=1, le=10)]


class BudgetLine(_Section):
    """Whole kronor of one category in one project year, counted from 1."""

    year: Annotated[int, Field(ge=1, le=10)]
    category: Name
    amount: Amount


class AttachmentSection(_Section):
    """One file that belongs to the application. `name` is what the applicant called it."""

    kind: Name
    name: Line
    size: Annotated[int, Field(ge=1, le=100_000_000)]
    sha256: Sha256
    type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100)]


class Document(_Section):
    """A whole application.json."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    programme: Annotated[str, StringConstraints(max_length=60)]
    language: Literal["sv", "en"]
    applicant: ApplicantSection
    contact: ContactSection
    partners: Annotated[list[PartnerSection], Field(max_length=20)]
    project: ProjectSection
    answers: Annotated[dict[Name, Prose], Field(max_length=MOST_QUESTIONS)] = Field(default_factory=dict)
    """To the programme's own questions, by their names."""
    budget: Annotated[list[BudgetLine], Field(max_length=200)]
    attachments: Annotated[list[AttachmentSection], Field(max_length=50)]

    @property
    def requested(self) -> int:
        """What is asked for, in whole kronor: the sum of the budget."""
        return sum(line.amount for line in self.budget)
