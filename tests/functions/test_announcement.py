"""The announcement is computed from the awards alone, and reads well for one grant and for many."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import timedelta

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
from tests.builders.texts import (
    a_round,
    an_award,
    as_sent,
    december_2019,
    golden,
    joint_body,
    municipality,
    region,
    some_facts,
)
from tests.functions.awards import (
    NOW,
    PARTNERSHIP,
    PITEA,
    RONNEBY,
    SPRING,
    UMEA,
    VILLAGE_STAGE,
    announced,
    list_lines,
    plays,
    three_for_umea,
    told,
)


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
