"""How an announcement reads: its headline, numbers, places, lists, in Swedish and English."""

from __future__ import annotations

import pytest

from functions.announce.announcement import (
    Award,
)
from tests.builders.texts import (
    an_award,
    joint_body,
    municipality,
    region,
)
from tests.functions.awards import (
    PITEA,
    RONNEBY,
    UMEA,
    VILLAGE_STAGE,
    announced,
    list_lines,
    plays,
    three_for_umea,
    told,
)


@pytest.mark.parametrize(
    ("awards", "sv", "en"),
    [
        pytest.param([], "Inga bidrag beviljas", "No grants awarded", id="none"),
        pytest.param(
            [an_award(PITEA, 450_000)], "Piteå får 450 000 kronor", "Piteå receives SEK 450 000", id="one municipality"
        ),
        pytest.param(
            [an_award(region("05"), 1_000_000)],
            "Region Östergötland får 1 miljon kronor",
            "Region Östergötland receives SEK 1 million",
            id="one region",
        ),
        pytest.param(
            three_for_umea(),
            "Umeå får 1,1 miljoner kronor till 3 projekt",
            "Umeå receives SEK 1.1 million for 3 projects",
            id="one grantee with three projects",
        ),
        pytest.param(
            [an_award(PITEA, 450_000), an_award(UMEA, 450_000, "UMEA00000")],
            "2 kommuner får dela på 900 000 kronor",
            "2 municipalities share SEK 900 000",
            id="municipalities alone",
        ),
        pytest.param(
            [an_award(PITEA, 450_000), an_award(region("05"), 450_000, "REG050000")],
            "1 kommun och 1 region får dela på 900 000 kronor",
            "1 municipality and 1 region share SEK 900 000",
            id="one of each",
        ),
        pytest.param(
            [
                an_award(PITEA, 450_000),
                an_award(region("05"), 450_000, "REG050000"),
                an_award(joint_body(), 450_000, "JB0000000"),
            ],
            "1 kommun, 1 region och 1 kommunalförbund får dela på 1,4 miljoner kronor",
            "1 municipality, 1 region and 1 association of local authorities share SEK 1.4 million",
            id="three kinds",
        ),
        pytest.param(
            [an_award(municipality("0980"), 450_000), an_award(region("09"), 550_000, "REG090000")],
            "Gotland får 1 miljon kronor till 2 projekt",
            "Gotland receives SEK 1 million for 2 projects",
            id="Gotland twice",
        ),
        pytest.param(
            [an_award(joint_body("Förbundet med det långa namnet " * 6), 450_000)],
            "1 kommunalförbund får 450 000 kronor",
            "1 association of local authorities receives SEK 450 000",
            id="a name too long for a headline",
        ),
    ],
)
def test_headlines_fit_the_number_and_kind_of_grantees(awards: list[Award], sv: str, en: str) -> None:
    texts = announced(awards).texts
    before = {"sv": "\nKommunala partnerskap, Hösten 2019\n", "en": "\nMunicipal Partnerships, Autumn 2019\n"}
    heads = [texts[language].text.split(before[language])[0] for language in ("sv", "en")]
    assert [" ".join(head.replace("\u00a0", " ").split()) for head in heads] == [sv, en]


def eleven_bodies_and_one_more() -> list[Award]:
    """Of three kinds, the last with a long name in English: 11.3 million kronor in all."""
    codes = ("2581", "1081", "1780", "1781", "2481", "1493", "2480", "0765", "1407", "0125")
    bodies = [*map(municipality, codes), region("05"), joint_body()]
    return [an_award(body, 943_000, f"B0DY000{n:02}") for n, body in enumerate(bodies)]


LONG_NAME = "Kommunalförbundet för vatten och avlopp i Norrland"


@pytest.mark.parametrize(
    ("awards", "number", "sv", "en"),
    [
        pytest.param(
            eleven_bodies_and_one_more(),
            1,
            "10 kommuner, 1 region och 1 kommunalförbund får dela på 11,3 miljoner kronor",
            "10 municipalities, 1 region and 1 association of local authorities share SEK 11.3 million",
            id="room for the kinds",
        ),
        pytest.param(
            eleven_bodies_and_one_more(),
            2,
            "Rättelse: 10 kommuner, 1 region och 1 kommunalförbund får dela på 11,3 miljoner kronor",
            "Correction: 12 grantees share SEK 11.3 million",
            id="no room for the kinds in English",
        ),
        pytest.param(
            [an_award(joint_body(LONG_NAME), 943_000, f"J0INT00{n:02}") for n in range(12)],
            2,
            "Rättelse: 1 mottagare får 11,3 miljoner kronor till 12 projekt",
            "Correction: 1 grantee receives SEK 11.3 million for 12 projects",
            id="no room for the only grantee's name",
        ),
    ],
)
def test_a_subject_has_a_whole_headline_a_shorter_one_where_the_text_s_is_too_long(
    awards: list[Award], number: int, sv: str, en: str
) -> None:
    """Services cut what is longer than a subject may be, in the middle of the sum."""
    texts = announced(awards, number=number).texts
    assert [texts[language].subject.removeprefix(before) for language, before in HEADS] == [sv, en]


HEADS = (("sv", "Kommunala partnerskap: "), ("en", "Municipal Partnerships: "))


def test_grantees_and_projects_are_two_numbers() -> None:
    awards = [*three_for_umea(), an_award(PITEA, 450_000)]
    assert (
        "ICLD beviljar sammanlagt 1 500 000 kronor till 4 projekt inom Kommunala partnerskap. Bidragen går till 2"
        " kommuner, från Piteå i norr till Umeå i söder."
    ) in told(awards)


def test_gotland_as_municipality_and_region_is_one_grantee_with_two_projects() -> None:
    awards = [
        an_award(municipality("0980"), 450_000, "G0TLAND01", title="Visby möter Kibera"),
        an_award(region("09"), 550_000, "G0TLAND02", title="Vård på lika villkor"),
        an_award(PITEA, 450_000),
    ]
    announcement = announced(awards)
    assert list_lines(announcement.texts["sv"].text) == [
        "Gotland, 1 000 000 kronor till 2 projekt",
        "Piteå, 450 000 kronor",
    ]
    assert announcement.document["totals"]["grantees_by_kind"] == {"municipality": 2}
    assert announcement.attributes["kinds"] == ["municipality", "region"]


def test_a_joint_body_has_no_place_on_the_map() -> None:
    assert "i norr" not in told([an_award(PITEA, 450_000), an_award(joint_body(), 450_000, "JB0000000")])


def test_one_municipality_is_not_its_own_south() -> None:
    assert "i norr" not in told(three_for_umea())


def test_a_city_and_its_region_are_at_one_place_and_span_nothing() -> None:
    linkoping = municipality("0580")
    both = [an_award(linkoping, 450_000), an_award(region("05"), 450_000, "REG050000")]
    assert "i norr" not in told(both)
    assert "från Linköping i norr till Ronneby i söder" in told([*both, an_award(RONNEBY, 1, "R0NNEBY00")])
    assert "från Piteå i norr till Linköping i söder" in told([*both, an_award(PITEA, 1, "P1TEA0000")])


@pytest.mark.parametrize(
    ("areas", "sv", "en"),
    [
        pytest.param([()], "", "", id="none"),
        pytest.param([("equity", "participation")], "Projektet gäller jämlikhet och inkludering samt deltagande.",
                     "The project concerns equity and inclusion, and participation.", id="one project"),
        pytest.param([("participation",)] * 2, "Samtliga projekt gäller deltagande.",
                     "All the projects concern participation.", id="all the same"),
        pytest.param([("transparency",), ("accountability",), ("accountability",)],
                     "Projekten gäller ansvarsutkrävande (2 projekt) och transparens (1).",
                     "The projects concern accountability (2 projects) and transparency (1).", id="by weight"),
        pytest.param([("transparency",), ("participation",)],
                     "Projekten gäller deltagande (1 projekt) och transparens (1).",
                     "The projects concern participation (1 project) and transparency (1).",
                     id="equal weights in the programme's order"),
        pytest.param([("transparency", "participation"), ("participation",)],
                     "Projekten gäller deltagande (2 projekt) och transparens (1). Ett projekt kan gälla flera"
                     " områden.",
                     "The projects concern participation (2 projects) and transparency (1). A project may concern"
                     " several areas.", id="overlapping"),
    ],
)  # fmt: skip
def test_core_areas_are_told_by_weight(areas: list[tuple[str, ...]], sv: str, en: str) -> None:
    awards = [an_award(PITEA, 1, f"AREA0000{n}", core_areas=own, partners=()) for n, own in enumerate(areas)]
    before = {"sv": "Piteå. ", "en": "Piteå. "}
    after = {"sv": " Beviljade bidrag", "en": " Grants awarded"}
    found = {}
    for language in ("sv", "en"):
        text = told(awards, language).replace(after[language], before[language], 1)
        found[language] = text.split(before[language])[1] if sv else ""
    assert found == {"sv": sv, "en": en}
    assert sv or "gäller" not in told(awards)


@pytest.mark.parametrize(
    ("partners", "sv", "en"),
    [
        ([("Makueni", "KE")], "Partnern finns i Kenya.", "The partner is in Kenya."),
        ([("Makueni", "KE"), ("Uasin Gishu", "KE")], "Partnerna finns i Kenya.", "The partners are in Kenya."),
        (
            [("Niš", "RS"), ("Tuzla", "BA"), ("Mombasa", "KE")],
            "Partnerna finns i Bosnien och Hercegovina, Kenya samt Serbien.",
            "The partners are in Bosnia and Herzegovina, Kenya, and Serbia.",
        ),
    ],
)
def test_partner_countries_are_named_in_order(partners: list[tuple[str, str]], sv: str, en: str) -> None:
    awards = [an_award(PITEA, 450_000, partners=tuple(partners))]
    assert sv in told(awards)
    assert en in told(awards, "en")


def test_a_programme_without_partners_does_not_speak_of_them() -> None:
    text = told(plays("Åkers revy", "Tältet"), programme=VILLAGE_STAGE)
    assert "artner" not in text
    assert "2 föreningar får dela på 80 000 kronor" in text


def test_swedish_names_stay_swedish_in_english() -> None:
    assert "The grant goes to Region Östergötland." in told([an_award(region("05"), 450_000)], "en")
