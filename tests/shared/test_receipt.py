"""Receipts hold what a registrar needs, and tell applicants what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.applications import Outcome, order_of
from shared.aws.messages import subject_line
from shared.problems import Problem, problem
from shared.receipt import Letter, accepted, brief, refused, withdrawn
from shared.rounds import Access
from shared.wording import moment
from tests.builders.texts import (
    ARRIVED,
    CLOSES,
    a_refusal,
    a_round,
    a_submission,
    a_version,
    an_application,
    as_sent,
    association,
    golden,
    joint_body,
    partnership,
    some_facts,
    too_wide,
    village_stage,
)

PARTNERSHIP = partnership()
IN_THE_GRACE = CLOSES + timedelta(minutes=5)
TOO_LATE = CLOSES + timedelta(minutes=20)
FAULTS = (
    problem("above-cap-in-year", "budget", year=1, requested=600_000, cap=500_000, excess=100_000),
    problem("not-whole-number", "budget.2.amount"),
    problem("attachment-missing", "attachments", name=PARTNERSHIP.attachments[1].name.model_dump()),
    problem("not-json"),
)

LETTERS: dict[str, Callable[[str], Letter]] = {
    "receipt-accepted": lambda language: accepted(
        an_application(current=a_version(2)), a_round(), PARTNERSHIP, language
    ),
    "receipt-refused": lambda language: refused(
        an_application(refused=a_refusal(*FAULTS)), a_round(), PARTNERSHIP, language
    ),
    "receipt-late": lambda language: refused(
        an_application(current=a_version(), refused=a_refusal(arrived_at=TOO_LATE, outcome=Outcome.LATE)),
        a_round(),
        PARTNERSHIP,
        language,
    ),
    "receipt-withdrawn": lambda language: withdrawn(
        an_application(current=a_version(), withdrawn_at=ARRIVED + timedelta(hours=2)),
        a_round(),
        PARTNERSHIP,
        language,
    ),
    "receipt-brief": lambda language: brief(
        a_submission("7K3M9QXRC", Outcome.ACCEPTED), a_round(), PARTNERSHIP, language
    ),
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_letters_read_as_agreed(name: str, language: str) -> None:
    assert as_sent(LETTERS[name](language)) == golden(f"{name}.{language}.txt")


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_no_letter_holds_the_private_link_or_the_contact(name: str, language: str) -> None:
    letter = LETTERS[name](language)
    held = [secret for secret in ("a-hash", "http", "Åsa Öberg", "asa.oberg@") if secret in as_sent(letter)]
    assert held == []


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_subjects_name_reference_and_programme(name: str, language: str) -> None:
    subject = LETTERS[name](language).subject
    assert ("7K3M-9QXR-C" in subject, PARTNERSHIP.name.in_language(language) in subject) == (True, True)


def text(letter: Letter) -> str:
    """Without our line breaks and no-break spaces, for looking for sentences."""
    return " ".join(letter.text.replace("\u00a0", " ").split())


def test_a_receipt_holds_every_file_with_name_size_and_checksum() -> None:
    letter = accepted(an_application(current=a_version()), a_round(), PARTNERSHIP, "en")
    lines = letter.text.replace("\u00a0", " ").split("\n")
    held = [line.strip() for line in lines if "SHA-256: " in line or "bytes" in line or "application.json" in line]
    assert held == [
        "application.json, 4 211 bytes",
        f"SHA-256: {'9c' * 32}",
        "Avsiktsförklaring å ä ö.pdf, 482 113 bytes",
        f"SHA-256: {'5f' * 32}",
        "Budget d'été 2020.xlsx, 20 480 bytes",
        f"SHA-256: {'b7' * 32}",
    ]


def test_a_first_version_replaces_none() -> None:
    assert "\nVersion: 1\n" in accepted(an_application(current=a_version(1)), a_round(), PARTNERSHIP, "sv").text


def test_a_body_that_the_register_lacks_is_known_by_its_number() -> None:
    current = a_version(applicant=joint_body())
    letter = accepted(an_application(current=current), a_round(), PARTNERSHIP, "sv")
    assert "Sökande: Kommunalförbundet Norrsken (kommunalförbund, 222000-1234)" in text(letter)


def test_what_arrived_in_the_grace_counts_and_cannot_be_changed() -> None:
    current = replace(a_version(), arrived_at=IN_THE_GRACE)
    letter = accepted(an_application(current=current), a_round(), PARTNERSHIP, "sv")
    assert (
        "Ansökningstiden gick ut den 15 oktober 2019 kl. 23.59 (svensk tid). Uppladdningen hade påbörjats"
        " dessförinnan och räknas som inkommen i tid, men ansökan kan inte längre ändras."
    ) in text(letter)


def test_the_deadlines_own_second_is_before_the_deadline() -> None:
    current = replace(a_version(), arrived_at=CLOSES)
    late_thought = an_application(current=current, withdrawn_at=CLOSES)
    assert "hade påbörjats" not in text(accepted(late_thought, a_round(), PARTNERSHIP, "sv"))
    assert "Ångrar ni er" in text(withdrawn(late_thought, a_round(), PARTNERSHIP, "sv"))
    refusal = a_refusal(*FAULTS, arrived_at=CLOSES)
    assert "Rätta och skicka" in text(refused(an_application(refused=refusal), a_round(), PARTNERSHIP, "sv"))


def test_a_round_without_an_end_promises_no_date() -> None:
    letter = accepted(an_application(current=a_version()), a_round(closes_at=None), PARTNERSHIP, "en")
    assert "A decision is expected within 60 days of the closing of the round." in text(letter)
    assert "The round is open until further notice." in text(letter)


@pytest.mark.parametrize(
    ("closes_at", "latest"),
    [
        pytest.param(datetime(2019, 10, 15, 21, 59, 59, tzinfo=UTC), "14 december 2019", id="into winter"),
        pytest.param(datetime(2020, 3, 15, 22, 59, 59, tzinfo=UTC), "14 maj 2020", id="into summer"),
    ],
)
def test_the_decision_is_expected_that_many_calendar_days_after_the_deadline(closes_at: datetime, latest: str) -> None:
    letter = accepted(an_application(current=a_version()), a_round(closes_at=closes_at), PARTNERSHIP, "sv")
    assert f"Beslut väntas inom 60 dagar från sista ansökningsdag, det vill säga senast den {latest}." in text(letter)


def test_a_refusal_says_that_the_accepted_version_still_counts() -> None:
    before = a_version(3, ARRIVED - timedelta(days=1))
    letter = refused(an_application(current=before, refused=a_refusal(*FAULTS)), a_round(), PARTNERSHIP, "sv")
    assert "Version 3, som redan är mottagen, gäller fortfarande." in text(letter)


def test_a_refusal_that_a_later_version_has_mended_asks_for_nothing() -> None:
    after = a_version(1, ARRIVED + timedelta(minutes=10))
    letter = refused(an_application(current=after, refused=a_refusal(*FAULTS)), a_round(), PARTNERSHIP, "en")
    assert "there is nothing you need to do" in text(letter)
    assert "Correct it" not in text(letter)


def test_a_refusal_that_was_mended_by_going_back_names_the_arrival_that_did_it() -> None:
    before, again = a_version(1, ARRIVED - timedelta(days=1)), ARRIVED + timedelta(minutes=10)
    mended = an_application(
        current=before, repeated=order_of(again, "submission", "version"), refused=a_refusal(*FAULTS)
    )
    letter = text(refused(mended, a_round(), PARTNERSHIP, "sv"))
    assert f"som kom in den {moment(again, PARTNERSHIP.zone, 'sv', seconds=True)}, är redan mottagen" in letter
    assert "Rätta" not in letter


def test_a_refusal_after_a_withdrawal_leaves_it_withdrawn() -> None:
    application = an_application(
        current=a_version(), withdrawn_at=ARRIVED + timedelta(hours=1), refused=a_refusal(*FAULTS)
    )
    assert "Ansökan är fortfarande återkallad." in text(refused(application, a_round(), PARTNERSHIP, "sv"))


def test_what_was_refused_in_the_grace_cannot_be_sent_again() -> None:
    refusal = a_refusal(*FAULTS, arrived_at=IN_THE_GRACE)
    letter = refused(an_application(refused=refusal), a_round(), PARTNERSHIP, "en")
    assert "the application can no longer be sent again" in text(letter)
    assert "Correct it" not in text(letter)


def test_a_round_without_an_end_sets_no_date_for_mending() -> None:
    letter = refused(an_application(refused=a_refusal(*FAULTS)), a_round(closes_at=None), PARTNERSHIP, "sv")
    assert "Rätta och skicka ansökan på nytt genom samma privata länk. Beteckning:" in text(letter)


def test_a_round_without_grace_does_not_speak_of_one() -> None:
    late = an_application(refused=a_refusal(arrived_at=TOO_LATE, outcome=Outcome.LATE))
    letter = refused(late, a_round(grace=timedelta(0)), PARTNERSHIP, "sv")
    assert "Uppladdningar som hade påbörjats" not in text(letter)
    assert "info@icld.example" in text(letter)


def let_in_until(until: datetime) -> Access:
    return Access(until, CLOSES + timedelta(hours=1))


NEXT_DAY = CLOSES + timedelta(days=1)
OF_THE_ROUND = "Ansökningstiden gick ut den 15 oktober 2019 kl. 23.59 (svensk tid)."
OF_THEIR_OWN = "Ansökningstiden gick ut den 16 oktober 2019 kl. 23.59 (svensk tid)."
TOO_LATE_FOR_GOOD = "kan inte tas med i omgången"


@pytest.mark.parametrize(
    ("access", "arrived_at", "deadline", "for_good"),
    [
        pytest.param(None, TOO_LATE, OF_THE_ROUND, True, id="nobody was let in"),
        pytest.param(let_in_until(NEXT_DAY), NEXT_DAY + timedelta(hours=1), OF_THEIR_OWN, True, id="late even so"),
        pytest.param(let_in_until(NEXT_DAY), TOO_LATE, OF_THE_ROUND, False, id="let in since"),
        pytest.param(replace(let_in_until(NEXT_DAY), ended="Nog"), TOO_LATE, OF_THE_ROUND, False, id="and no more"),
    ],
)
def test_what_came_too_late_is_told_of_the_end_that_it_missed_and_not_of_time_that_was_given_since(
    access: Access | None, arrived_at: datetime, deadline: str, *, for_good: bool
) -> None:
    late = an_application(refused=a_refusal(arrived_at=arrived_at, outcome=Outcome.LATE), access=access)
    letter = text(refused(late, a_round(), PARTNERSHIP, "sv"))
    ends = [one in letter for one in (OF_THE_ROUND, OF_THEIR_OWN)]
    assert ends == [one == deadline for one in (OF_THE_ROUND, OF_THEIR_OWN)]
    since = "Sedan dess har ni fått mer tid, till och med den 16 oktober 2019 kl. 23.59 (svensk tid)."
    assert (TOO_LATE_FOR_GOOD in letter, since in letter) == (for_good, not for_good)


def test_what_came_too_late_before_everybody_was_given_more_time_is_told_of_that_and_of_no_end_that_it_missed() -> None:
    late = an_application(refused=a_refusal(arrived_at=TOO_LATE, outcome=Outcome.LATE))
    letter = text(refused(late, a_round(closes_at=NEXT_DAY), PARTNERSHIP, "en"))
    assert "You have been given more time since, until 16 October 2019 at 23:59 (Swedish time)." in letter
    assert "deadline" not in letter


def test_a_withdrawal_after_the_deadline_cannot_be_undone() -> None:
    application = an_application(current=a_version(), withdrawn_at=CLOSES + timedelta(seconds=1))
    assert "Ångrar ni er" not in text(withdrawn(application, a_round(), PARTNERSHIP, "sv"))


def test_a_withdrawal_from_a_round_without_an_end_can_be_undone() -> None:
    application = an_application(current=a_version(), withdrawn_at=ARRIVED)
    letter = withdrawn(application, a_round(closes_at=None), PARTNERSHIP, "sv")
    assert "Ångrar ni er kan ni skicka in ansökan på nytt genom er privata länk. Beteckning:" in text(letter)


def test_another_programme_has_its_own_words_in_its_receipt() -> None:
    facts = some_facts(
        association("Teaterföreningen Tältet"),
        title="Fröken Julie i lagården",
        type="production",
        partners=(),
        attachments=(),
        requested=40_000,
    )
    current = replace(a_version(), facts=facts)
    letter = accepted(an_application(current=current), a_round(), village_stage(), "sv")
    assert (
        "Program: Bygdescenen (Stiftelsen Bygdescenen) Ansökningsomgång: Hösten 2019 Sökande:"
        " Teaterföreningen Tältet (förening, 802400-1234) Projekt: Fröken Julie i lagården"
        " Ansökningstyp: Uppsättning Sökt belopp: 40 000 kronor"
    ) in text(letter)
    assert "Inkomna handlingar (1)" in text(letter)


@pytest.mark.parametrize("compose", [accepted, refused, withdrawn])
def test_there_is_no_receipt_for_what_did_not_happen(compose: Callable[..., Letter]) -> None:
    with pytest.raises(ValueError, match=r"no accepted version|nothing was"):
        compose(an_application(), a_round(), PARTNERSHIP, "sv")


anything = st.text(min_size=1, max_size=5000)


@given(title=anything, name=anything, file=anything, round_name=anything, language=st.sampled_from(["sv", "en"]))
def test_whatever_applicants_write_lines_are_short_and_subjects_valid(
    title: str, name: str, file: str, round_name: str, language: str
) -> None:
    attachment = {"kind": "other", "name": file, "size": 1, "sha256": "ab" * 32}
    current = a_version(applicant=joint_body(name), title=title, attachments=(attachment,))
    refusal = a_refusal(Problem("invalid", f"project.{title}", name, file))
    application = an_application(current=current, refused=refusal, withdrawn_at=ARRIVED)
    call = a_round(name={"sv": round_name, "en": round_name})
    programme = PARTNERSHIP.model_copy(update={"name": PARTNERSHIP.name.model_copy(update={"sv": title, "en": name})})
    letters = [compose(application, call, programme, language) for compose in (accepted, refused, withdrawn)]
    assert [too_wide(letter.text) for letter in letters] == [[], [], []]
    assert [letter.subject for letter in letters] == [subject_line(letter.subject) for letter in letters]


@given(line=st.text(alphabet="ab\n\r\u2028\u0085\x0b", max_size=40))
def test_nothing_that_applicants_write_begins_a_line_of_ours(line: str) -> None:
    calm, wild = (
        accepted(an_application(current=a_version(title=title)), a_round(), PARTNERSHIP, "sv").text
        for title in ("x", f"x{line}")
    )
    assert len(wild.splitlines()) == len(calm.splitlines())
