"""Letters to one applicant whose time is another than the round's: what, until when, where, and what if not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.exception_letter import exception_letter
from shared.letters import Letter
from shared.problems import problem
from shared.rounds import Access
from tests.builders.texts import (
    CLOSES,
    a_refusal,
    a_round,
    a_version,
    an_application,
    as_sent,
    golden,
    partnership,
    too_wide,
)

UNTIL = CLOSES + timedelta(days=7)
ASKED = Access(UNTIL, CLOSES, "Budgeten för år två fattas, och avsiktsförklaringen är inte undertecknad.\nPDF går bra.")
LET_IN = Access(UNTIL, CLOSES)
ENDED = replace(ASKED, ended="Budgeten kom med posten, så inget mer behövs.")
KINDS = {"asked": ASKED, "let-in": LET_IN, "ended": ENDED}


def told(kind: str, language: str) -> Letter:
    current = None if kind == "let-in" else a_version(language=language)
    application = an_application(current=current, language=language, access=KINDS[kind])
    return exception_letter(application, a_round(), partnership(), CLOSES + timedelta(days=1))


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_letters_read_as_agreed(kind: str, language: str) -> None:
    letter = told(kind, language)
    assert as_sent(letter) == golden(f"exception-{kind}.{language}.txt")
    assert too_wide(letter.text) == []


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_holds_a_link_and_no_subject_a_person_or_what_is_asked(kind: str, language: str) -> None:
    letter = told(kind, language)
    assert [secret for secret in ("a-hash", "http", "#") if secret in as_sent(letter)] == []
    assert [word for word in ("Åsa", "pitea", "Budget", "Piteå") if word in letter.subject] == []


def test_what_a_person_wrote_stays_within_the_letter() -> None:
    """Controls and long lines come from clipboards."""
    access = replace(ASKED, asked="Rad\tett\x1b[31m\r\n\n" + "mycket " * 40)
    application = an_application(current=a_version(), access=access)
    text = exception_letter(application, a_round(), partnership(), CLOSES).text
    assert "Rad ett [31m\nmycket mycket" in text
    assert too_wide(text) == []


def test_nobody_is_told_of_an_exception_that_was_not_made() -> None:
    with pytest.raises(ValueError, match="nobody was let in"):
        exception_letter(an_application(), a_round(), partnership(), CLOSES)


@pytest.mark.parametrize(("language", "never"), [("sv", "prövas inte."), ("en", "will not be considered.")])
def test_whoever_may_not_send_any_more_is_not_told_what_a_new_version_would_do(language: str, never: str) -> None:
    gone = an_application(current=a_version(language=language), withdrawn_at=CLOSES, access=ENDED)
    text = exception_letter(gone, a_round(), partnership(), CLOSES).text
    assert never in " ".join(text.split())
    stands = exception_letter(replace(gone, withdrawn_at=None), a_round(), partnership(), CLOSES).text
    assert "Version 1" in stands
    assert [words for words in ("så länge", "tills", "until we") if words in stands] == []


@pytest.mark.parametrize(("language", "sent"), [("sv", "Det ni har skickat"), ("en", "What you sent")])
def test_whoever_sent_what_was_refused_is_not_told_that_nothing_was_sent(language: str, sent: str) -> None:
    refused = an_application(refused=a_refusal(problem("not-json")), language=language, access=LET_IN)
    text = " ".join(exception_letter(refused, a_round(), partnership(), CLOSES).text.split())
    assert sent in text
    assert [words for words in ("inte inskickad", "not been submitted") if words in text] == []
