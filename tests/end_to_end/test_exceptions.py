"""Exceptions on the embedded cloud: one applicant let in after the closing, and a withdrawal that came by letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.demo.applicant import ApplicantClient, RefusedError
from shared.instants import iso
from tests.builders.documents import raw
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until as until_there_is
from tests.end_to_end.waiting import until_instant

pytestmark = pytest.mark.cloud

_SECOND = timedelta(seconds=1)


def test_one_is_let_in_by_a_private_link_while_the_round_stays_closed_for_others(installation: Installation) -> None:
    round_id, anna = "letting-in", installation.anna
    closes = installation.open_round(round_id, seconds=15, grace=1)
    on_time, not_begun = (installation.applicant(round_id) for _ in range(2))
    on_time.outcome_of(on_time.send(a_play(email="i-god-tid@forening.example"))["submission"])
    until_instant(closes + 2 * _SECOND)
    closing = installation.in_state(round_id, "closed")
    installation.advance()

    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=30)
    told = _let_in(installation, round_id, until)
    late = ApplicantClient(installation.outputs["ApiUrl"], token=told["token"], reference=told["reference"])
    seen = late.status()["round"]
    assert (seen["phase"], seen["closes_at"], late.round(round_id)["phase"]) == ("open", iso(until), "closed")
    with pytest.raises(RefusedError) as refusal:
        not_begun.forms(raw(a_play()))
    assert (refusal.value.status, [one["code"] for one in refusal.value.problems]) == (409, ["round-not-open"])
    signed = late.send(a_play(email="insluppen@forening.example"))
    assert late.outcome_of(signed["submission"])["state"] == "submitted"
    assert signed["expires_at"] == iso(until + 2 * _SECOND)

    until_instant(until + 2.1 * _SECOND)
    with pytest.raises(RefusedError):
        late.forms(raw(a_play()))
    assert late.upload(signed["forms"][-1], raw(a_play())).status_code == 403
    certificate = _certified(installation, late, round_id)
    assert (certificate["root"], certificate["objects"]) == (closing["certificate"]["root"], 1)
    (supplement,) = certificate["supplements"]
    assert (supplement["objects"], supplement["outcomes"]["accepted"], supplement["missing"]) == (1, 1, 0)
    assert late.receipt()["statement"]["certified"]["root"] == supplement["root"]
    shown = installation.shown(round_id)
    assert shown["totals"] == installation.recount(round_id)
    assert shown["totals"]["applications"]["submitted"] == 2
    assert anna.ask("verify", round_id)["differences"] == []

    reference = on_time.reference
    anna.ask("applications", "withdraw", round_id, reference, "--reason", "brev")
    assert on_time.status()["state"] == "withdrawn"
    assert installation.shown(round_id)["totals"] == installation.recount(round_id)
    verified = anna.ask("verify", round_id)
    assert (verified["differences"], verified["changed_after_certificate"]) == ([], 2)


def _let_in(installation: Installation, round_id: str, until: datetime) -> dict[str, str]:
    told: dict[str, str] = installation.anna.ask(
        "rounds", "let-in", round_id, "--until", until.isoformat(), "--reason", "strömavbrott"
    )
    assert told["until"] == iso(until)
    return told


def _certified(installation: Installation, client: ApplicantClient, round_id: str) -> Json:
    """The certificate with its supplement, once the scheduled job has written that."""

    def look() -> Json | None:
        installation.advance()
        certificate = client.ask("GET", f"/rounds/{round_id}/certificate")
        return certificate if "supplements" in certificate else None

    return until_there_is(look, "the certificate of who was let in", seconds=60)
