"""References survive the telephone; submissions sort by time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.references import new_reference, new_submission, read_reference, spaced

random_bytes = st.binary(min_size=5, max_size=5)
digits = st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@given(random_bytes)
def test_a_reference_is_read_back_as_it_is_shown(random: bytes) -> None:
    reference = new_reference(random)
    assert len(reference) == 9
    assert reference.isalnum()
    assert read_reference(spaced(reference)) == reference
    assert read_reference(f" {spaced(reference).lower()} ") == reference


@given(random_bytes, st.integers(0, 7), digits)
def test_one_wrong_character_is_noticed(random: bytes, place: int, wrong: str) -> None:
    reference = new_reference(random)
    mistyped = reference[:place] + wrong + reference[place + 1 :]
    assert (read_reference(mistyped) is None) == (mistyped != reference)


@given(random_bytes, st.integers(0, 6))
def test_two_swapped_characters_are_noticed(random: bytes, place: int) -> None:
    reference = new_reference(random)
    swapped = reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]
    assert (read_reference(swapped) is None) == (swapped != reference)


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    reference = new_reference((1 << 10).to_bytes(5, "big"))
    assert reference == "00000100S"
    assert read_reference("OOoo-ol0o-s") == read_reference("0000-0I00-S") == reference


def test_what_is_no_reference_is_none() -> None:
    assert [read_reference(text) for text in ("", "abc", "0000-0000", "åäö-1234-5", "0000-0000-00")] == [None] * 5


@given(st.integers(0, 10**9), st.integers(1, 10**9), random_bytes, random_bytes)
def test_a_later_submission_sorts_after_an_earlier_one(start: int, later: int, one: bytes, two: bytes) -> None:
    now = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start)
    assert new_submission(now, one) < new_submission(now + timedelta(milliseconds=later), two)
