"""Who does not read the summaries: never confirmed, or there before and gone."""

from __future__ import annotations

from datetime import timedelta

from functions.summarise.readers import Readers, compare
from shared.instants import parse_iso

NOW = parse_iso("2019-10-09T05:00:00Z")
DAY = timedelta(days=1)


def test_who_is_there_and_confirmed_is_named_nowhere() -> None:
    assert compare({"a@b.se": True}, {"a@b.se": NOW - DAY}, NOW - DAY, NOW) == Readers()


def test_who_has_not_confirmed_is_named_as_long_as_that_is_so() -> None:
    assert compare({"b@b.se": False, "a@b.se": False}, {}, None, NOW) == Readers(pending=("a@b.se", "b@b.se"))


def test_who_is_gone_is_named_for_a_week_and_new_at_the_first_look_alone() -> None:
    for days, new in ((1, True), (6, False)):
        found = compare({}, {"a@b.se": NOW - days * DAY}, NOW - DAY, NOW)
        assert found == Readers(gone=(("a@b.se", NOW - days * DAY),), newly_gone=("a@b.se",) if new else ())
    assert compare({}, {"a@b.se": NOW - 7 * DAY}, NOW - DAY, NOW) == Readers()


def test_who_came_back_is_not_named() -> None:
    assert compare({"a@b.se": True}, {"a@b.se": NOW - 3 * DAY}, NOW - DAY, NOW) == Readers()
