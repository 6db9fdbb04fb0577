"""A funder's programme as data: who may apply, for what, how much, with which papers, in which words.

Programmes are TOML files in shared/programmes/, one per edition. An edition that a round has used is never
edited: rules that change make a new file, so that an old round is always judged by its own rules.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Protocol, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.document import MOST_ANSWER, MOST_QUESTIONS, Name
from shared.files import recognised_types


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ValueError(f"no such time zone: {name}") from error
    return name


def _recognised(media_type: str) -> str:
    if media_type not in recognised_types():
        raise ValueError(f"no way to check a file of type {media_type}")
    return media_type


MOST_ANSWERS = 60_000
"""Characters of all answers together: with everything else, a document and a draft have room for them."""
Kronor = Annotated[int, Field(ge=1, le=10**10)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


IatiCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}$")]
OrganisationId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]+-?[A-Za-z0-9-]*$", max_length=60)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(_Data):
    """The same words in both languages."""

    sv: Text
    en: Text

    def in_language(self, language: str) -> str:
        """English for every language but Swedish."""
        return self.sv if language == "sv" else self.en


class Nouns(_Data):
    """One and many, in both languages. Example: sv = ["kommun", "kommuner"]"""

    sv: list[str] = Field(min_length=2, max_length=2)
    en: list[str] = Field(min_length=2, max_length=2)


class ApplicantKind(_Data):
    """A kind of organisation that may apply. `identified_by` says whether the register or a number names it."""

    id: Name
    identified_by: Literal["municipality-code", "region-code", "organisation-number"]
    name: Nouns
    iati_type: IatiCode | None = None
    """IATI's type of organisation for this kind, where one fits all of them. Example: 11, local government"""


class Choice(_Data):
    """Something to choose: a core area, a budget category."""

    id: Name
    name: Words


class _Named(Protocol):
    @property
    def name(self) -> Words: ...


def names(choices: Iterable[_Named]) -> dict[str, str]:
    """What can be chosen, in words, in both languages."""
    named = list(choices)
    return {language: ", ".join(one.name.in_language(language) for one in named) for language in ("sv", "en")}


class Country(_Data):
    """A country where partners may be, and the region that decides the cap."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    region: Name
    name: Words


class Cap(_Data):
    """The most that may be asked for. A cap without region or parties holds for all of them."""

    amount: Kronor
    per: Literal["year", "project"] = "year"
    region: Name | None = None
    parties: int | None = Field(default=None, ge=1)


class ApplicationType(_Data):
    """A type of application. `parties` counts the applicant and its partners."""

    id: Name
    name: Words
    most_years: int = Field(ge=1, le=10)
    caps: list[Cap] = Field(min_length=1)
    attachments: list[Name] = Field(default_factory=list)
    """The kinds of attachment that this type must have."""

    def cap(self, parties: int, regions: frozenset[str]) -> Cap | None:
        """The highest cap that fits, or None. Partners in several regions get the best of them."""
        fitting = [
            cap
            for cap in self.caps
            if (cap.parties is None or cap.parties == parties) and (cap.region is None or cap.region in regions)
        ]
        return max(fitting, key=lambda cap: cap.amount, default=None)


class AttachmentKind(_Data):
    """A kind of attachment: media types and the most of it."""

    id: Name
    name: Words
    types: list[Annotated[str, AfterValidator(_recognised)]] = Field(min_length=1)
    most_megabytes: int = Field(ge=1, le=100)
    most: int = Field(default=1, ge=1, le=20)

    @property
    def most_bytes(self) -> int:
        """The limit in bytes; a megabyte is 1,000,000 of them."""
        return self.most_megabytes * 1_000_000


class Question(_Data):
    """A question of the programme's own. `most` is in characters, for a line or prose; the answer to a choice is the
    name of one of its options. `types` are the types of application that it is asked for, all of them where empty."""

    id: Name
    label: Words
    help: Words | None = None
    kind: Literal["line", "prose", "choice"]
    required: bool = False
    most: int | None = Field(default=None, ge=1, le=MOST_ANSWER)
    options: list[Choice] = Field(default_factory=list)
    types: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.kind == "choice") != bool(self.options) or (self.kind == "choice" and self.most is not None):
            raise ValueError(f"question {self.id}: options belong to a choice, and most to a text")
        return self

    def is_asked(self, kind: str | None) -> bool:
        """Whether an application of that type is asked it; of an unknown type (None), only what all are asked."""
        return not self.types or kind in self.types


class FieldWords(_Data):
    """A field of the form, or a section of it, in the programme's own words."""

    label: Words | None = None
    help: Words | None = None


class Limits(_Data):
    """How many of what."""

    least_partners: int = Field(ge=0)
    most_partners: int = Field(ge=0)
    least_core_areas: int = Field(ge=0)
    most_core_areas: int = Field(ge=0)


class Financier(_Data):
    """Who gives the funder the money that it awards. `id` is from org-id.guide. Example: SE-0, Sida"""

    id: OrganisationId
    iati_type: IatiCode
    name: Words


class PolicyMarker(_Data):
    """An OECD DAC policy marker that every award has, and how much. Example: 3 (good governance), 2 (principal)"""

    code: IatiCode
    significance: IatiCode


class OpenData(_Data):
    """What the funder's open data say of the funder and of every award. What is not known is left out of them."""

    organisation: OrganisationId | None = None
    """The funder's identifier after org-id.guide: SE-ON- and its organisation number."""
    iati_type: IatiCode | None = None
    financier: Financier | None = None
    sector: IatiCode | None = None
    """The OECD DAC purpose code of every award. Example: 15112"""
    policy_markers: list[PolicyMarker] = Field(default_factory=list)
    licence: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] = (
        "http://creativecommons.org/publicdomain/zero/1.0/"
    )
    """Under which anybody may use the data."""


class DecisionLetters(_Data):
    """What letters to applicants say of decisions beside the decision: what comes next, for whoever was awarded and
    for whoever was declined, where that is known. `tell_motivation` says that what staff write as motivation is meant
    for the applicant; otherwise it stays with staff."""

    award: Words | None = None
    decline: Words | None = None
    tell_motivation: bool = False


class Programme(_Data):
    """One edition of a programme."""

    id: Name
    edition: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]+)?$")]
    source: Text
    """Where the rules were taken from, for whoever must trust them."""
    name: Words
    funder: Words
    about: Words
    contact: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
    languages: list[Literal["sv", "en"]] = Field(min_length=1)
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    grace_minutes: int = Field(ge=0, le=120)
    decision_within_days: int = Field(ge=1, le=400)
    limits: Limits
    applicant_kinds: list[ApplicantKind] = Field(min_length=1)
    core_areas: list[Choice] = Field(default_factory=list)
    countries: list[Country] = Field(default_factory=list)
    types: list[ApplicationType] = Field(min_length=1)
    budget_categories: list[Choice] = Field(min_length=1)
    attachments: list[AttachmentKind] = Field(default_factory=list)
    questions: list[Question] = Field(default_factory=list, max_length=MOST_QUESTIONS)
    form: dict[str, FieldWords] = Field(default_factory=dict)
    """Words of this programme in place of those in form.toml, by path. Example: project.title"""
    decision_letters: DecisionLetters = Field(default_factory=DecisionLetters)
    open_data: OpenData = Field(default_factory=OpenData)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for what in ("applicant_kinds", "core_areas", "types", "budget_categories", "attachments", "questions"):
            twice = [name for name, times in Counter(one.id for one in getattr(self, what)).items() if times > 1]
            if twice:
                raise ValueError(f"{what} named twice: {', '.join(twice)}")
        kinds = {kind.id for kind in self.attachments}
        regions = {country.region for country in self.countries}
        for one in self.types:
            if unknown := set(one.attachments) - kinds:
                raise ValueError(f"type {one.id} asks for unknown attachments: {', '.join(sorted(unknown))}")
            if unknown := {cap.region for cap in one.caps if cap.region} - regions:
                raise ValueError(f"type {one.id} has caps for unknown regions: {', '.join(sorted(unknown))}")
        if unknown := {name for asked in self.questions for name in asked.types} - {one.id for one in self.types}:
            raise ValueError(f"questions for unknown types: {', '.join(sorted(unknown))}")
        if (
            length := sum(asked.most or MOST_ANSWER for asked in self.questions if asked.kind != "choice")
        ) > MOST_ANSWERS:
            raise ValueError(f"answers may have {length} characters together, more than the {MOST_ANSWERS} of a draft")
        if unknown := self.form.keys() - form_words():
            raise ValueError(f"words for what no form has: {', '.join(sorted(unknown))}")
        if self.limits.least_partners and not self.countries:
            raise ValueError("partners are asked for, but no country is listed")
        return self

    @property
    def key(self) -> str:
        """How rounds and applications name this edition. Example: municipal-partnership-2019"""
        return f"{self.id}-{self.edition}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which people read this programme's dates."""
        return ZoneInfo(self.time_zone)

    def moment(self, instant: datetime, *, seconds: bool = False) -> dict[str, str]:
        """An instant in that zone by language, as the texts of problems take it. See `wording.moment`."""
        from shared.wording import moment  # noqa: PLC0415  Babel is only needed to refuse

        return {language: moment(instant, self.zone, language, seconds=seconds) for language in ("sv", "en")}

    def core_area(self, area: str) -> Choice:
        """Raises KeyError for an area that this edition lacks."""
        return {one.id: one for one in self.core_areas}[area]

    def country(self, code: str) -> Country:
        """Raises KeyError for a country that this edition lacks."""
        return {one.code: one for one in self.countries}[code]

    def kind(self, kind: str) -> ApplicantKind:
        """Raises KeyError for a kind of applicant that this edition lacks."""
        return {one.id: one for one in self.applicant_kinds}[kind]


@cache
def form_words() -> frozenset[str]:
    """The names of all sections and fields that form.toml has words for."""
    kept = tomllib.loads(files("shared").joinpath("form.toml").read_text(encoding="utf-8"))
    return frozenset((*kept["sections"], *kept["fields"]))


class UnknownProgrammeError(KeyError):
    """Raised where a round or request names a programme that does not ship."""


def parse(text: str) -> Programme:
    """Read a programme file. Raises ValueError that names every mistake and where it is."""
    return Programme.model_validate(tomllib.loads(text))


def available() -> tuple[str, ...]:
    """The keys of the programmes that ship, sorted."""
    folder = files("shared").joinpath("programmes")
    return tuple(sorted(name.removesuffix(".toml") for name in (f.name for f in folder.iterdir()) if ".toml" in name))


@cache
def load(key: str) -> Programme:
    """The programme edition with this key. Raises UnknownProgrammeError."""
    if key not in available():
        raise UnknownProgrammeError(key)
    text = files("shared").joinpath("programmes", f"{key}.toml").read_text(encoding="utf-8")
    return parse(text)
