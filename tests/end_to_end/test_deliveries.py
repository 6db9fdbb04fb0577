"""Deliveries repeat, reorder and collide; rows, totals and receipts come out as if each had come once, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from infrastructure.demo.applicant import ApplicantClient, RefusedError
from shared.applications import Outcome
from shared.instants import whole_second
from tests.builders.documents import raw
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

NOTHING_BY: dict[str, Any] = {"core_area": {}, "country": {}, "applicant_kind": {}, "county": {}}


@pytest.fixture
def round_id(installation: Installation, request: pytest.FixtureRequest) -> str:
    """A round for this test alone."""
    name: str = request.node.name
    short = "d-" + "".join(word[0] for word in name.removeprefix("test_").split("_"))
    installation.open_round(short)
    return short


@pytest.fixture(autouse=True)
def _counts_are_exact(installation: Installation, round_id: str) -> Iterator[None]:
    """After each of these, staff's totals are what a recount of the rows comes to."""
    yield
    installation.all_ingested(round_id)
    assert installation.shown(round_id)["totals"] == installation.recount(round_id)


def _totals(requested: int, outcomes: dict[str, int], applications: dict[str, int] | None = None) -> dict[str, Any]:
    """The totals of a round with at most one application that stands."""
    group = {"applications": 1, "requested": requested}
    by = {
        "core_area": {"everyone": group},
        "country": {},
        "applicant_kind": {"association": group},
        "county": {"none": group},
    }
    return {
        "applications": {"submitted": 1} if applications is None else applications,
        "requested": requested,
        "applicants": 1 if requested else 0,
        "outcomes": {"accepted": 0, "rejected": 0, "late": 0, "duplicate": 0} | outcomes,
        "turned_away": 0,
        "by": by if requested else NOTHING_BY,
        "awarded": None,
    }


def _outcomes(installation: Installation, round_id: str) -> list[Outcome]:
    return sorted(row.outcome for row in installation.submissions(round_id))


def _at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do these at the same moment."""
    ready = threading.Barrier(len(deeds))

    def when_all_are_ready(deed: Callable[[], Any]) -> Any:
        ready.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as crowd:
        return list(crowd.map(when_all_are_ready, deeds))


def _receipts(installation: Installation, address: str, expected: int) -> list[str]:
    """The subjects of what the applicant got, when everything that could be sent has been, and was tried again."""
    until(lambda: len(installation.letters(to=address)) >= expected, f"{expected} receipts to {address}")
    installation.invoke("acknowledge", {"resend": True})
    return [letter.subject for letter in installation.letters(to=address)]


# Of the upload queue


def test_one_message_delivered_many_times_counts_once(installation: Installation, round_id: str) -> None:
    client = installation.applicant(round_id)
    with installation.paused("IngestFunctionUploads"):
        sent = client.send(a_play(email="flera@forening.example", amount=20_000))["submission"]
        (message,) = installation.take_messages(1)
        for _ in range(3):
            installation.put_message(message)
    client.outcome_of(sent)
    installation.all_ingested(round_id)
    installation.put_message(message)
    installation.all_ingested(round_id)
    assert _outcomes(installation, round_id) == [Outcome.ACCEPTED]
    assert installation.shown(round_id)["totals"] == _totals(20_000, {"accepted": 1})
    assert len(_receipts(installation, "flera@forening.example", 1)) == 1


def test_an_older_version_that_is_delivered_last_stays_in_the_past(installation: Installation, round_id: str) -> None:
    client = installation.applicant(round_id)
    with installation.paused("IngestFunctionUploads"):
        older = client.send(a_play(email="ordning@forening.example", amount=20_000))["submission"]
        newer = client.send(a_play(email="ordning@forening.example", amount=30_000))["submission"]
        first, second = installation.take_messages(2)
        assert (older in first, newer in second) == (True, True)
        installation.put_message(second)
    client.outcome_of(newer)
    installation.put_message(first)
    installation.all_ingested(round_id)
    installation.put_message(second)
    installation.all_ingested(round_id)
    status = client.status()
    assert (status["current"]["submission"], status["current"]["requested"]) == (newer, 30_000)
    assert [client.receipt(one)["statement"]["submission"] for one in (older, newer)] == [older, newer]
    assert _outcomes(installation, round_id) == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert installation.shown(round_id)["totals"] == _totals(30_000, {"accepted": 2})
    assert len(_receipts(installation, "ordning@forening.example", 2)) == 2


# Of the stream


def _stream_event(installation: Installation, client: ApplicantClient) -> dict[str, Any]:
    """What the stream says of the one outcome of an application, made from its row."""
    found = installation.client("dynamodb").query(
        TableName=installation.outputs["TableName"],
        KeyConditionExpression="pk = :round AND begins_with(sk, :submission)",
        ExpressionAttributeValues={
            ":round": {"S": f"ROUND#{client.token.split('.')[0]}"},
            ":submission": {"S": f"SUBMISSION#{client.reference.replace('-', '')}"},
        },
    )
    (row,) = found["Items"]
    change = {"Keys": {name: row[name] for name in ("pk", "sk")}, "NewImage": row, "SequenceNumber": "1"}
    record = {"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
    return {"Records": [record]}


def test_a_receipt_goes_out_once_however_often_the_stream_tells_of_the_outcome(
    installation: Installation, round_id: str
) -> None:
    client = installation.applicant(round_id)
    with installation.paused("AcknowledgeFunctionOutcomes"):
        client.outcome_of(client.send(a_play(email="kvitto@forening.example"))["submission"])
        event = _stream_event(installation, client)
        assert installation.letters(to="kvitto@forening.example") == []
        _at_once(*[lambda: installation.invoke("acknowledge", event)] * 4)
    assert [installation.invoke("acknowledge", event) for _ in range(2)] == [{"batchItemFailures": []}] * 2
    assert _receipts(installation, "kvitto@forening.example", 1) == [
        f"Ansökan {client.reference} har kommit in: Bygdescenen"
    ]


# Of people


def test_two_versions_sent_at_the_same_moment_are_two_versions_of_one_application(
    installation: Installation, round_id: str
) -> None:
    client = installation.applicant(round_id)
    plays = [raw(a_play(email="samtidigt@forening.example", amount=amount)) for amount in (21_000, 32_000)]
    signed = [client.forms(play) for play in plays]
    uploads = [partial(client.upload, forms["forms"][-1], play) for forms, play in zip(signed, plays, strict=True)]
    assert [answer.status_code for answer in _at_once(*uploads)] == [204, 204]
    installation.all_ingested(round_id)
    # S3's clock decides, to the second; then the order in which the forms were signed.
    rows = installation.submissions(round_id)
    last = max(rows, key=lambda row: (whole_second(row.arrived_at), row.submission)).submission
    requested = {forms["submission"]: amount for forms, amount in zip(signed, (21_000, 32_000), strict=True)}[last]
    status = client.status()
    assert (status["current"]["submission"], status["current"]["requested"]) == (last, requested)
    assert installation.shown(round_id)["totals"] == _totals(requested, {"accepted": 2})
    assert len(_receipts(installation, "samtidigt@forening.example", 2)) == 2


def test_a_double_click_gives_one_application_one_version_and_one_receipt(
    installation: Installation, round_id: str
) -> None:
    client = installation.applicant(round_id)
    play = raw(a_play(email="dubbel@forening.example", amount=25_000))
    form = client.forms(play)["forms"][-1]
    assert _at_once(*[lambda: client.upload(form, play).status_code] * 3) == [204] * 3
    installation.all_ingested(round_id)
    assert _outcomes(installation, round_id) == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert client.status()["current"]["version"] == 1
    assert installation.shown(round_id)["totals"] == _totals(25_000, {"accepted": 1, "duplicate": 2})
    assert len(_receipts(installation, "dubbel@forening.example", 1)) == 1


def test_a_withdrawal_covers_what_had_been_sent_before_it_and_was_still_on_its_way(
    installation: Installation, round_id: str
) -> None:
    client = installation.applicant(round_id)
    first = client.send(a_play(email="ater@forening.example", amount=20_000))["submission"]
    client.outcome_of(first)
    with installation.paused("IngestFunctionUploads"):
        second = client.send(a_play(email="ater@forening.example", amount=30_000))["submission"]
        assert client.withdraw()["state"] == "withdrawn"
        assert installation.shown(round_id)["totals"] == _totals(0, {"accepted": 1}, {"withdrawn": 1})
    until(lambda: client.status()["current"]["submission"] == second, "the version that was on its way")
    assert client.status()["state"] == "withdrawn"
    assert installation.shown(round_id)["totals"] == _totals(0, {"accepted": 2}, {"withdrawn": 1})
    with pytest.raises(RefusedError) as refusal:
        client.withdraw()
    assert (refusal.value.status, refusal.value.problems[0]["code"]) == (409, "already-withdrawn")

    time.sleep(1)  # S3 tells arrivals to the second, so what comes within it counts as before the withdrawal
    third = client.send(a_play(email="ater@forening.example", amount=30_000))["submission"]
    assert client.outcome_of(third)["state"] == "submitted"
    assert installation.shown(round_id)["totals"] == _totals(30_000, {"accepted": 3})
    subjects = _receipts(installation, "ater@forening.example", 3)
    assert len(subjects) == 3


def test_withdrawing_and_sending_at_the_same_moment_ends_in_one_of_two_orders(
    installation: Installation, round_id: str
) -> None:
    clients = [installation.applicant(round_id) for _ in range(4)]
    for client in clients:
        client.outcome_of(client.send(a_play(amount=20_000))["submission"])
    play = raw(a_play(amount=31_000))
    deeds: list[Callable[[], Any]] = []
    for client in clients:
        on_another_page = ApplicantClient(client.api, client.token, client.reference)
        deeds += [partial(client.upload, client.forms(play)["forms"][-1], play), on_another_page.withdraw]
    _at_once(*deeds)
    installation.all_ingested(round_id)
    rows = installation.applications(round_id)
    standing = 0
    for client in clients:
        row = rows[client.reference]
        assert row.current is not None
        assert row.withdrawn_at is not None
        assert (row.current.number, row.current.facts.requested) == (2, 31_000)
        after = row.current.arrived_at > whole_second(row.withdrawn_at)
        assert client.status()["state"] == ("submitted" if after else "withdrawn")
        standing += after
    totals = installation.shown(round_id)["totals"]
    states = {"submitted": standing, "withdrawn": len(clients) - standing}
    assert totals["applications"] == {state: count for state, count in states.items() if count}
    assert (totals["requested"], totals["outcomes"]["accepted"]) == (standing * 31_000, 2 * len(clients))
