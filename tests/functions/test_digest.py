"""The digest tells staff what is new, problems first, each thing in exactly one digest, and is silent otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.summarise.digest import DigestFacts, Refusals, compose, gather, has_news
from functions.summarise.readers import Readers
from shared.applications import Application, Outcome
from shared.aws.messages import subject_line
from shared.letters import Letter
from shared.problems import problem
from shared.submissions import Submission
from tests.builders.texts import (
    CLOSES,
    a_refusal,
    a_round,
    a_submission,
    a_version,
    an_application,
    as_sent,
    golden,
    joint_body,
    municipality,
    partnership,
    region,
    too_wide,
)

PARTNERSHIP = partnership()
ACCEPTED, REJECTED, LATE, DUPLICATE = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.LATE, Outcome.DUPLICATE


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2019, 10, day, hour, 0, 0, tzinfo=UTC)


SINCE, NOW = at(2), at(4)
NO_BUDGET = problem("attachment-missing", "attachments", name=PARTNERSHIP.attachments[1].name.model_dump())
ABOVE = [
    problem("above-cap-in-year", "budget", year=year, requested=600_000, cap=500_000, excess=100_000) for year in (1, 2)
]

PITEA = an_application("7K3M9QXRC", a_version(requested=850_000))
OSTERGOTLAND = an_application(
    "2B4KD7W1A", a_version(2, at(3), applicant=region("05"), title="Jämlik cancervård", requested=1_360_000)
)
OCKERO = an_application("9D5TESTA1", a_version(1, at(1), applicant=municipality("1407"), requested=450_000))
EKERO = an_application(
    "5HW1THDR1",
    a_version(1, at(1), applicant=municipality("0125"), title="Elevråd som räknas", requested=870_000),
    withdrawn_at=at(3),
)
REFUSED = an_application("3JJREFUS1", refused=a_refusal(NO_BUDGET))
DRAFT, TURNED_AWAY = an_application("4KKDRAFT1"), an_application("4KKDRAFT2", turned_away_at=at(3))
APPLICATIONS = [PITEA, OSTERGOTLAND, OCKERO, EKERO, REFUSED, DRAFT, TURNED_AWAY]
SUBMISSIONS = [
    a_submission("2B4KD7W1A", ACCEPTED, at(1)),
    a_submission("9D5TESTA1", ACCEPTED, at(1)),
    a_submission("5HW1THDR1", ACCEPTED, at(1)),
    a_submission("7K3M9QXRC", REJECTED, at(2, 13), NO_BUDGET, ABOVE[0]),
    a_submission("7K3M9QXRC", ACCEPTED, at(3)),
    a_submission("2B4KD7W1A", ACCEPTED, at(3)),
    a_submission("3JJREFUS1", REJECTED, at(3), NO_BUDGET, ABOVE[1]),
    a_submission("3JJREFUS1", REJECTED, at(3, 13), NO_BUDGET),
    a_submission("9D5TESTA1", DUPLICATE, at(3)),
    a_submission("6G6LATE01", LATE, at(3, 15)),
]


def gathered(
    applications: Sequence[Application] = APPLICATIONS,
    submissions: Sequence[Submission] = SUBMISSIONS,
    since: datetime = SINCE,
    now: datetime = NOW,
    missing: Sequence[str] = (),
    vanished: Sequence[str] = (),
    dead_letters: int = 0,
) -> DigestFacts:
    told = (applications, submissions, since, now, missing)
    return gather(a_round(), PARTNERSHIP, *told, vanished=vanished, dead_letters=dead_letters)


def test_everything_that_happened_is_gathered_once() -> None:
    assert gathered(missing=["9D5TESTA1", "7K3M9QXRC"], vanished=["2B4KD7W1A"], dead_letters=1) == DigestFacts(
        since=SINCE,
        until=NOW,
        missing=("7K3M9QXRC", "9D5TESTA1"),
        vanished=("2B4KD7W1A",),
        dead_letters=1,
        new=(PITEA,),
        changed=(OSTERGOTLAND,),
        withdrawn=(EKERO,),
        rejected=3,
        unmended=("3JJREFUS1",),
        refusals=(Refusals(3, NO_BUDGET, alike=True), Refusals(2, ABOVE[0], alike=False)),
        late=("6G6LATE01",),
        turned_away=1,
        standing=3,
        applicants={"municipality": 2, "region": 1},
        requested=2_660_000,
        drafts=2,
        left=timedelta(days=11, hours=9, minutes=59, seconds=59),
    )


ABSENT = Readers(pending=("bertil@funder.example",), gone=(("anna@funder.example", SINCE),))
LETTERS: dict[str, Callable[[str], Letter]] = {
    "digest-readers": lambda language: compose(
        gather(a_round(), PARTNERSHIP, [], [], SINCE, CLOSES - timedelta(days=6), [], readers=ABSENT),
        a_round(),
        PARTNERSHIP,
        language,
    ),
    "digest": lambda language: compose(gathered(), a_round(), PARTNERSHIP, language),
    "digest-missing": lambda language: compose(
        gathered([OCKERO], [], missing=["9D5TESTA1", "7K3M9QXRC"], dead_letters=1), a_round(), PARTNERSHIP, language
    ),
}
LETTERS["digest-vanished"] = lambda language: compose(
    gathered([OCKERO], [], vanished=["9D5TESTA1", "7K3M9QXRC"]), a_round(), PARTNERSHIP, language
)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_digests_read_as_agreed(name: str, language: str) -> None:
    assert as_sent(LETTERS[name](language)) == golden(f"{name}.{language}.txt")


def test_there_is_no_news_where_nothing_happened() -> None:
    assert not has_news(gathered(since=NOW, now=at(5)))


def test_a_duplicate_and_a_draft_are_no_news() -> None:
    assert not has_news(gathered([DRAFT, OCKERO], [a_submission("9D5TESTA1", DUPLICATE, at(3))]))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(gathered([], [], missing=["7K3M9QXRC"]), id="missing"),
        pytest.param(gathered([], [], vanished=["7K3M9QXRC"]), id="vanished"),
        pytest.param(gathered([], [], dead_letters=1), id="stuck"),
        pytest.param(gathered([PITEA], [a_submission("7K3M9QXRC", ACCEPTED, at(3))]), id="new"),
        pytest.param(gathered([EKERO], []), id="withdrawn"),
        pytest.param(gathered([REFUSED], [a_submission("3JJREFUS1", REJECTED, at(3), NO_BUDGET)]), id="rejected"),
        pytest.param(gathered([REFUSED], [a_submission("3JJREFUS1", LATE, at(3))]), id="late"),
        pytest.param(gathered([TURNED_AWAY], []), id="turned away"),
    ],
)
def test_whatever_staff_need_to_know_is_news(facts: DigestFacts) -> None:
    assert has_news(facts)


def test_what_was_recorded_late_is_told_when_it_was_recorded() -> None:
    arrived_before = replace(a_submission("7K3M9QXRC", ACCEPTED, at(3)), arrived_at=at(1))
    assert gathered([PITEA], [arrived_before]).new == (PITEA,)


def test_an_application_that_was_sent_and_withdrawn_in_one_period_is_told_as_withdrawn() -> None:
    facts = gathered([EKERO], [a_submission("5HW1THDR1", ACCEPTED, at(2, 13))])
    assert (facts.new, facts.withdrawn) == ((), (EKERO,))


def test_what_was_recorded_in_a_digests_last_second_is_not_told_again() -> None:
    sent = [a_submission("7K3M9QXRC", ACCEPTED, SINCE), a_submission("7K3M9QXRC", ACCEPTED, NOW)]
    assert (gathered([PITEA], sent[:1]).new, gathered([PITEA], sent).changed) == ((), (PITEA,))


def test_an_application_that_was_sent_again_after_its_withdrawal_is_changed() -> None:
    again = an_application("5HW1THDR1", a_version(2, at(3)), withdrawn_at=at(2, 13))
    sent = [a_submission("5HW1THDR1", ACCEPTED, at(1)), a_submission("5HW1THDR1", ACCEPTED, at(3))]
    facts = gathered([again], sent)
    assert (facts.new, facts.changed, facts.withdrawn) == ((), (again,), ())


def test_the_budget_is_left_out_where_there_is_none() -> None:
    assert "Budget" not in compose(gathered(), a_round(budget=None), PARTNERSHIP, "sv").text.split("Nytt sedan")[0]


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (2_660_000, "Budget: 2 660 000 kronor (lika mycket som sökt)"),
        (2_000_000, "Budget: 2 000 000 kronor (660 000 kronor mindre än sökt)"),
        (3_000_000, "Budget: 3 000 000 kronor (340 000 kronor mer än sökt)"),
    ],
)
def test_the_budget_is_compared_with_what_is_asked_for(budget: int, told: str) -> None:
    letter = compose(gathered(), a_round(budget=budget), PARTNERSHIP, "sv")
    assert told in letter.text.replace("\u00a0", " ").split("\n")


@pytest.mark.parametrize(
    ("closes_at", "now", "told"),
    [
        (CLOSES, CLOSES - timedelta(hours=5), "Sista tid: 15 oktober 2019 kl. 23.59 (svensk tid), om 5 timmar"),
        (CLOSES, CLOSES + timedelta(hours=5), "Sista tid: 15 oktober 2019 kl. 23.59 (svensk tid), har gått ut"),
        (None, NOW, "Sista tid: öppen tills vidare"),
    ],
)
def test_the_digest_says_how_long_the_round_is_open(closes_at: datetime | None, now: datetime, told: str) -> None:
    call = a_round(closes_at=closes_at)
    letter = compose(gather(call, PARTNERSHIP, [], [], SINCE, now, []), call, PARTNERSHIP, "sv")
    assert told in letter.text.split("\n")


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    many = [an_application(f"A{n:08}", a_version(applicant=joint_body(number=f"2220{n:02}-1234"))) for n in range(63)]
    sent = [a_submission(one.id, ACCEPTED, at(3)) for one in many]
    letter = compose(gathered(many, sent), a_round(), PARTNERSHIP, "sv")
    assert "Nya ansökningar (63)" in letter.text
    assert "- och 13 till" in letter.text
    assert letter.text.count("- Kommunalförbundet") == 50


moments = st.integers(0, 100).map(lambda hours: at(1) + timedelta(hours=hours))


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([ACCEPTED, REJECTED, LATE]), moments), max_size=12),
    st.lists(moments, min_size=1, max_size=6),
)
def test_every_submission_is_told_in_one_digest(
    sent: list[tuple[str, Outcome, datetime]], days: list[datetime]
) -> None:
    submissions = [a_submission(f"{one}23456789", outcome, when) for one, outcome, when in sent]
    ends = [at(1) - timedelta(hours=1), *sorted(days), at(1) + timedelta(hours=101)]
    digests = [gathered([], submissions, since, now) for since, now in pairwise(ends)]
    assert sum(facts.rejected for facts in digests) == sum(outcome is REJECTED for _, outcome, _ in sent)
    assert {one for facts in digests for one in facts.late} == {
        one.application for one in submissions if one.outcome is LATE
    }


anything = st.text(min_size=1, max_size=5000)


@given(title=anything, name=anything, round_name=anything, language=st.sampled_from(["sv", "en"]))
def test_whatever_applicants_write_lines_are_short_and_the_subject_valid(
    title: str, name: str, round_name: str, language: str
) -> None:
    application = an_application("7K3M9QXRC", a_version(applicant=joint_body(name), title=title))
    wild = replace(NO_BUDGET, sv=title, en=name)
    sent = [a_submission("7K3M9QXRC", ACCEPTED, at(3)), a_submission("7K3M9QXRC", REJECTED, at(3), wild)]
    call = a_round(name={"sv": round_name, "en": round_name})
    letter = compose(gathered([application], sent), call, PARTNERSHIP, language)
    assert too_wide(letter.text) == []
    assert letter.subject == subject_line(letter.subject)


def test_subjects_hold_no_applicants() -> None:
    letter = compose(gathered(), a_round(), PARTNERSHIP, "sv")
    assert [name for name in ("Piteå", "7K3M", "cancervård") if name in letter.subject] == []
