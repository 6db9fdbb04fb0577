"""The deadline: who had begun may finish within the grace, nobody comes after it, and staff can move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.demo.applicant import RefusedError
from shared.instants import iso
from tests.builders.documents import raw
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until_instant

pytestmark = pytest.mark.cloud

_SECOND = timedelta(seconds=1)


def test_who_had_begun_may_finish_within_the_grace_and_nobody_comes_after_it(installation: Installation) -> None:
    closes = installation.open_round("deadline", seconds=12, grace=8)
    on_time, too_slow, not_begun = (installation.applicant("deadline") for _ in range(3))
    play = raw(a_play())
    forms = {who.reference: who.forms(play) for who in (on_time, too_slow)}
    assert [iso(closes + 9 * _SECOND)] * 2 == [signed["expires_at"] for signed in forms.values()]

    until_instant(closes + 1.1 * _SECOND)
    with pytest.raises(RefusedError) as refusal:
        not_begun.forms(play)
    assert (refusal.value.status, [one["code"] for one in refusal.value.problems]) == (409, ["round-not-open"])
    with pytest.raises(RefusedError) as refusal:
        on_time.withdraw()
    assert (refusal.value.status, [one["code"] for one in refusal.value.problems]) == (409, ["round-not-open"])
    assert on_time.upload(forms[on_time.reference]["forms"][-1], play).status_code == 204

    until_instant(closes + 9.1 * _SECOND)
    answer = too_slow.upload(forms[too_slow.reference]["forms"][-1], play)
    assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, True), answer.text

    shown = installation.in_state("deadline", "closed")
    assert on_time.status()["state"] == "submitted"
    assert on_time.status()["current"]["arrived_at"] > iso(closes)
    assert (shown["totals"]["applications"], shown["totals"]["turned_away"]) == ({"submitted": 1}, 1)
    assert (shown["certificate"]["objects"], shown["certificate"]["missing"]) == (1, 0)
    assert len(installation.uploads("deadline")) == 1


def test_a_round_that_is_closing_can_be_extended_and_what_was_on_its_way_counts(installation: Installation) -> None:
    closes = installation.open_round("extended", seconds=12)
    early, late = (installation.applicant("extended") for _ in range(2))
    with installation.paused("IngestFunctionUploads"):
        on_its_way = early.send(a_play(email="tidig@forening.example"))["submission"]
        until_instant(closes + _SECOND)
        # Kept in this state by the upload that has no outcome yet.
        installation.in_state("extended", "closing")
        with pytest.raises(RefusedError):
            late.forms(raw(a_play()))
        extended = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=20)
        _extend(installation, extended)
        accepted_late = late.send(a_play(email="sen@forening.example"))["submission"]
    assert early.outcome_of(on_its_way)["state"] == "submitted"
    assert late.outcome_of(accepted_late)["state"] == "submitted"

    until_instant(extended + _SECOND)
    shown = installation.in_state("extended", "closed")
    assert shown["totals"] == installation.recount("extended")
    assert shown["certificate"]["outcomes"] == {"accepted": 2, "rejected": 0, "late": 0, "duplicate": 0}
    assert (shown["certificate"]["objects"], shown["certificate"]["missing"]) == (2, 0)
    what = [event["what"] for event in installation.anna.ask("rounds", "events", "extended")["events"]]
    assert [one for one in what if one != "round open"] == [
        "round created",
        "round closing",
        "round extended",
        "round closing",
        "round closed",
    ]


def _extend(installation: Installation, closes: datetime) -> None:
    extended = installation.anna.ask(
        "rounds", "extend", "extended", "--closes", closes.isoformat(), "--reason", "elavbrott i Värmland"
    )
    assert (extended["closes_at"], extended["phase"]) == (iso(closes), "open")


def test_who_had_begun_when_staff_close_early_may_finish_and_nobody_begins(installation: Installation) -> None:
    installation.open_round("early", seconds=3600)
    begun, not_begun = (installation.applicant("early") for _ in range(2))
    play = raw(a_play())
    signed = begun.forms(play)
    installation.in_state("early", "open")
    closed = installation.anna.ask("rounds", "close", "early", "--reason", "pengarna är slut")
    until_instant(datetime.fromisoformat(closed["closes_at"]) + 1.1 * _SECOND)
    with pytest.raises(RefusedError) as refusal:
        not_begun.forms(play)
    assert (refusal.value.status, [one["code"] for one in refusal.value.problems]) == (409, ["round-not-open"])
    with pytest.raises(RefusedError) as refusal:
        installation.applicant("early")
    assert (refusal.value.status, [one["code"] for one in refusal.value.problems]) == (409, ["round-not-open"])
    assert begun.upload(signed["forms"][-1], play).status_code == 204
    assert begun.outcome_of(signed["submission"])["state"] == "submitted"
