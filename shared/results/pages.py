"""Pages for people: a round's result, an award, all rounds, what the data hold. Static HTML that needs no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared import register
from shared.results import addresses, catalogue, describing, figures, iati, prose, sweden, table, threesixty
from shared.results.identifiers import award_id, funder_id, organisation_id
from shared.results.publication import Award, Publication, newest_first
from shared.wording import either, kronor, listed, number, whole_day

_MOST_DESCRIPTION = 155
"""What search engines show of a description."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one language share. `address` is where they are, without a slash at the end; a preview says
    that it is one."""

    language: str
    address: str
    is_preview: bool = False

    def words(self) -> Mapping[str, Any]:
        """What templates write with."""
        other = either(self.language, "en", "sv")
        return {
            "language": self.language,
            "other": other,
            "address": self.address,
            "is_preview": self.is_preview,
            "t": lambda sv, en: either(self.language, sv, en),
            "kronor": lambda amount: kronor(amount, self.language),
            "number": number,
            "day": lambda date: whole_day(date, self.language),
            "listed": lambda items: listed(items, self.language),
            "to": addresses,
        }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _render(site: Site, template: str, path: str, facts: Mapping[str, Any]) -> str:
    """`path` is the page's own, for its canonical address and for the other language's."""
    elsewhere = f"{either(site.language, 'en', 'sv')}{path[2:]}"
    return _environment().get_template(template).render({**site.words(), **facts, "path": path, "elsewhere": elsewhere})


def round_page(site: Site, publication: Publication) -> str:
    """The result of a round."""
    language, programme, current = site.language, publication.programme, publication.current
    bodies = figures.grantees(publication)
    facts = {
        "publication": publication,
        "programme": programme,
        "announcement": current,
        "headline": prose.headline(publication, current, language),
        "paragraphs": prose.paragraphs(publication, current, language),
        "rows": [row(site, publication, award) for award in publication.awards],
        "taken_back": publication.taken_back,
        "changes": prose.changes(publication, language),
        "kinds": _kinds(publication, language),
        "core_areas": figures.by_core_area(publication, language),
        "areas_overlap": figures.counted_twice(publication, lambda award: award.core_areas),
        "countries": figures.by_country(publication, language),
        "countries_overlap": figures.counted_twice(publication, lambda award: award.countries),
        "outline": sweden.outline(),
        "width": sweden.WIDTH,
        "height": sweden.HEIGHT,
        "dots": sweden.dots(bodies),
        "unplaced": [one.name for one, _ in bodies if one.position() is None],
        "files": data_files(publication, language),
        "description": _cut(" ".join(prose.paragraphs(publication, current, language)[-2:])),
        "earlier": publication.announcements[:-1][::-1],
    }
    return _render(site, "round.html", addresses.round_page(language, publication.round_id), facts)


def _kinds(publication: Publication, language: str) -> list[tuple[str, int]]:
    """Grantees by kind, each with its noun. Example: ("kommuner", 10)"""
    found = []
    for kind, count in publication.totals["grantees_by_kind"].items():
        noun = publication.programme.kind(kind).name
        found.append((either(language, noun.sv[count != 1], noun.en[count != 1]), count))
    return found


def row(site: Site, publication: Publication, award: Award) -> Mapping[str, Any]:
    """An award as a page tells it."""
    programme, language = publication.programme, site.language
    return {
        "award": award,
        "kind": describing.kind(award.grantee, programme, language),
        "county": register.county_name(award.grantee.county) if award.grantee.county else None,
        "type": describing.type_name(award, programme, language),
        "duration": describing.duration(award, language),
        "core_areas": describing.core_areas(award, programme, language),
        "partners": describing.partners(award, programme, language),
    }


def award_page(site: Site, publication: Publication, award: Award) -> str:
    """An award, in force or taken back; its address stays."""
    programme = publication.programme
    facts = {
        **row(site, publication, award),
        "publication": publication,
        "programme": programme,
        "is_taken_back": award in publication.taken_back,
        "awarded_on": publication.awarded_on(award.reference),
        "award_id": award_id(programme, award),
        "grantee_id": organisation_id(award.grantee),
        "description": _cut(
            f"{award.grantee.name}, {kronor(award.amount, site.language)}. "
            f"{describing.described(award, programme, site.language)}"
        ),
    }
    return _render(site, "award.html", addresses.award_page(site.language, award.reference), facts)


def results_page(site: Site, publications: Iterable[Publication]) -> str:
    """All announced rounds, and totals over the years."""
    ordered = newest_first(publications)
    told = [(one, prose.headline(one, one.current, site.language)) for one in ordered]
    facts = {
        "rounds": told,
        "years": figures.by_year(ordered),
        "sums": figures.sums(ordered),
        "funders": _funders(ordered, site.language),
        "catalogue": addresses.CATALOGUE,
    }
    return _render(site, "results.html", addresses.results(site.language), facts)


def data_page(site: Site, publications: Iterable[Publication]) -> str:
    """What the data files hold, for people who want to use them."""
    ordered = newest_first(publications)
    facts = {
        "columns": table.COLUMNS,
        "programmes": {one.programme.key: one.programme for one in ordered},
        "funder_id": funder_id,
        "catalogue": addresses.CATALOGUE,
        "schema": addresses.SCHEMA,
        "rounds": [(one, data_files(one, site.language)) for one in ordered],
    }
    return _render(site, "data.html", addresses.data_page(site.language), facts)


def _funders(publications: Sequence[Publication], language: str) -> list[str]:
    return list(dict.fromkeys(one.programme.funder.in_language(language) for one in publications))


def data_files(publication: Publication, language: str) -> list[tuple[str, str, str]]:
    """Each data file's address, name and what it is for."""
    told = [
        (table.NAME, "CSV", either(language, "för kalkylprogram", "for spreadsheets")),
        (
            table.DICTIONARY,
            either(language, "Förklaring av kolumnerna", "What the columns mean"),
            either(language, "CSV on the Web, JSON", "CSV on the Web, JSON"),
        ),
        (iati.NAME, "IATI 2.03", either(language, "för biståndsdata, XML", "for development data, XML")),
        (threesixty.NAME, "360Giving", either(language, "för bidragsdata, JSON", "for grant data, JSON")),
        (
            catalogue.ANNOUNCEMENT,
            either(language, "Tillkännagivandet", "The announcement"),
            either(language, "för program, JSON", "for programs, JSON"),
        ),
    ]
    kept = [file for file in told if publication.has_awarded or file[0] not in catalogue.NONE_WITHOUT_AWARDS]
    return [(addresses.data(publication.round_id, name), title, use) for name, title, use in kept]


def _cut(text: str) -> str:
    """As much of it as search engines show, to a whole word."""
    if len(text) <= _MOST_DESCRIPTION:
        return text
    return f"{text[: _MOST_DESCRIPTION - 1].rsplit(' ', 1)[0].rstrip(',')}…"
