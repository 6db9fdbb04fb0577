"""The register holds every municipality and region of Sweden once, each where it belongs."""

from __future__ import annotations

import unicodedata
from importlib.resources import files

import pytest

from shared.register import RegisterEntry, county_name, entries, find

COUNTIES = {
    "01", "03", "04", "05", "06", "07", "08", "09", "10", "12", "13",
    "14", "17", "18", "19", "20", "21", "22", "23", "24", "25",
}  # fmt: skip

DECEMBER_2019 = (
    "0125", "1780", "1781", "2481", "1493", "2581", "1081", "2480", "0765", "1407",
)  # fmt: skip


def municipalities() -> list[RegisterEntry]:
    return [entry for entry in entries() if entry.kind == "municipality"]


def regions() -> list[RegisterEntry]:
    return [entry for entry in entries() if entry.kind == "region"]


def municipality(code: str) -> RegisterEntry:
    found = find("municipality", code)
    assert found is not None
    return found


def test_there_are_290_municipalities_and_21_regions() -> None:
    assert (len(municipalities()), len(regions()), len(entries())) == (290, 21, 311)


def test_an_entry_says_everything_about_a_municipality() -> None:
    assert find("municipality", "2581") == RegisterEntry(
        kind="municipality",
        code="2581",
        name="Piteå",
        identity="SE-2581",
        county="25",
        county_name="Norrbottens län",
        latitude=65.31717,
        longitude=21.47944,
    )


def test_an_entry_says_everything_about_a_region() -> None:
    assert find("region", "05") == RegisterEntry(
        kind="region",
        code="05",
        name="Region Östergötland",
        identity="SE-L05",
        county="05",
        county_name="Östergötlands län",
        latitude=58.41086,
        longitude=15.62157,
    )


def test_every_entry_is_found_under_its_own_kind_and_code() -> None:
    assert [find(entry.kind, entry.code) for entry in entries()] == list(entries())


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("municipality", "9999"),
        ("municipality", "125"),
        ("municipality", " 0125"),
        ("municipality", "05"),
        ("municipality", ""),
        ("region", "5"),
        ("region", "02"),
        ("region", "0125"),
        ("joint-body", "0125"),
    ],
)
def test_what_is_not_a_code_of_that_kind_is_not_found(kind: str, code: str) -> None:
    assert find(kind, code) is None


def test_codes_are_strings_of_four_and_two_digits() -> None:
    assert {(len(entry.code), entry.code.isdecimal()) for entry in municipalities()} == {(4, True)}
    assert {(len(entry.code), entry.code.isdecimal()) for entry in regions()} == {(2, True)}


def test_there_is_one_region_for_each_of_the_21_counties() -> None:
    assert {entry.code for entry in regions()} == COUNTIES


def test_a_municipality_lies_in_the_county_that_its_code_begins_with() -> None:
    assert {entry.code: entry.county for entry in entries()} == {entry.code: entry.code[:2] for entry in entries()}
    assert {entry.county for entry in municipalities()} == COUNTIES


def test_municipalities_and_regions_agree_on_the_names_of_counties() -> None:
    assert [entry.county_name for entry in entries()] == [county_name(entry.county) for entry in entries()]
    assert len({entry.county_name for entry in entries()}) == len(COUNTIES)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("01", "Stockholms län"),
        ("14", "Västra Götalands län"),
        ("23", "Jämtlands län"),
        ("25", "Norrbottens län"),
        ("02", None),
        ("2581", None),
    ],
)
def test_a_county_has_a_name_and_a_gap_in_the_codes_has_none(code: str, name: str | None) -> None:
    assert county_name(code) == name


def test_no_two_entries_share_a_name() -> None:
    assert len({entry.name for entry in entries()}) == len(entries())


def test_names_are_composed_and_bare() -> None:
    names = [name for entry in entries() for name in (entry.name, entry.county_name)]
    assert [unicodedata.normalize("NFC", name).strip() for name in names] == names
    assert [entry.name for entry in municipalities() if entry.name.endswith((" kommun", " stad"))] == []


def test_regions_bear_their_own_names() -> None:
    assert [entry.name for entry in regions()] == [
        "Region Stockholm",
        "Region Uppsala",
        "Region Sörmland",
        "Region Östergötland",
        "Region Jönköpings län",
        "Region Kronoberg",
        "Region Kalmar län",
        "Region Gotland",
        "Region Blekinge",
        "Region Skåne",
        "Region Halland",
        "Västra Götalandsregionen",
        "Region Värmland",
        "Region Örebro län",
        "Region Västmanland",
        "Region Dalarna",
        "Region Gävleborg",
        "Region Västernorrland",
        "Region Jämtland Härjedalen",
        "Region Västerbotten",
        "Region Norrbotten",
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("2023", "Malung-Sälen"),
        ("0331", "Heby"),
        ("0330", "Knivsta"),
        ("0140", "Nykvarn"),
        ("0114", "Upplands Väsby"),
    ],
)
def test_names_and_codes_are_those_in_force(code: str, name: str) -> None:
    assert municipality(code).name == name


def test_gotland_is_one_applicant_with_two_entries() -> None:
    one, other = find("municipality", "0980"), find("region", "09")
    assert one is not None
    assert other is not None
    assert (one.name, other.name) == ("Gotland", "Region Gotland")
    assert (one.identity, other.identity) == ("SE-0980", "SE-0980")
    assert (one.latitude, one.longitude) == (other.latitude, other.longitude)


def test_every_other_entry_is_an_applicant_of_its_own() -> None:
    expected = {f"SE-{entry.code}" for entry in municipalities()} | {f"SE-L{code}" for code in COUNTIES - {"09"}}
    assert {entry.identity for entry in entries()} == expected
    assert len(expected) == 310


# Degrees to two decimals, from general knowledge of the map and not from the register's source.
@pytest.mark.parametrize(
    ("code", "latitude", "longitude"),
    [
        pytest.param("0180", 59.33, 18.07, id="Stockholm"),
        pytest.param("1480", 57.71, 11.97, id="Göteborg"),
        pytest.param("1280", 55.61, 13.00, id="Malmö"),
        pytest.param("0380", 59.86, 17.64, id="Uppsala"),
        pytest.param("0580", 58.41, 15.62, id="Linköping"),
        pytest.param("1880", 59.27, 15.21, id="Örebro"),
        pytest.param("1980", 59.61, 16.55, id="Västerås"),
        pytest.param("1283", 56.05, 12.70, id="Helsingborg"),
        pytest.param("0680", 57.78, 14.16, id="Jönköping"),
        pytest.param("2281", 62.39, 17.31, id="Sundsvall"),
        pytest.param("2180", 60.67, 17.14, id="Gävle"),
        pytest.param("0780", 56.88, 14.81, id="Växjö"),
        pytest.param("1380", 56.67, 12.86, id="Halmstad"),
        pytest.param("2580", 65.58, 22.15, id="Luleå"),
        pytest.param("2380", 63.18, 14.64, id="Östersund"),
        pytest.param("0980", 57.64, 18.30, id="Gotland: Visby"),
        pytest.param("2584", 67.86, 20.23, id="Kiruna"),
        pytest.param("1286", 55.43, 13.82, id="Ystad"),
        pytest.param("1287", 55.38, 13.16, id="Trelleborg"),
        pytest.param("2583", 65.84, 24.14, id="Haparanda"),
        pytest.param("1486", 58.94, 11.17, id="Strömstad"),
        pytest.param("0125", 59.29, 17.81, id="Ekerö"),
        pytest.param("1780", 59.38, 13.50, id="Karlstad"),
        pytest.param("1781", 59.31, 14.11, id="Kristinehamn"),
        pytest.param("2481", 64.60, 18.67, id="Lycksele"),
        pytest.param("1493", 58.71, 13.82, id="Mariestad"),
        pytest.param("2581", 65.32, 21.48, id="Piteå"),
        pytest.param("1081", 56.21, 15.28, id="Ronneby"),
        pytest.param("2480", 63.83, 20.26, id="Umeå"),
        pytest.param("0765", 56.55, 14.14, id="Älmhult"),
        pytest.param("1407", 57.71, 11.65, id="Öckerö"),
        pytest.param("0305", 59.57, 17.53, id="Håbo: Bålsta, not Habo"),
        pytest.param("0643", 57.91, 14.08, id="Habo"),
        pytest.param("0117", 59.48, 18.30, id="Österåker: Åkersberga"),
        pytest.param("0139", 59.48, 17.75, id="Upplands-Bro: Kungsängen"),
        pytest.param("0140", 59.18, 17.43, id="Nykvarn, not its namesake at sea"),
        pytest.param("2062", 61.01, 14.54, id="Mora, not its namesake"),
        pytest.param("2321", 63.35, 13.46, id="Åre: Järpen"),
        pytest.param("2326", 62.77, 14.44, id="Berg: Svenstavik, not Berg in Östergötland"),
        pytest.param("0191", 59.62, 17.85, id="Sigtuna: Märsta"),
        pytest.param("1446", 58.54, 14.51, id="Karlsborg"),
        pytest.param("1884", 59.52, 15.04, id="Nora"),
        pytest.param("2418", 65.18, 18.74, id="Malå"),
        pytest.param("1470", 58.26, 12.95, id="Vara"),
        pytest.param("1715", 59.50, 13.32, id="Kil"),
    ],
)
def test_a_municipality_stands_at_its_seat(code: str, latitude: float, longitude: float) -> None:
    found = municipality(code)
    assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=0.03)


@pytest.mark.parametrize(
    ("region", "residence"),
    [
        ("05", "0580"),
        ("04", "0480"),
        ("12", "1280"),
        ("14", "1480"),
        ("20", "2080"),
        ("22", "2280"),
        ("24", "2480"),
    ],
)
def test_a_region_stands_at_the_residence_city_of_its_county(region: str, residence: str) -> None:
    found, city = find("region", region), municipality(residence)
    assert found is not None
    assert (found.latitude, found.longitude) == (city.latitude, city.longitude)


def test_every_entry_lies_inside_sweden() -> None:
    outside = [
        entry.name
        for entry in entries()
        if not (55.33 <= entry.latitude <= 69.07 and 10.95 <= entry.longitude <= 24.17)
    ]
    assert outside == []


def test_no_two_municipalities_stand_at_one_place() -> None:
    assert len({(entry.latitude, entry.longitude) for entry in municipalities()}) == 290


def test_the_outermost_municipalities_are_the_ones_on_the_map() -> None:
    by_latitude = sorted(municipalities(), key=lambda entry: entry.latitude)
    by_longitude = sorted(municipalities(), key=lambda entry: entry.longitude)
    assert [entry.name for entry in (*by_latitude[:2], by_latitude[-1])] == ["Trelleborg", "Ystad", "Kiruna"]
    assert [by_longitude[0].name, by_longitude[-1].name] == ["Strömstad", "Haparanda"]


def test_the_round_of_december_2019_reaches_from_pitea_to_ronneby() -> None:
    round_of_2019 = [*map(municipality, DECEMBER_2019), find("region", "05")]
    known = sorted((entry for entry in round_of_2019 if entry), key=lambda entry: entry.latitude)
    assert (len(known), known[-1].name, known[0].name) == (11, "Piteå", "Ronneby")


@pytest.mark.parametrize("name", ["register_municipalities.csv", "register_regions.csv"])
def test_the_data_says_where_it_comes_from(name: str) -> None:
    head = files("shared").joinpath(name).read_text(encoding="utf-8").split("\ncode,")[0]
    assert [word for word in ("GeoNames", "CC BY 4.0", "kommunkoder", "MIT", "2026-") if word not in head] == []


def test_the_data_is_small() -> None:
    names = ("register_municipalities.csv", "register_regions.csv")
    assert sum(len(files("shared").joinpath(name).read_bytes()) for name in names) < 20_000
