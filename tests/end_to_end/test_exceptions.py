"""Exceptions on the embedded cloud: one applicant let in after the closing, a withdrawal that came by letter, and the
letters that tell people of a time of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.cloud.letters import Mail
from infrastructure.demo.applicant import ApplicantClient, RefusedError
from shared import keys
from shared.instants import iso
from tests.builders.documents import a_document, raw
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.letters import came
from tests.end_to_end.papers import FILES, PARTNERSHIP, a_play
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


# What is told by letter

TOLD = "told-alone"
WHAT = "Budgeten för år två fattas.\nThe budget lacks its second year."
FRIEND = "the-late@kommun.example"
HALF_DONE = {"fields": {"contact.email": FRIEND, "project.title": "Kustkommuner i dialog"}}


@dataclass(frozen=True)
class Excepted:
    """Two who submitted, the first in English, and two who did not, the second of whom left no address."""

    asked: ApplicantClient
    asked_too: ApplicantClient
    let_in: ApplicantClient
    unknown: ApplicantClient


@pytest.fixture(scope="module")
def excepted(installation: Installation) -> Excepted:
    """Anna gives all of them more time after the closing: two to complete what they sent, two to send it at all."""
    with installation.open_for(TOLD, programme=PARTNERSHIP):
        clients = [installation.applicant(TOLD, language=one) for one in ("en", "sv", "en", "sv")]
        people = Excepted(*clients)
        for client, language in ((people.asked, "en"), (people.asked_too, "sv")):
            sent = client.send(a_document(language=language, contact__email=_address(language)), FILES)
            client.outcome_of(sent["submission"])
        people.let_in.save(0, HALF_DONE)
        people.unknown.save(0, {"fields": {"project.title": "Utan adress"}})
    installation.in_state(TOLD, "closed")
    ask, anna = ("applications", "ask-completion", TOLD), installation.anna
    letters = [
        *(anna.ask(*ask, one.reference, "--until", "2199-10-22", "--what", WHAT) for one in clients[:2]),
        *(
            anna.ask("rounds", "let-in", TOLD, "--until", "2199-10-22", "--reason", "åska", "--application", reference)
            for reference in (people.let_in.reference, people.unknown.reference)
        ),
    ]
    assert [one["letter"] for one in letters] == ["owed", "owed", "owed", "no-address"]
    installation.advance()
    return people


def _everybody(people: Excepted) -> list[ApplicantClient]:
    return [people.asked, people.asked_too, people.let_in, people.unknown]


def _address(language: str) -> str:
    return f"asked-in-{language}@kommun.example"


def _letter(installation: Installation, to: str, words: str) -> Mail:
    """The one letter to that address with these words in its subject, once it came."""

    def look() -> list[Mail]:
        return [one for one in installation.letters(to=to) if words in one.subject]

    (letter,) = until_there_is(look, f"a letter to {to}: {words}", seconds=80)
    return letter


@pytest.mark.parametrize(
    ("language", "subject", "until"),
    [
        ("en", "needs completing", "You can submit a new version until 22 October 2199 at 23:59 (Swedish time)."),
        (
            "sv",
            "behöver kompletteras",
            "Ni kan skicka in en ny version till och med den 22 oktober 2199 kl. 23.59 (svensk tid).",
        ),
    ],
)
def test_whoever_is_asked_for_a_completion_reads_of_what_and_until_when_in_their_language(
    installation: Installation, excepted: Excepted, language: str, subject: str, until: str
) -> None:
    client = excepted.asked if language == "en" else excepted.asked_too
    letter = _letter(installation, _address(language), subject)
    assert until in " ".join(letter.body.split())
    assert WHAT in letter.body
    assert client.reference in letter.subject
    assert client.token not in letter.body
    assert client.status()["asked"]["what"] == WHAT


def test_whoever_left_an_address_in_the_draft_reads_that_they_are_let_in(
    installation: Installation, excepted: Excepted
) -> None:
    letter = _letter(installation, FRIEND, excepted.let_in.reference)
    assert "this one application can be submitted until 22 October 2199" in " ".join(letter.body.split())
    assert excepted.let_in.status()["round"]["phase"] == excepted.unknown.status()["round"]["phase"] == "open"


def test_whoever_has_their_time_ended_reads_why_and_what_stands(installation: Installation, excepted: Excepted) -> None:
    reason, ending = "The budget came by post.", ("applications", "end-exception", TOLD, excepted.asked.reference)
    _letter(installation, _address("en"), "needs completing")
    ended = installation.anna.ask(*ending, "--reason", reason)
    assert ended["letter"] == "owed"
    installation.anna.anslag(*ending, "--reason", reason, expect=1)
    installation.advance()
    letter = _letter(installation, _address("en"), "can no longer be changed")
    assert reason in letter.body
    assert "Version 1" in letter.body
    told = [came(installation, keys.exception_letters(one.reference.replace("-", ""))) for one in _everybody(excepted)]
    assert [len(letters) for letters in told] == [2, 1, 1, 0]
