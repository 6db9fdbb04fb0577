"""Awards as CSV, and what its columns mean: W3C's CSV on the Web metadata, which tools and people read alike."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared import register
from shared.results import addresses
from shared.results.identifiers import award_id, organisation_id
from shared.results.publication import Award, Publication

NAME, DICTIONARY = "awards.csv", "awards.csv-metadata.json"
_FORMULA = re.compile(r"(^|;)(?=[=+\-@\t\r])")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, CSV on the Web's data type, what it holds in both languages, and how it is filled."""

    name: str
    datatype: str
    sv: str
    en: str
    value: Callable[[Publication, Award], object]


COLUMNS: tuple[Column, ...] = (
    Column("round", "string", "Omgångens beteckning", "The round's identifier", lambda p, _: p.round_id),
    Column(
        "announcement",
        "integer",
        "Numret på det tillkännagivande som gäller; 2 eller mer betyder att omgången är rättad",
        "Number of the announcement in force; 2 or more means that the round was corrected",
        lambda p, _: p.current.number,
    ),
    Column(
        "awarded",
        "date",
        "Dag då bidraget först tillkännagavs",
        "Day on which the award was first announced",
        lambda p, a: p.awarded_on(a.reference),
    ),
    Column("reference", "string", "Ansökans referens", "The application's reference", lambda _, a: a.reference),
    Column(
        "award_id",
        "string",
        "Bidragets identitet i IATI och 360Giving",
        "The award's identifier in IATI and 360Giving",
        lambda p, a: award_id(p.programme, a),
    ),
    Column(
        "grantee_id",
        "string",
        "Mottagarens identitet: SE-ON- och organisationsnummer, eller X-ANSLAG-SE- och SCB:s kod (L före länskod)",
        "The grantee's identifier: SE-ON- and organisation number, or X-ANSLAG-SE- and Statistics Sweden's code (L"
        " before a county's)",
        lambda _, a: organisation_id(a.grantee),
    ),
    Column("grantee", "string", "Mottagarens namn", "The grantee's name", lambda _, a: a.grantee.name),
    Column(
        "grantee_kind",
        "string",
        "Slag av mottagare, enligt programmet",
        "Kind of grantee, as the programme names it",
        lambda _, a: a.grantee.kind,
    ),
    Column(
        "county",
        "string",
        "Mottagarens län; tomt där det inte är känt",
        "The grantee's county; empty where it is not known",
        lambda _, a: register.county_name(a.grantee.county) if a.grantee.county else "",
    ),
    Column("title", "string", "Projektets namn", "The project's title", lambda _, a: a.title),
    Column("type", "string", "Typ av ansökan", "Type of application", lambda _, a: a.type),
    Column(
        "core_areas",
        "string",
        "Kärnområden, åtskilda av semikolon",
        "Core areas, separated by semicolons",
        lambda _, a: ";".join(a.core_areas),
    ),
    Column(
        "partners",
        "string",
        "Partner, åtskilda av semikolon",
        "Partners, separated by semicolons",
        lambda _, a: ";".join(name.replace(";", ",") for name, _ in a.partners),
    ),
    Column(
        "partner_countries",
        "string",
        "Varje partners land i samma ordning: ISO 3166-1, två bokstäver (XK är Kosovo)",
        "Each partner's country in the same order: ISO 3166-1, two letters (XK is Kosovo)",
        lambda _, a: ";".join(code for _, code in a.partners),
    ),
    Column(
        "amount_sek",
        "integer",
        "Beviljat belopp för hela projektet, i hela kronor",
        "Amount awarded for the whole project, in whole Swedish kronor",
        lambda _, a: a.amount,
    ),
    Column(
        "starts", "gYearMonth", "Månad då projektet börjar", "Month in which the project starts", lambda _, a: a.starts
    ),
    Column("years", "integer", "Projektets längd i år", "The project's length in years", lambda _, a: a.years),
)


def awards_csv(publication: Publication) -> str:
    """One row for each award in force: commas, CRLF, UTF-8 as W3C has it.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, also behind a semicolon, at which
    a Swedish spreadsheet begins another cell; the dictionary says so.
    """
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(column.name for column in COLUMNS)
    for award in publication.awards:
        rows.writerow(_cell(column.value(publication, award)) for column in COLUMNS)
    return out.getvalue()


def _cell(value: object) -> str:
    return _FORMULA.sub(r"\1'", str(value))


def dictionary(publication: Publication, address: str) -> str:
    """The data dictionary, next to the file and named after it as CSV on the Web asks."""
    name = publication.programme.name
    described: Mapping[str, Any] = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{address}/{addresses.data(publication.round_id, NAME)}",
        "dc:title": [
            {"@value": f"{name.sv}, {publication.name['sv']}: beviljade bidrag", "@language": "sv"},
            {"@value": f"{name.en}, {publication.name['en']}: grants awarded", "@language": "en"},
        ],
        "dc:license": {"@id": publication.programme.open_data.licence},
        "rdfs:comment": "Where a spreadsheet would take a text for a formula, or what follows a semicolon in it, an "
        "apostrophe stands before it.",
        "dialect": {"encoding": "utf-8", "delimiter": ",", "lineTerminators": ["\r\n"], "header": True},
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "datatype": column.datatype,
                    "dc:description": [
                        {"@value": column.sv, "@language": "sv"},
                        {"@value": column.en, "@language": "en"},
                    ],
                }
                for column in COLUMNS
            ],
            "primaryKey": "reference",
        },
    }
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"
