"""The list's columns: what they are called, what stands in them, how wide they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infrastructure.operator.names import Names
from shared.register import county_name
from shared.wording import either, swedish_order

SEPARATOR = "; "
"""Between core areas and between countries, so that a formula can tell one from the next."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `name` is what the service calls it, `range` what formulas call it; `width` is in characters."""

    name: str
    sv: str
    en: str
    width: float
    kind: Literal["text", "kronor", "number", "decision", "amount", "motivation"] = "text"
    range: tuple[str, str] | None = None

    def heading(self, language: str) -> str:
        """What stands above it."""
        return either(language, self.sv, self.en)

    @property
    def is_open(self) -> bool:
        """Whether staff fill it in; all others are facts."""
        return self.kind in ("decision", "amount", "motivation")


COLUMNS = (
    Column("reference", "Beteckning", "Reference", 13, range=("Beteckning", "Reference")),
    Column("applicant", "Sökande", "Applicant", 19),
    Column("kind", "Slag", "Kind", 12, range=("Slag", "Kind")),
    Column("county", "Län", "County", 15, range=("Län", "County")),
    Column("title", "Projekt", "Project", 34),
    Column("type", "Typ", "Type", 13),
    Column("core_areas", "Kärnområden", "Core areas", 20, range=("Kärnområden", "Core_areas")),
    Column("partners", "Partner", "Partners", 20),
    Column("countries", "Länder", "Countries", 13, range=("Länder", "Countries")),
    Column("starts", "Start", "Starts", 9),
    Column("years", "År", "Years", 6, "number"),
    Column("requested", "Sökt (kr)", "Requested (SEK)", 12, "kronor", ("Sökt", "Requested")),
    Column("decision", "Beslut", "Decision", 10, "decision", ("Beslut", "Decision")),
    Column("amount", "Belopp (kr)", "Amount (SEK)", 12, "amount", ("Belopp", "Amount")),
    Column("motivation", "Motivering", "Motivation", 38, "motivation"),
    Column("version", "Version", "Version", 9, "number"),
)
PLACES = {column.name: place for place, column in enumerate(COLUMNS)}
"""Each column's place, counted from 0."""

READ = ("reference", "decision", "amount", "motivation", "version", "applicant", "title", "requested")
"""What is read back: what was decided, and the facts by which mixed-up rows are noticed."""
NEEDED = ("reference", "decision", "amount")

WORDS = {"award": ("bifall", "award"), "decline": ("avslag", "decline")}
"""The decisions in Swedish and in English. Formulas count both, since both are taken."""


def plain_heading(text: str) -> str:
    """A heading without case, spaces at its ends, and the unit in brackets."""
    words = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return re.sub(r" ?\((kr|sek)\)$", "", words)


HEADINGS = {
    plain_heading(heading): column.name
    for column in COLUMNS
    for heading in (column.sv, column.en, column.name)
    if column.name in READ
}
"""Every heading by which a column that is read is known: in Swedish, in English, and as the CSV file has it."""


def rows(listed: Mapping[str, Any], names: Names) -> list[dict[str, Any]]:
    """What stands in the list, row by row, in Swedish order of the applicants."""
    found = [_row(one, names) for one in listed["applications"]]
    return sorted(found, key=lambda row: (swedish_order(row["applicant"]), row["reference"]))


def _row(one: Mapping[str, Any], names: Names) -> dict[str, Any]:
    countries = {names.country(partner["country"]) for partner in one["partners"]}
    partners = [f"{partner['name']} ({names.country(partner['country'])})" for partner in one["partners"]]
    county = one["applicant"].get("county")
    return {
        **{name: one[name] for name in ("reference", "title", "starts", "years", "requested", "version")},
        "applicant": one["applicant"]["name"],
        "kind": names.applicant(one["applicant"]["kind"]),
        "county": (county_name(county) if county else None) or either(names.language, "utan län", "no county"),
        "type": names.type(one["type"]),
        "core_areas": SEPARATOR.join(sorted(map(names.core_area, one["core_areas"]), key=swedish_order)),
        "partners": SEPARATOR.join(partners),
        "countries": SEPARATOR.join(sorted(countries, key=swedish_order)),
        "decision": either(names.language, *WORDS[one["decision"]]) if one["decision"] else "",
        "amount": one["amount"],
        "motivation": one["motivation"],
    }
