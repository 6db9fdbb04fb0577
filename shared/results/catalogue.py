"""What data there are, for data portals: a DCAT-AP 3 description as JSON-LD that needs nothing else to be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.instants import iso, whole_second
from shared.programme import Programme, Words
from shared.results import addresses, iati, table, threesixty
from shared.results.identifiers import funder_id
from shared.results.publication import Publication, newest_first

ANNOUNCEMENT = "announcement.json"
_EU = "http://publications.europa.eu/resource/authority"
_FILE_TYPE, _MEDIA_TYPE = f"{_EU}/file-type", "https://www.iana.org/assignments/media-types"
_LANGUAGES = [{"@id": f"{_EU}/language/SWE"}, {"@id": f"{_EU}/language/ENG"}]
_CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
NONE_WITHOUT_AWARDS = (iati.NAME, threesixty.NAME)
"""Files of standards that have no valid one without an award."""
_FILES = (
    (table.NAME, "CSV", "text/csv", "http://www.w3.org/ns/csvw", "CSV"),
    (iati.NAME, "XML", "application/xml", "http://iatistandard.org/203/", "IATI 2.03"),
    (threesixty.NAME, "JSON", "application/json", "https://standard.threesixtygiving.org/", "360Giving 1.4"),
    (ANNOUNCEMENT, "JSON", "application/json", "urn:anslag:announcement:1", "urn:anslag:announcement:1"),
)


def catalogue(publications: Iterable[Publication], address: str) -> str:
    """One dataset for each announced round, the newest first. Raises ValueError without any."""
    ordered = newest_first(publications)
    if not ordered:
        raise ValueError("nothing was announced")
    newest = ordered[0].programme
    changed = max(one.current.announced_at for one in ordered)
    told = {
        "@context": _CONTEXT,
        "@id": f"{address}/{addresses.CATALOGUE}",
        "@type": "dcat:Catalog",
        "dcterms:title": [_in("sv", "Beviljade bidrag"), _in("en", "Grants awarded")],
        "dcterms:description": [
            _in("sv", "Resultatet av varje tillkännagiven ansökningsomgång som öppna data."),
            _in("en", "The result of every announced round of applications as open data."),
        ],
        "dcterms:publisher": _publisher(newest),
        "dcterms:language": _LANGUAGES,
        "dcterms:license": {"@id": newest.open_data.licence},
        "dcterms:issued": _instant(min(iso(whole_second(one.first_announced)) for one in ordered)),
        "dcterms:modified": _instant(iso(whole_second(changed))),
        "foaf:homepage": {"@id": f"{address}/{addresses.results('sv')}"},
        "dcat:dataset": [_dataset(one, address) for one in ordered],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _dataset(publication: Publication, address: str) -> Mapping[str, Any]:
    programme = publication.programme
    return {
        "@id": f"urn:anslag:round:{publication.round_id}:awards",
        "@type": "dcat:Dataset",
        "dcterms:identifier": f"urn:anslag:round:{publication.round_id}:awards",
        "dcterms:title": [_in(language, _title(publication, language)) for language in ("sv", "en")],
        "dcterms:description": [_in("sv", programme.about.sv), _in("en", programme.about.en)],
        "dcterms:publisher": _publisher(programme),
        "dcterms:issued": _instant(iso(whole_second(publication.first_announced))),
        "dcterms:modified": _instant(iso(whole_second(publication.current.announced_at))),
        "dcterms:language": _LANGUAGES,
        "dcterms:spatial": {"@id": f"{_EU}/country/SWE"},
        "dcterms:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dcat:version": str(publication.current.number),
        "dcat:theme": {"@id": f"{_EU}/data-theme/GOVE"},
        "dcat:landingPage": {"@id": f"{address}/{addresses.round_page('sv', publication.round_id)}"},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": programme.funder.sv,
            "vcard:hasEmail": {"@id": f"mailto:{programme.contact}"},
        },
        "dcat:distribution": [_distribution(publication, address, *file) for file in _files(publication)],
    }


def _files(publication: Publication) -> Iterable[tuple[str, str, str, str, str]]:
    return (file for file in _FILES if publication.has_awarded or file[0] not in NONE_WITHOUT_AWARDS)


def _title(publication: Publication, language: str) -> str:
    name, call = publication.programme.name.in_language(language), publication.name[language]
    return f"Beviljade bidrag: {name}, {call}" if language == "sv" else f"Grants awarded: {name}, {call}"


def _distribution(
    publication: Publication, address: str, name: str, file_type: str, media_type: str, standard: str, title: str
) -> Mapping[str, Any]:
    url = f"{address}/{addresses.data(publication.round_id, name)}"
    return {
        "@id": url,
        "@type": "dcat:Distribution",
        "dcterms:title": title,
        "dcterms:format": {"@id": f"{_FILE_TYPE}/{file_type}"},
        "dcat:mediaType": {"@id": f"{_MEDIA_TYPE}/{media_type}"},
        "dcat:accessURL": {"@id": url},
        "dcat:downloadURL": {"@id": url},
        "dcterms:conformsTo": {"@id": standard, "@type": "dcterms:Standard"},
        "dcterms:license": {"@id": publication.programme.open_data.licence},
    }


def _publisher(programme: Programme) -> Mapping[str, Any]:
    identifier = funder_id(programme)
    return {
        "@id": f"urn:anslag:organisation:{identifier}",
        "@type": "foaf:Agent",
        "foaf:name": _both(programme.funder),
        "dcterms:identifier": identifier,
    }


def _both(words: Words) -> list[Mapping[str, str]]:
    return [_in("sv", words.sv), _in("en", words.en)]


def _in(language: str, text: str) -> Mapping[str, str]:
    return {"@value": text, "@language": language}


def _instant(text: str) -> Mapping[str, str]:
    return {"@value": text, "@type": "xsd:dateTime"}
