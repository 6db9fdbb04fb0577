"""What is open when, to the second, in both halves of the year."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.instants import parse_iso
from shared.rounds import Phase, Round, RoundState, arrived_in_time, due_state, form_expiry, round_phase

AUTUMN = Round(
    id="2019-autumn",
    name={"sv": "Hösten 2019", "en": "Autumn 2019"},
    programme="municipal-partnership-2019",
    state=RoundState.OPEN,
    opens_at=parse_iso("2019-09-14T22:00:00Z"),
    closes_at=parse_iso("2019-10-15T21:59:59Z"),
    grace=timedelta(minutes=15),
    budget=11_000_000,
)
SPRING = replace(
    AUTUMN, id="2019-spring", closes_at=parse_iso("2019-03-15T22:59:59Z"), opens_at=parse_iso("2019-02-14T23:00:00Z")
)
ROLLING = replace(AUTUMN, id="inception", closes_at=None)


def at(text: str) -> datetime:
    return parse_iso(text)


@pytest.mark.parametrize(
    ("call", "instant", "phase"),
    [
        (AUTUMN, "2019-09-14T21:59:59Z", Phase.SCHEDULED),
        (AUTUMN, "2019-09-14T22:00:00Z", Phase.OPEN),
        (AUTUMN, "2019-10-15T21:59:59Z", Phase.OPEN),
        (AUTUMN, "2019-10-15T21:59:59.999Z", Phase.OPEN),
        (AUTUMN, "2019-10-15T22:00:00Z", Phase.GRACE),
        (AUTUMN, "2019-10-15T22:14:59Z", Phase.GRACE),
        (AUTUMN, "2019-10-15T22:15:00Z", Phase.CLOSING),
        (SPRING, "2019-03-15T22:59:59Z", Phase.OPEN),
        (SPRING, "2019-03-15T23:00:00Z", Phase.GRACE),
        (replace(AUTUMN, grace=timedelta(0)), "2019-10-15T22:00:00Z", Phase.CLOSING),
        (ROLLING, "2039-10-15T22:00:00Z", Phase.OPEN),
        (replace(AUTUMN, state=RoundState.CLOSED), "2019-10-01T00:00:00Z", Phase.CLOSED),
        (replace(AUTUMN, state=RoundState.DECIDED), "2019-10-01T00:00:00Z", Phase.DECIDED),
        (replace(AUTUMN, state=RoundState.ANNOUNCED), "2019-10-01T00:00:00Z", Phase.ANNOUNCED),
        # The clock decides before closing is proven, however late the scheduled job may be.
        (replace(AUTUMN, state=RoundState.SCHEDULED), "2019-10-01T00:00:00Z", Phase.OPEN),
        (replace(AUTUMN, state=RoundState.CLOSING), "2019-10-15T21:59:59Z", Phase.OPEN),
    ],
)
def test_the_phase_follows_the_clock_until_closing_is_proven(call: Round, instant: str, phase: Phase) -> None:
    assert round_phase(call, at(instant)) is phase


@pytest.mark.parametrize(
    ("arrival", "counts"),
    [("2019-10-15T21:59:59Z", True), ("2019-10-15T22:14:59Z", True), ("2019-10-15T22:15:00Z", False)],
)
def test_an_upload_counts_until_the_last_second_of_the_grace(arrival: str, counts: bool) -> None:
    assert arrived_in_time(AUTUMN, at(arrival)) is counts


def test_every_arrival_counts_in_a_round_without_an_end() -> None:
    assert arrived_in_time(ROLLING, at("2099-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("call", "signed", "expires"),
    [
        (AUTUMN, "2019-10-01T12:00:00.5Z", "2019-10-01T12:15:00Z"),
        (AUTUMN, "2019-10-15T21:59:59Z", "2019-10-15T22:14:59Z"),
        (replace(AUTUMN, grace=timedelta(minutes=1)), "2019-10-15T21:59:59Z", "2019-10-15T22:01:00Z"),
        (replace(AUTUMN, grace=timedelta(0)), "2019-10-15T21:59:50Z", "2019-10-15T22:00:00Z"),
        (ROLLING, "2019-10-15T21:59:59Z", "2019-10-15T22:14:59Z"),
    ],
)
def test_a_form_lives_a_quarter_of_an_hour_and_never_past_the_last_arrival(
    call: Round, signed: str, expires: str
) -> None:
    assert form_expiry(call, at(signed)) == at(expires)


def test_whatever_the_form_lets_through_counts() -> None:
    call = replace(AUTUMN, grace=timedelta(seconds=30))
    last_instant_of_the_form = form_expiry(call, at("2019-10-15T21:59:59Z")) - timedelta(milliseconds=1)
    assert arrived_in_time(call, last_instant_of_the_form)
    assert not arrived_in_time(call, last_instant_of_the_form + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("state", "instant", "due"),
    [
        (RoundState.SCHEDULED, "2019-09-14T21:59:59Z", RoundState.SCHEDULED),
        (RoundState.SCHEDULED, "2019-09-14T22:00:00Z", RoundState.OPEN),
        (RoundState.OPEN, "2019-10-15T22:14:59Z", RoundState.OPEN),
        (RoundState.OPEN, "2019-10-15T22:15:00Z", RoundState.CLOSING),
        (RoundState.SCHEDULED, "2019-12-01T00:00:00Z", RoundState.CLOSING),
        (RoundState.CLOSING, "2019-12-01T00:00:00Z", RoundState.CLOSING),
        (RoundState.CLOSED, "2019-12-01T00:00:00Z", RoundState.CLOSED),
        (RoundState.ANNOUNCED, "2019-12-01T00:00:00Z", RoundState.ANNOUNCED),
    ],
)
def test_the_clock_opens_rounds_and_begins_to_close_them_and_does_no_more(
    state: RoundState, instant: str, due: RoundState
) -> None:
    assert due_state(replace(AUTUMN, state=state), at(instant)) is due


def test_a_round_is_stored_and_read_back_whole() -> None:
    for call in (AUTUMN, ROLLING, replace(AUTUMN, closing_since=AUTUMN.closes_at, closed_at=AUTUMN.closes_at)):
        assert Round.from_item(call.as_item()) == call
