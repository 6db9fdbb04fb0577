"""Every file that an announced round brings with it, and those that list all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from shared.results import addresses, catalogue, feed, iati, pages, table, threesixty
from shared.results.pages import Site
from shared.results.publication import LANGUAGES, Publication

HTML, CSV, XML, ATOM = "text/html", "text/csv", "application/xml", "application/atom+xml"
JSON, LINKED_DATA = "application/json", "application/ld+json"


@dataclass(frozen=True, slots=True)
class File:
    """A file: its path from the root of the pages, its media type and its text."""

    path: str
    media_type: str
    text: str


def round_files(publication: Publication, address: str, *, is_preview: bool = False) -> Iterator[File]:
    """Data first, then awards, then the pages that link to them: no link is there before what it leads to."""
    yield from _data(publication, address)
    for language in LANGUAGES:
        site = Site(language, address, is_preview)
        for award in (*publication.awards, *publication.taken_back):
            path = addresses.award_page(language, award.reference)
            yield File(path, HTML, pages.award_page(site, publication, award))
    for language in LANGUAGES:
        path = addresses.round_page(language, publication.round_id)
        yield File(path, HTML, pages.round_page(Site(language, address, is_preview), publication))


def _data(publication: Publication, address: str) -> Iterator[File]:
    told = [
        (table.NAME, CSV, table.awards_csv(publication)),
        (table.DICTIONARY, JSON, table.dictionary(publication, address)),
        (catalogue.ANNOUNCEMENT, JSON, f"{json.dumps(publication.current.document, ensure_ascii=False, indent=1)}\n"),
    ]
    if publication.has_awarded:
        told.append((threesixty.NAME, JSON, threesixty.grants(publication, address)))
        told.append((iati.NAME, XML, iati.activities(publication, address)))
    for name, media_type, text in told:
        yield File(addresses.data(publication.round_id, name), media_type, text)


def overview_files(publications: Sequence[Publication], address: str, *, is_preview: bool = False) -> Iterator[File]:
    """What lists all rounds. Raises ValueError without any."""
    schema = files("shared").joinpath("schemas", "announcement-1.json").read_text(encoding="utf-8")
    yield File(addresses.SCHEMA, JSON, schema)
    yield File(addresses.CATALOGUE, LINKED_DATA, catalogue.catalogue(publications, address))
    for language in LANGUAGES:
        site = Site(language, address, is_preview)
        yield File(addresses.feed(language), ATOM, feed.atom(publications, language, address))
        yield File(addresses.data_page(language), HTML, pages.data_page(site, publications))
        yield File(addresses.results(language), HTML, pages.results_page(site, publications))


def all_files(publications: Iterable[Publication], address: str, *, is_preview: bool = False) -> Iterator[File]:
    """Everything there is to publish."""
    announced = list(publications)
    for publication in announced:
        yield from round_files(publication, address, is_preview=is_preview)
    yield from overview_files(announced, address, is_preview=is_preview)
