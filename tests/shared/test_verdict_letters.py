"""Letters of a round's closing and of its decisions: what they say, to whom, and what they keep to themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.applications import Application, Outcome
from shared.closing_letter import closing_letter
from shared.decision_letter import decision_letter
from shared.decisions import Decision, DecisionKind
from shared.letters import Letter
from shared.problems import problem
from tests.builders.texts import (
    ARRIVED,
    a_refusal,
    a_round,
    a_version,
    an_application,
    as_sent,
    association,
    golden,
    partnership,
    too_wide,
    village_stage,
)

PARTNERSHIP = partnership()
CONTACT = {"email": "asa.oberg@pitea.example"}
PAGE = "https://ansok.funder.example/sv/rounds/2019-autumn"
AWARD = Decision("7K3M9QXRC", DecisionKind.AWARD, 800_000, "Internt: se protokoll 12.")
DECLINE = Decision("7K3M9QXRC", DecisionKind.DECLINE, 0, "Pjäsen är bra.\nPengarna räckte inte till alla.")


def in_language(language: str) -> Application:
    return an_application(current=a_version(2, language=language))


def never_mended(language: str, outcome: Outcome = Outcome.REJECTED) -> Application:
    refusal = replace(a_refusal(problem("not-json"), outcome=outcome), contact=CONTACT)
    return an_application(refused=refusal, language=language)


def closing(application: Application) -> Letter:
    message = closing_letter(application, a_round(), PARTNERSHIP)
    assert message is not None
    to, letter = message
    assert to == CONTACT["email"]
    return letter


def decided(decision: Decision, language: str, *, corrects: bool = False, page: str = PAGE) -> Letter:
    to, letter = decision_letter(in_language(language), decision, a_round(), PARTNERSHIP, page=page, corrects=corrects)
    assert to == CONTACT["email"]
    return letter


def on_the_stage(decision: Decision, language: str) -> Letter:
    facts: dict[str, Any] = {
        "applicant": association("Åkers revy"),
        "title": "Vinterrevyn",
        "type": "production",
        "requested": 40_000,
        "language": language,
    }
    call = a_round(programme="village-stage-2026")
    application = an_application(current=a_version(**facts))
    return decision_letter(application, decision, call, village_stage(), corrects=False)[1]


LETTERS: dict[str, Callable[[str], Letter]] = {
    "closing-letter": lambda language: closing(in_language(language)),
    "closing-letter-left-out": lambda language: closing(never_mended(language)),
    "decision-letter-award": lambda language: decided(AWARD, language),
    "decision-letter-correction": lambda language: decided(DECLINE, language, corrects=True),
    "decision-letter-decline": lambda language: on_the_stage(DECLINE, language),
    "decision-letter-next-steps": lambda language: on_the_stage(replace(AWARD, amount=30_000, motivation=""), language),
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_letters_read_as_agreed(name: str, language: str) -> None:
    assert as_sent(LETTERS[name](language)) == golden(f"{name}.{language}.txt")
    assert [line for line in too_wide(LETTERS[name](language).text) if "http" not in line] == []


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_no_letter_holds_the_private_link_or_the_contact(name: str, language: str) -> None:
    held = as_sent(LETTERS[name](language))
    assert [secret for secret in ("a-hash", "#", "Åsa Öberg", "asa.oberg@") if secret in held] == []


@pytest.mark.parametrize("language", ["sv", "en"])
def test_what_staff_write_for_themselves_is_in_no_letter(language: str) -> None:
    """A programme says that the motivation is meant for the applicant, or it stays where it is."""
    assert "protokoll" not in decided(AWARD, language).text
    telling = PARTNERSHIP.model_copy(
        update={"decision_letters": PARTNERSHIP.decision_letters.model_copy(update={"tell_motivation": True})}
    )
    told = decision_letter(in_language(language), AWARD, a_round(), telling, corrects=False)[1]
    assert "protokoll 12" in told.text


def test_a_letter_is_in_the_language_that_the_application_asks_for() -> None:
    """Not in that of the page where it was started."""
    started_in_swedish = an_application(current=a_version(language="en"), language="sv")
    assert closing(started_in_swedish).text.startswith("The round has closed")


@pytest.mark.parametrize(
    "application",
    [
        pytest.param(an_application(), id="a draft"),
        pytest.param(an_application(current=a_version(), withdrawn_at=ARRIVED + timedelta(hours=1)), id="withdrawn"),
        pytest.param(never_mended("sv", Outcome.LATE), id="too late, and told so"),
        pytest.param(an_application(refused=a_refusal(problem("not-json"))), id="nobody knows whose"),
    ],
)
def test_nobody_is_told_of_the_closing_who_is_not_in_the_round(application: Application) -> None:
    assert closing_letter(application, a_round(), PARTNERSHIP) is None


@pytest.mark.parametrize(("language", "says"), [("sv", "(rättat beslut)"), ("en", "(corrected decision)")])
def test_a_corrected_decision_says_so_in_its_subject_and_congratulates_nobody_twice(language: str, says: str) -> None:
    """The amount may be lower than the one that was told before."""
    letter = decided(AWARD, language, corrects=True)
    assert says in letter.subject
    assert [word for word in ("Grattis", "Congratulations") if word in letter.text] == []


def test_results_that_cannot_be_read_yet_are_not_linked_to() -> None:
    assert "http" not in decided(AWARD, "sv", page="").text


def test_a_round_that_had_no_end_names_none() -> None:
    letter = closing_letter(never_mended("sv"), a_round(closes_at=None), PARTNERSHIP)
    assert letter is not None
    assert "Omgången har nu stängt" in letter[1].text


@pytest.mark.parametrize(
    ("language", "documents"), [("sv", "Handlingar: ansökan\n"), ("en", "Documents: the application\n")]
)
def test_where_there_were_no_attachments_none_are_counted(language: str, documents: str) -> None:
    assert documents in closing(an_application(current=a_version(attachments=(), language=language))).text
