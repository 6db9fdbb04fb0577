"""What goes wrong below: a notification is lost, a function cannot do its work, its processes die. Nothing is lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infrastructure.demo.applicant import ApplicantClient
from infrastructure.demo.mischief import impatient, locked_out, processes
from tests.end_to_end.alarms import Tries
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

UPLOADS = 20


def _certified(shown: dict[str, Any]) -> tuple[int, dict[str, int], int]:
    certificate = shown["certificate"]
    found = {outcome: count for outcome, count in certificate["outcomes"].items() if count}
    return certificate["objects"], found, certificate["missing"]


def test_an_upload_that_nobody_was_told_of_is_found_when_the_round_closes(installation: Installation) -> None:
    with installation.open_for("lost"):
        noticed, unnoticed = (installation.applicant("lost") for _ in range(2))
        noticed.outcome_of(noticed.send(a_play(amount=20_000))["submission"])
        with installation.notifications_lost():
            unnoticed.send(a_play(email="borttappad@forening.example", amount=30_000))
    assert (unnoticed.status()["state"], len(installation.unrecorded("lost"))) == ("draft", 1)

    shown = installation.in_state("lost", "closed")
    assert unnoticed.status()["state"] == "submitted"
    assert _certified(shown) == (2, {"accepted": 2}, 0)
    assert shown["totals"] == installation.recount("lost")
    assert (shown["totals"]["requested"], installation.unrecorded("lost")) == (50_000, [])
    until(lambda: installation.letters(to="borttappad@forening.example"), "the receipt of what was found")
    until(lambda: installation.letters(topic="StaffTopic", naming="Omgång lost"), "the closing summary")


# Dead letters


def test_what_fails_on_every_try_ends_among_the_dead_letters_and_another_try_cures_it(
    installation: Installation, record_property: Callable[[str, object], None]
) -> None:
    if left := installation.clear_dead_letters():
        record_property("measured", f"dead letters of other tests: {left}")
    anna = installation.anna
    installation.open_round("dead-letters")
    client = installation.applicant("dead-letters")
    stray = "rounds/no-such-round/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json"
    assert anna.ask("dead-letters", "list")["dead_letters"] == []
    tries = Tries(installation)
    with impatient(installation, 1), locked_out(installation, "IngestRole", "s3:*"):
        client.send(a_play(email="dodsbrev@forening.example"))
        installation.client("s3").put_object(Bucket=installation.outputs["UploadBucketName"], Key=stray, Body=b"{}")

        def both() -> Any:
            letters = installation.ask(anna, "GET", "/staff/dead-letters").json()["dead_letters"]
            # In such a hurry a message may be given up before the first try at it has failed, and told why.
            return len(letters) == 2 and "failed on every try" not in [one["reason"] for one in letters]

        until(both, "two dead letters", pause=1)
        tries.have_failed(uploads=2)
    listed = anna.ask("dead-letters", "list")["dead_letters"]
    keys = {json.loads(one["body"])["detail"]["object"]["key"]: one for one in listed}
    assert {(key, "FailedUploads" in one["queue"], one["reason"]) for key, one in keys.items()} == {
        (stray, True, "UnknownObjectError"),
        (_document_key(installation, client), True, "AccessDenied at GetObject"),
    }
    assert client.status()["state"] == "draft"

    curable = keys[_document_key(installation, client)]["id"]
    assert anna.ask("dead-letters", "redrive", curable) == {"redriven": 1, "more": False}
    until(lambda: client.status()["state"] == "submitted", "the redriven upload to count")
    assert [one["id"] for one in anna.ask("dead-letters", "list")["dead_letters"]] == [keys[stray]["id"]]
    assert anna.anslag("dead-letters", "redrive", curable, expect=1).err != ""
    with impatient(installation, 1):
        assert anna.ask("dead-letters", "redrive", "--all") == {"redriven": 1, "more": False}
        until(
            lambda: installation.ask(anna, "GET", "/staff/dead-letters").json()["dead_letters"],
            "what no try can cure to be back",
            pause=1,
        )
    assert installation.unrecorded("dead-letters") == []
    totals = installation.shown("dead-letters")["totals"]
    assert totals == installation.recount("dead-letters")
    assert (totals["applications"], totals["outcomes"]["accepted"]) == ({"submitted": 1}, 1)
    until(lambda: installation.letters(to="dodsbrev@forening.example"), "the receipt of the redriven upload")
    installation.client("sqs").purge_queue(QueueUrl=installation.outputs["FailedUploadsUrl"])


def _document_key(installation: Installation, client: ApplicantClient) -> str:
    (key,) = {one["Key"] for one in installation.uploads(client.token.split(".")[0])}
    return str(key)


# Processes that die


def _deaths_at_work(installation: Installation) -> int:
    """Batches of uploads that were lost with the process that worked at them."""
    return installation.cloud.log.read_text(errors="replace").count("Lambda anslag-ingest failed processing SQS batch")


def _signal(installation: Installation, which: signal.Signals) -> None:
    for process in processes(installation.cloud).get("ingest", []):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, which)


def _die_with_work_in_hand(
    installation: Installation, first: ApplicantClient, second: ApplicantClient, documents: Sequence[Any]
) -> None:
    """One that dies at work for certain: it is stopped, given an upload, and killed."""
    first.outcome_of(first.send(documents[0])["submission"])
    until(lambda: installation.waiting_uploads() == 0, "ingest to be idle")
    before = _deaths_at_work(installation)
    _signal(installation, signal.SIGSTOP)
    second.send(documents[1])
    until(lambda: installation.uploads_in_hand() == 1, "ingest to have taken an upload")
    _signal(installation, signal.SIGKILL)
    until(lambda: _deaths_at_work(installation) > before, "the death to be noticed")
    assert second.status()["state"] == "draft"


def _die_whenever(installation: Installation, clients: Sequence[ApplicantClient], documents: Sequence[Any]) -> None:
    """Many that die whenever it happens: starting, idle, reading, writing."""
    pauses = itertools.cycle((0.05, 0.4, 0.9, 1.3))
    with ThreadPoolExecutor(1) as crowd:
        sending = [crowd.submit(client.send, one) for client, one in zip(clients, documents, strict=True)]
        while not all(one.done() for one in sending):
            time.sleep(next(pauses))
            _signal(installation, signal.SIGKILL)
    assert [one.exception() for one in sending] == [None] * len(clients)


def test_ingest_may_be_killed_again_and_again_and_everything_has_one_outcome(installation: Installation) -> None:
    addresses = [f"krasch-{number}@forening.example" for number in range(UPLOADS)]
    documents = [a_play(email=to, amount=10_000) for to in addresses]
    try:
        with installation.open_for("crashes"):
            clients = [installation.applicant("crashes") for _ in documents]
            _die_with_work_in_hand(installation, clients[0], clients[1], documents)
            _die_whenever(installation, clients[2:], documents[2:])

        # What died with its process is invisible for six minutes; closing does not wait for it.
        shown = installation.in_state("crashes", "closed")
    finally:
        # Tests that come after this one would wait for it.
        installation.client("sqs").purge_queue(QueueUrl=installation.outputs["UploadQueueUrl"])
    assert _certified(shown) == (UPLOADS, {"accepted": UPLOADS}, 0)
    assert {client.status()["state"] for client in clients} == {"submitted"}
    assert shown["totals"] == installation.recount("crashes")
    totals = shown["totals"]
    assert (totals["applications"], totals["requested"]) == ({"submitted": UPLOADS}, 10_000 * UPLOADS)

    def receipts() -> list[str]:
        sent = installation.letters(naming="Omgång crashes")
        receipts = [one for one in sent if one.attributes.get("X-Anslag-Effect", "").startswith("receipt-")]
        return sorted(to for one in receipts for to in one.to)

    until(lambda: len([to for to in receipts() if to in addresses]) >= UPLOADS, f"{UPLOADS} receipts")
    installation.invoke("acknowledge", {"resend": True})
    assert [to for to in receipts() if to in addresses] == sorted(addresses)
