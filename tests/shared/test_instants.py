"""Dates that people write, and the instants that they mean."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from shared.instants import BadInstantError, from_local, iso, parse_iso, utc, whole_second

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("day", "last_second"),
    [("2019-03-15", "2019-03-15T22:59:59Z"), ("2019-10-15", "2019-10-15T21:59:59Z")],
)
def test_a_closing_date_means_its_last_swedish_second_in_winter_and_in_summer(day: str, last_second: str) -> None:
    assert iso(from_local(day, STOCKHOLM, end_of_day=True)) == last_second


def test_an_opening_date_means_its_first_second() -> None:
    assert iso(from_local("2019-02-15", STOCKHOLM, end_of_day=False)) == "2019-02-14T23:00:00Z"


def test_a_time_without_a_zone_is_local_and_one_with_an_offset_stands_as_it_is() -> None:
    assert iso(from_local("2018-03-26T12:00", STOCKHOLM, end_of_day=True)) == "2018-03-26T10:00:00Z"
    assert iso(from_local("2018-03-26T12:00+00:00", STOCKHOLM, end_of_day=True)) == "2018-03-26T12:00:00Z"


@pytest.mark.parametrize("text", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_a_local_time_that_does_not_exist_or_exists_twice_is_refused(text: str) -> None:
    with pytest.raises(BadInstantError, match="clocks change"):
        from_local(text, STOCKHOLM, end_of_day=False)


@pytest.mark.parametrize(
    "text",
    [
        *("", "15 oktober", "2019-13-01", "2019-02-30", "2019-10-15T25:00", "20191015T1"),
        # Other forms of ISO 8601. A day written so would end as it begins.
        *("20191015", "2019-W42-2", "2019W422", "20191015T120000", "2019-10-15T12", "2019-10-15x12:00"),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadInstantError):
        from_local(text, STOCKHOLM, end_of_day=False)


def test_naive_datetimes_are_refused() -> None:
    with pytest.raises(BadInstantError):
        utc(datetime(2019, 10, 15))  # noqa: DTZ001


def test_text_and_instant_are_each_others_reverse() -> None:
    instant = datetime(2019, 10, 15, 21, 59, 59, 123000, tzinfo=UTC)
    assert parse_iso(iso(instant)) == instant
    assert iso(whole_second(instant)) == "2019-10-15T21:59:59Z"
