"""The announcement is computed from the awards alone, and reads well for one grant and for many."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.announce.announcement import (
    Announcement,
    Award,
    compose,
)
from functions.announce.correcting import correction
from shared.applicants import Applicant
from shared.letters import Letter
from shared.programme import Programme
from tests.builders.texts import (
    a_round,
    an_award,
    as_sent,
    association,
    december_2019,
    golden,
    joint_body,
    municipality,
    partnership,
    region,
    some_facts,
    village_stage,
)

PARTNERSHIP, VILLAGE_STAGE = partnership(), village_stage()
SPRING = datetime(2020, 2, 14, 23, 0, 0, tzinfo=UTC)
NOW = datetime(2019, 12, 12, 9, 0, 0, tzinfo=UTC)
PITEA, UMEA, RONNEBY = municipality("2581"), municipality("2480"), municipality("1081")


def announced(awards: Sequence[Award], programme: Programme = PARTNERSHIP, number: int = 1) -> Announcement:
    return compose(a_round(), programme, awards, number, NOW)


def plays(*names: str) -> list[Award]:
    """Awards of the village stage."""
    return [
        an_award(
            association(name, f"8024{place:02}-1234"),
            40_000,
            f"PLAY{place:05}",
            title=f"Pjäs {place}",
            type="production",
            core_areas=("children",),
            partners=(),
            starts="2026-06",
            years=1,
        )
        for place, name in enumerate(names)
    ]


def three_for_umea() -> list[Award]:
    titles = ("Öppna beslut", "Algoritmer i det öppna", "Budget för alla")
    return [an_award(UMEA, 300_000 + 50_000 * n, f"UMEA0000{n}", title=title) for n, title in enumerate(titles)]


def corrected_december() -> Announcement:
    """Of three awards one is lowered, one taken back, one added."""
    reason = {
        "sv": "Två belopp hade bytt plats, och ett bidrag beviljades en kommun som redan hade tackat nej.",
        "en": "Two amounts had changed places, and a grant was awarded to a municipality that had declined it.",
    }
    pitea, umea = an_award(PITEA, 1_234_000), an_award(UMEA, 500_000, "UMEA00000", title="Budget för alla")
    ronneby = an_award(RONNEBY, 450_000, "RONNEBY00", title="Allas plats på torget")
    after = [an_award(PITEA, 1_134_000), ronneby]
    return compose(a_round(), PARTNERSHIP, after, 2, NOW, correction(reason, [pitea, umea], after))


LETTERS: dict[str, Callable[[str], Letter]] = {
    "announcement-december-2019": lambda language: announced(december_2019()).texts[language],
    "announcement-one-grant": lambda language: announced([an_award(PITEA, 1_234_000)]).texts[language],
    "announcement-several-for-one": lambda language: announced([*three_for_umea(), *december_2019()[:1]]).texts[
        language
    ],
    "announcement-next-round": lambda language: compose(
        a_round(),
        PARTNERSHIP,
        [an_award(PITEA, 1_234_000)],
        1,
        NOW,
        next_round=a_round(id="2020-spring", name={"sv": "Våren 2020", "en": "Spring 2020"}, opens_at=SPRING),
        address="https://bidrag.example",
    ).texts[language],
    "announcement-none": lambda language: announced([]).texts[language],
    "announcement-village-stage": lambda language: announced(
        plays("Östra teaterföreningen", "Åkers revy", "Älvdalens amatörteater"), VILLAGE_STAGE
    ).texts[language],
    "announcement-correction": lambda language: corrected_december().texts[language],
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_announcements_read_as_agreed(name: str, language: str) -> None:
    assert as_sent(LETTERS[name](language)) == golden(f"{name}.{language}.txt")


def told(awards: Sequence[Award], language: str = "sv", programme: Programme = PARTNERSHIP) -> str:
    """The text without our line breaks and no-break spaces, for looking for sentences."""
    return " ".join(announced(awards, programme).texts[language].text.replace("\u00a0", " ").split())


def list_lines(text: str) -> list[str]:
    return [line.removeprefix("- ") for line in text.replace("\u00a0", " ").split("\n") if line.startswith("- ")]


# --- the round of December 2019, as ICLD told it -----------------------------------------------------------------


def test_december_2019_has_icld_s_grantees_in_icld_s_order() -> None:
    lines = list_lines(announced(december_2019()).texts["sv"].text)
    assert [line.split(",")[0] for line in lines] == [
        "Ekerö",
        "Karlstad",
        "Kristinehamn",
        "Lycksele",
        "Mariestad",
        "Piteå",
        "Region Östergötland",
        "Ronneby",
        "Umeå",
        "Älmhult",
        "Öckerö",
    ]


def test_december_2019_has_icld_s_total_and_reaches_from_pitea_to_ronneby() -> None:
    assert (
        "ICLD beviljar sammanlagt 10 641 000 kronor till 11 projekt inom Kommunala partnerskap. Bidragen går till"
        " 10 kommuner och 1 region, från Piteå i norr till Ronneby i söder."
    ) in told(december_2019())


def test_december_2019_is_counted_for_machines() -> None:
    assert announced(december_2019()).document["totals"] == {
        "amount": 10_641_000,
        "projects": 11,
        "grantees": 11,
        "grantees_by_kind": {"municipality": 10, "region": 1},
        "projects_by_core_area": {"participation": 6, "equity": 5, "transparency": 3, "accountability": 3},
        "countries": ["BW", "KE", "MK", "NA", "RS", "TZ", "UG", "VN", "ZA", "ZM"],
    }


# --- grammar ------------------------------------------------------------------------------------------------------


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


# --- one thing published, once ------------------------------------------------------------------------------------


def test_the_digest_covers_everything_but_the_instant() -> None:
    awards = december_2019()
    today, tomorrow = (compose(a_round(), PARTNERSHIP, awards, 1, NOW + timedelta(days=n)) for n in (0, 1))
    assert today.digest == tomorrow.digest
    assert (today.document["announced_at"], tomorrow.document["announced_at"]) == (
        "2019-12-12T09:00:00Z",
        "2019-12-13T09:00:00Z",
    )
    others = [
        announced([*awards[1:], an_award(awards[0].applicant, awards[0].amount + 1, awards[0].application)]),
        announced(awards, number=2),
        compose(a_round(name={"sv": "Hösten 2019", "en": "Fall 2019"}), PARTNERSHIP, awards, 1, NOW),
        compose(a_round(id="2019-host"), PARTNERSHIP, awards, 1, NOW),
    ]
    assert len({today.digest, *(other.digest for other in others)}) == 5


def test_the_order_of_the_awards_does_not_matter() -> None:
    awards = [*december_2019(), *three_for_umea()]
    shuffled = random.Random(3).sample(awards, len(awards))
    assert announced(shuffled) == announced(awards)


def test_an_application_cannot_be_awarded_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        announced([an_award(PITEA, 1), an_award(UMEA, 1)])


def test_an_award_takes_its_facts_from_the_application() -> None:
    assert Award.of("7K3M9QXRC", some_facts(), 800_000) == Award(
        application="7K3M9QXRC",
        applicant=PITEA,
        amount=800_000,
        title="Unga, klimat och digital dialog",
        type="project",
        core_areas=("participation", "transparency"),
        partners=(("An Giang", "VN"),),
        starts="2020-01",
        years=2,
    )


# --- whatever the awards are --------------------------------------------------------------------------------------


def drawn_applicant(drawn: tuple[str, int, str]) -> Applicant:
    kind, place, name = drawn
    if kind == "municipality":
        return municipality(("0980", "2581", "2480", "1081", "0580")[place])
    return region(("09", "05", "24", "25", "10")[place]) if kind == "region" else joint_body(name, f"22200{place}-1234")


applicants = st.tuples(
    st.sampled_from(["municipality", "region", "joint-body"]), st.integers(0, 4), st.text(min_size=1, max_size=300)
).map(drawn_applicant)
areas = st.lists(st.sampled_from([area.id for area in PARTNERSHIP.core_areas]), unique=True).map(tuple)
partners = st.lists(
    st.tuples(st.text(min_size=1, max_size=200), st.sampled_from([country.code for country in PARTNERSHIP.countries])),
    max_size=4,
).map(tuple)


@st.composite
def award_lists(draw: st.DrawFn) -> list[Award]:
    return [
        an_award(
            draw(applicants),
            draw(st.integers(1, 10**9)),
            f"A{n:08}",
            title=draw(st.text(min_size=1, max_size=5000)),
            core_areas=draw(areas),
            partners=draw(partners),
            years=draw(st.integers(1, 10)),
        )
        for n in range(draw(st.integers(0, 8)))
    ]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 10**9)), min_size=1, max_size=12),
    st.sampled_from(["sv", "en"]),
)
def test_the_rows_of_the_text_add_up_to_its_total(drawn: list[tuple[int, bool, int]], language: str) -> None:
    awards = [
        an_award(drawn_applicant(("municipality" if bare else "region", place, "")), amount, f"A{n:08}")
        for n, (place, bare, amount) in enumerate(drawn)
    ]
    text = announced(awards).texts[language].text
    grantees = amounts(list_lines(text), language)
    projects = amounts([line for line in text.split("\n") if line.startswith("  * ")], language)
    several = [
        award for award in awards if [one.applicant.identity for one in awards].count(award.applicant.identity) > 1
    ]
    assert sum(grantees) == amounts([text.split("\n\n")[1]], language)[0] == sum(award.amount for award in awards)
    assert sum(projects) == sum(award.amount for award in several)


def amounts(lines: list[str], language: str) -> list[int]:
    sum_ = r"(\d[\d ]*) kron(?:or|a)\b" if language == "sv" else r"SEK (\d[\d ]*\d|\d)"
    plain = [" ".join(line.replace("\u00a0", " ").split()) for line in lines]
    return [int(found.replace(" ", "")) for line in plain for found in re.findall(sum_, line)]
