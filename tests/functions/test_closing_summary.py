"""The closing summary shows what the round came to, and that nothing is missing, from certificate and rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.summarise.closing import MOST_LISTED, compose
from shared import totals
from shared.applications import Application, Outcome
from shared.aws.messages import subject_line
from shared.letters import Letter
from shared.submissions import Submission, root_hash
from tests.builders.texts import (
    a_refusal,
    a_round,
    a_submission,
    a_version,
    an_application,
    as_sent,
    association,
    golden,
    joint_body,
    municipality,
    partnership,
    region,
    too_wide,
    village_stage,
)

PARTNERSHIP = partnership()
APPLICATIONS = [
    an_application("7K3M9QXRC", a_version(requested=850_000)),
    an_application(
        "2B4KD7W1A",
        a_version(
            2,
            applicant=region("05"),
            title="Jämlik cancervård",
            core_areas=("equity", "accountability"),
            partners=({"name": "Uasin Gishu", "country": "KE"},),
            requested=1_360_000,
        ),
    ),
    an_application(
        "9D5TESTA1",
        a_version(
            applicant=municipality("1407"),
            title="Kustkommuner i dialog",
            core_areas=("participation",),
            partners=({"name": "Ohrid", "country": "MK"},),
            requested=450_000,
        ),
    ),
    an_application("6JB0DY001", a_version(applicant=joint_body(), title="Norrsken över gränsen", requested=500_000)),
    an_application("5HW1THDR1", a_version(applicant=municipality("0125")), withdrawn_at=a_version().arrived_at),
    an_application("3JJREFUS1", refused=a_refusal()),
    an_application("4KKDRAFT1"),
    an_application("4KKDRAFT2", turned_away_at=a_version().arrived_at),
]
SUBMISSIONS = [
    *(a_submission(application.id, Outcome.ACCEPTED) for application in APPLICATIONS[:5]),
    a_submission("2B4KD7W1A", Outcome.ACCEPTED, submission="S2"),
    a_submission("3JJREFUS1", Outcome.REJECTED),
    a_submission("3JJREFUS1", Outcome.REJECTED, submission="S2"),
    a_submission("7K3M9QXRC", Outcome.DUPLICATE, submission="S2"),
    a_submission("4KKDRAFT2", Outcome.LATE),
]


def a_certificate(
    applications: Sequence[Application] = APPLICATIONS, submissions: Sequence[Submission] = SUBMISSIONS
) -> dict[str, Any]:
    counted = totals.as_json(totals.recount(applications, [one.outcome for one in submissions]))
    return {
        "objects": len(submissions),
        "outcomes": counted["outcomes"],
        "missing": 0,
        "totals": counted,
        "root": root_hash(submissions),
        "certified_at": "2019-10-15T22:20:00Z",
    }


LETTERS: dict[str, Callable[[str], Letter]] = {
    "closing": lambda language: compose(a_round(), PARTNERSHIP, a_certificate(), APPLICATIONS, language),
    "closing-gone": lambda language: compose(
        a_round(), PARTNERSHIP, a_certificate() | {"objects": 8}, APPLICATIONS, language
    ),
    "closing-empty": lambda language: compose(a_round(), PARTNERSHIP, a_certificate([], []), [], language),
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_summaries_read_as_agreed(name: str, language: str) -> None:
    assert as_sent(LETTERS[name](language)) == golden(f"{name}.{language}.txt")


def lines(letter: Letter) -> list[str]:
    return letter.text.replace("\u00a0", " ").split("\n")


def test_missing_uploads_are_told_first() -> None:
    letter = compose(a_round(), PARTNERSHIP, a_certificate() | {"missing": 2}, APPLICATIONS, "sv")
    assert letter.subject.startswith("Stängd med 4 ansökningar, 2 saknas:")
    assert lines(letter)[3].startswith("2 saknas. ")
    assert "Inget saknas" not in letter.text


def test_deleted_uploads_are_told_first_and_nothing_is_said_not_to_be_missing() -> None:
    certificate = a_certificate() | {"objects": len(SUBMISSIONS) - 1}
    letter = compose(a_round(), PARTNERSHIP, certificate, APPLICATIONS, "en")
    assert letter.subject.startswith("Closed with 4 applications, 1 gone from storage:")
    assert lines(letter)[3].startswith("1 gone from storage. ")
    assert "missing" not in letter.text


def test_a_list_that_does_not_add_up_to_the_certified_totals_is_told_before_anything_else() -> None:
    letter = compose(a_round(), PARTNERSHIP, a_certificate(), APPLICATIONS[1:], "sv")
    told = " ".join(lines(letter))
    assert (
        "OBS! Listan nedan summerar till 2 310 000 kronor i 3 ansökningar, vilket inte stämmer med de räknade"
        " summorna. Fatta inga beslut innan det är utrett."
    ) in told
    assert told.index("OBS!") < told.index("Ansökningar Gällande:")


def test_gotland_with_two_applications_is_one_applicant() -> None:
    both = [
        an_application("AAAAAAAA1", a_version(applicant=municipality("0980"))),
        an_application("BBBBBBBB2", a_version(applicant=region("09"))),
    ]
    letter = compose(a_round(), PARTNERSHIP, a_certificate(both, []), both, "sv")
    assert "I omgången finns 2 gällande ansökningar, från 1 kommun." in " ".join(lines(letter))


def test_another_programme_has_no_countries_and_its_own_areas_and_kinds() -> None:
    application = an_application(
        "AAAAAAAA1",
        a_version(applicant=association("Tältet"), core_areas=("children",), partners=(), requested=40_000),
    )
    letter = compose(a_round(), village_stage(), a_certificate([application], []), [application], "sv")
    assert lines(letter)[1] == "Bygdescenen, Hösten 2019"
    assert "Per land" not in letter.text
    assert [line for line in lines(letter) if "1 ansökan" in line] == [
        "- barn och unga: 1 ansökan, 40 000 kronor",
        "- föreningar: 1 ansökan, 40 000 kronor",
        "- utan län (står inte i registret): 1 ansökan, 40 000 kronor",
    ]


def test_a_round_without_an_end_has_no_deadline_to_tell() -> None:
    letter = compose(a_round(closes_at=None), PARTNERSHIP, a_certificate(), APPLICATIONS, "sv")
    assert "Ansökningstiden" not in letter.text


def test_a_very_long_list_is_cut_and_the_rest_counted() -> None:
    many = [an_application(f"A{n:08}", a_version()) for n in range(MOST_LISTED + 7)]
    letter = compose(a_round(), PARTNERSHIP, a_certificate(many, []), many, "sv")
    assert "- och 7 till" in letter.text
    assert len(letter.text.encode()) < 100_000


def an_applicants_application(drawn: tuple[int, str, int]) -> Application:
    place, kind, requested = drawn
    applicant = {
        "municipality": municipality(f"25{(13, 14, 21, 80, 81, 82)[place]}"),
        "region": region(("01", "03", "04", "05", "09", "25")[place]),
        "joint-body": joint_body(number=f"22200{place}-1234"),
    }[kind]
    reference = f"{kind[0].upper()}{place}{requested:07}"
    return an_application(reference, a_version(applicant=applicant, requested=requested))


rows = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["municipality", "region", "joint-body"]), st.integers(1, 900_000)),
    max_size=20,
    unique=True,
).map(lambda drawn: [an_applicants_application(one) for one in drawn])


@given(rows)
def test_the_list_adds_up_to_the_sum_that_is_told(applications: list[Application]) -> None:
    letter = compose(a_round(), PARTNERSHIP, a_certificate(applications, []), applications, "en")
    listed = re.findall(r"^- .*, SEK ([\d ]+) \(", "\n".join(lines(letter)), re.MULTILINE)
    told = re.findall(r"^Requested: SEK ([\d ]+)$", "\n".join(lines(letter)), re.MULTILINE)
    assert [sum(int(amount.replace(" ", "")) for amount in listed)] == [int(one.replace(" ", "")) for one in told]


anything = st.text(min_size=1, max_size=5000)


@given(title=anything, name=anything, round_name=anything, language=st.sampled_from(["sv", "en"]))
def test_whatever_applicants_write_lines_are_short_and_the_subject_valid(
    title: str, name: str, round_name: str, language: str
) -> None:
    wild = [an_application("7K3M9QXRC", a_version(applicant=joint_body(name), title=title))]
    call = a_round(name={"sv": round_name, "en": round_name})
    letter = compose(call, PARTNERSHIP, a_certificate(wild, []), wild, language)
    assert too_wide(letter.text) == []
    assert letter.subject == subject_line(letter.subject)
