"""What `make crashes` goes by: effects as they are read from the code."""

from __future__ import annotations

from tests.end_to_end.crashes.outside import points
from tests.end_to_end.crashes.round import EFFECTS, ELSEWHERE, FUNCTIONS

SENDING = {
    "functions/acknowledge/sending.py deliver once",
    "functions/acknowledge/sending.py deliver send",
    "functions/acknowledge/sending.py deliver done",
}


def test_every_effect_that_is_said_to_lie_elsewhere_is_in_the_code() -> None:
    assert ELSEWHERE.keys() - {str(one) for one in points(FUNCTIONS)} == set()


def test_no_effect_is_new_to_it() -> None:
    """One that is takes a run of `make crashes`, or a reason why that does not come to it."""
    assert len({str(one) for one in points(FUNCTIONS)} - ELSEWHERE.keys()) == EFFECTS


def test_a_letter_its_claim_and_the_note_that_it_went_out_are_effects() -> None:
    assert {str(one) for one in points(["acknowledge"])} >= SENDING


def test_what_only_reads_is_no_effect() -> None:
    assert {one.called for one in points(FUNCTIONS)} & {"get", "query", "is_done", "read_round", "count"} == set()
