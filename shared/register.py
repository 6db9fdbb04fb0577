"""Who can apply by code: Sweden's 290 municipalities and 21 regions, each with the position of its seat.

Data: register_municipalities.csv and register_regions.csv, whose first lines name source, date and licence.
They are written by infrastructure/register/rebuild.py and not edited by hand.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

MUNICIPALITY = "municipality"
REGION = "region"

# Gotland has no region beside its municipality: one organisation does the work of both, and must count once.
_IDENTITY_OF_REGION = {"09": "SE-0980"}


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A municipality or region. Degrees are WGS 84, north and east.

    `name` is bare: 'Ekerö', not 'Ekerö kommun'; a region's is its full name. `identity` is the organisation:
    count distinct applicants by it, because Gotland has two entries and one identity. A municipality stands
    at its seat, a region at the residence city of its county.
    """

    kind: str
    code: str
    name: str
    identity: str
    county: str
    county_name: str
    latitude: float
    longitude: float


def find(kind: str, code: str) -> RegisterEntry | None:
    """The entry under exactly this code: four digits for 'municipality', two (the county's) for 'region'."""
    return _by_code().get((kind, code))


@cache
def entries() -> tuple[RegisterEntry, ...]:
    """All 311 entries: municipalities by code, then regions by code. They are 310 applicants."""
    counties = {row["code"]: row["county_name"] for row in _rows("register_regions.csv")}
    municipalities = (
        _entry(MUNICIPALITY, row, f"SE-{row['code']}", counties) for row in _rows("register_municipalities.csv")
    )
    regions = (
        _entry(REGION, row, _IDENTITY_OF_REGION.get(row["code"], f"SE-L{row['code']}"), counties)
        for row in _rows("register_regions.csv")
    )
    return (*municipalities, *regions)


def county_name(code: str) -> str | None:
    """The name of the county with these two digits. Example: '05' -> 'Östergötlands län'"""
    region = find(REGION, code)
    return region.county_name if region else None


@cache
def _by_code() -> Mapping[tuple[str, str], RegisterEntry]:
    return {(entry.kind, entry.code): entry for entry in entries()}


def _entry(kind: str, row: Mapping[str, str], identity: str, counties: Mapping[str, str]) -> RegisterEntry:
    county = row["code"][:2]
    return RegisterEntry(
        kind=kind,
        code=row["code"],
        name=row["name"],
        identity=identity,
        county=county,
        county_name=counties[county],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    lines = files("shared").joinpath(name).read_text(encoding="utf-8").splitlines()
    return csv.DictReader(line for line in lines if not line.startswith("#"))
