"""Awards in words, the same on pages and in data."""

from __future__ import annotations

from collections.abc import Iterable

from shared.applicants import Applicant
from shared.programme import Country, Programme
from shared.results.publication import Award
from shared.wording import counted, either, listed, month, swedish_order

_YEARS = {"sv": ("år", "år"), "en": ("year", "years")}


def kind(grantee: Applicant, programme: Programme, language: str) -> str:
    """Example: kommun"""
    noun = programme.kind(grantee.kind).name
    return either(language, noun.sv[0], noun.en[0])


def type_name(award: Award, programme: Programme, language: str) -> str:
    """Example: Projekt"""
    return {one.id: one.name for one in programme.types}[award.type].in_language(language)


def core_areas(award: Award, programme: Programme, language: str) -> list[str]:
    """The names of its core areas, in the programme's order."""
    return [area.name.in_language(language) for area in programme.core_areas if area.id in award.core_areas]


def partners(award: Award, programme: Programme, language: str) -> list[str]:
    """Example: An Giang (Vietnam)"""
    return [f"{name} ({programme.country(code).name.in_language(language)})" for name, code in award.partners]


def countries(codes: Iterable[str], programme: Programme, language: str) -> list[str]:
    """Their names, in Swedish order."""
    named: list[Country] = [programme.country(code) for code in codes]
    return sorted((country.name.in_language(language) for country in named), key=swedish_order)


def duration(award: Award, language: str) -> str:
    """Example: 2 år med start i januari 2020"""
    years = counted(award.years, _YEARS[either(language, "sv", "en")])
    start = month(award.starts, language)
    return either(language, f"{years} med start i {start}", f"{years} from {start}")


def described(award: Award, programme: Programme, language: str) -> str:
    """The award in sentences, without grantee and amount."""
    told = [f"{type_name(award, programme, language)}, {duration(award, language)}."]
    areas = core_areas(award, programme, language)
    if areas:
        told.append(f"{either(language, 'Gäller', 'Concerns')} {listed(areas, language)}.")
    names = partners(award, programme, language)
    if names:
        noun = either(language, "Partner", "Partner" if len(names) == 1 else "Partners")
        told.append(f"{noun}: {listed(names, language)}.")
    return " ".join(told)
