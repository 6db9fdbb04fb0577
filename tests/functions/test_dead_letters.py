"""Dead letters: shown, put back, and never lost on the way."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.administer.dead_letters import DeadLetters
from functions.ingest.intake import UnknownObjectError, Uploaded
from shared.aws import clients
from shared.aws.failures import KEPT, note_failure
from shared.aws.messages import Letter, Queue
from shared.problems import ProblemsError
from tests.functions.staff import refused
from tests.functions.world import ROUND, World


def dead_letters(world: World) -> DeadLetters:
    return DeadLetters(
        world.failed_uploads,
        world.uploads,
        world.failed_jobs,
        world.started,
        "advance",
        "acknowledge",
        "summarise",
        world.clock,
        world.table,
    )


def listed(world: World) -> list[dict[str, Any]]:
    return dead_letters(world).show()[0]


def a_letter(world: World, uploaded: Uploaded) -> dict[str, Any]:
    """What the upload queue gives up on."""
    letter = {"detail": {"object": {"key": uploaded.key, "version-id": uploaded.version_id}}}
    world.failed_uploads.send(letter)
    return letter


def test_dead_letters_are_listed_and_stay(world: World) -> None:
    world.failed_uploads.send({"detail": 1})
    world.failed_jobs.send(
        {
            "requestContext": {"condition": "RetriesExhausted"},
            "requestPayload": {"source": "heartbeat"},
            "responsePayload": {"errorType": "AccessDenied", "errorMessage": "of somebody@example.org"},
        }
    )
    world.now += timedelta(days=3000)
    for _ in range(2):
        shown = listed(world)
        assert [(one["queue"], one["reason"]) for one in shown] == [
            ("failed-uploads", "not a message about an upload"),
            ("failed-jobs", "RetriesExhausted: AccessDenied"),
        ]


def test_an_upload_goes_back_to_its_queue_and_a_job_is_run_again(world: World) -> None:
    world.failed_uploads.send({"detail": "as it was"})
    world.failed_jobs.send({"requestPayload": {"source": "heartbeat"}})
    world.failed_jobs.send({"requestPayload": {"summary": "closing", "round": ROUND}})
    world.failed_jobs.send({"summary": "digest"})
    world.failed_jobs.send({"DDBStreamBatchInfo": {"shardId": "1"}})
    world.failed_jobs.send({"requestPayload": {"resend": True}})
    world.failed_jobs.send({"unsent": "receipts"})
    assert dead_letters(world).redrive(None) == (7, False)
    assert listed(world) == []
    (letter,) = world.uploads.receive(hidden_seconds=0)
    assert json.loads(letter.body) == {"detail": "as it was"}
    assert sorted(world.started.started, key=str) == sorted(
        [
            ("advance", {"source": "redrive"}),
            ("summarise", {"summary": "closing", "round": ROUND}),
            ("summarise", {"summary": "digest"}),
            ("acknowledge", {"resend": True}),
        ],
        key=str,
    )


def test_one_letter_can_be_put_back_alone(world: World) -> None:
    for number in range(3):
        world.failed_uploads.send({"number": number})
    chosen = next(one for one in listed(world) if one["body"] == '{"number": 1}')
    assert dead_letters(world).redrive([chosen["id"]]) == (1, False)
    assert sorted(one["body"] for one in listed(world)) == ['{"number": 0}', '{"number": 2}']
    with pytest.raises(ProblemsError) as error:
        dead_letters(world).redrive(["no-such-letter"])
    assert refused(error) == (404, [("no-such-dead-letter", "ids")])


def test_redriving_what_was_handled_changes_nothing(world: World) -> None:
    uploaded = world.upload(world.start().application.id)
    world.intake.ingest(uploaded)
    before = world.rows()
    world.failed_uploads.send({"detail": {"object": {"key": uploaded.key, "version-id": uploaded.version_id}}})
    dead_letters(world).redrive(None)
    (letter,) = world.uploads.receive(hidden_seconds=0)
    detail = json.loads(letter.body)["detail"]["object"]
    assert (detail["key"], detail["version-id"]) == (uploaded.key, uploaded.version_id)
    world.intake.ingest(uploaded)
    assert world.rows() == before


# Reasons


def test_an_upload_is_listed_with_the_reason_that_ingest_noted_last(world: World) -> None:
    uploaded = world.upload(world.start().application.id)
    for error in (ConnectionError("to somebody@example.org"), UnknownObjectError(uploaded.key)):
        world.intake.note_failure(uploaded, error)
    letter = a_letter(world, uploaded)
    world.failed_uploads.send(letter)  # the same upload, delivered twice
    assert [one["reason"] for one in listed(world)] == ["UnknownObjectError"] * 2


def test_a_refusal_of_aws_is_named_by_its_code_and_what_was_asked(world: World) -> None:
    missing = Uploaded("rounds/2019-autumn/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json", "1")
    with pytest.raises(ClientError) as error:
        world.intake.ingest(missing)
    world.intake.note_failure(missing, error.value)
    a_letter(world, missing)
    assert [one["reason"] for one in listed(world)] == [f"{error.value.response['Error']['Code']} at GetObject"]


def test_reasons_are_forgotten_after_the_queues_have_forgotten_the_letters(world: World) -> None:
    note_failure(world.table, "a", "1", "AccessDenied", world.now)
    row = world.table.get({"pk": "FAILURE#a", "sk": "1"})
    assert row is not None
    assert row["expires_at"] == int((world.now + KEPT).timestamp())
    assert timedelta(days=14) < KEPT


def test_messages_that_cannot_be_read_are_listed_and_put_back_as_they_are(world: World) -> None:
    bodies = [" ", "not json", "[]", '{"detail": 1}', '{"detail": {"object": {"key": 1, "version-id": ""}}}', "å" * 300]
    for body in bodies:
        world.failed_uploads.send_text(body)
        world.failed_jobs.send_text(body)
    reasons = [one["reason"] for one in listed(world)]
    assert reasons == ["not a message about an upload"] * 6 + ["failed on every try"] * 6
    assert dead_letters(world).redrive(None) == (12, False)
    assert sorted(_drained(world.uploads)) == sorted(bodies)
    assert world.started.started == [("advance", {"source": "redrive"})]


# Many, and in a hurry


def test_more_letters_than_one_call_hands_out_are_all_listed_and_all_put_back(world: World) -> None:
    for number in range(37):
        a_letter(world, Uploaded(f"upload-{number}", "1"))
    letters, more = dead_letters(world).show()
    assert (len(letters), more) == (37, False)
    assert dead_letters(world).redrive(None) == (37, False)
    assert listed(world) == []


def test_whoever_sees_only_some_of_them_is_told_that_there_may_be_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.administer.dead_letters._MOST_BATCHES", 2)
    for number in range(25):
        world.failed_uploads.send({"number": number})
    letters, more = dead_letters(world).show()
    assert (len(letters), more) == (20, True)


@pytest.mark.parametrize("queue", ["failed_uploads", "failed_jobs"])
def test_whoever_puts_back_only_some_of_them_is_told_that_there_may_be_more(
    world: World, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    monkeypatch.setattr("functions.administer.dead_letters._MOST_BATCHES", 2)
    for number in range(25):
        getattr(world, queue).send({"number": number})
    assert [dead_letters(world).redrive(None) for _ in range(2)] == [(20, True), (5, False)]


def test_two_operators_at_once_put_every_letter_back_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two at once, the second begins when the first has taken its first letters and put none back."""

    class Interrupted(Queue):
        def send_text(self, body: str) -> None:
            if not redriven:
                redriven.append(0)
                redriven[0] = dead_letters(world).redrive(None)[0]
            super().send_text(body)

    for number in range(30):
        world.failed_uploads.send({"number": number})
    redriven: list[int] = []
    monkeypatch.setattr(world, "uploads", Interrupted(clients.sqs(), world.uploads.url))
    redriven.append(dead_letters(world).redrive(None)[0])
    assert redriven == [20, 10]
    assert Counter(_drained(world.uploads)) == Counter(json.dumps({"number": number}) for number in range(30))
    assert listed(world) == []


def test_a_redrive_that_dies_half_way_loses_none_and_leaves_the_others_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dies(Queue):
        def delete(self, letter: Letter) -> None:
            if letter.body == '{"number": 4}':
                raise SystemExit
            super().delete(letter)

    bodies = [json.dumps({"number": number}) for number in range(25)]
    for body in bodies:
        world.failed_uploads.send_text(body)
    client, url = clients.sqs(), world.failed_uploads.url
    monkeypatch.setattr(world, "failed_uploads", Dies(client, url, wait_seconds=0))
    dying = dead_letters(world)
    with pytest.raises(SystemExit):
        dying.redrive(None)
    monkeypatch.setattr(world, "failed_uploads", Queue(client, url, wait_seconds=0))
    # All but the few that it had in hand can be seen at once, by whoever comes next.
    assert dead_letters(world).redrive(None)[0] >= 15
    _show_everything(url)
    dead_letters(world).redrive(None)
    assert listed(world) == []
    assert Counter(_drained(world.uploads)) - Counter(bodies) == Counter({'{"number": 4}': 1})


def test_a_job_that_fails_again_at_once_comes_back_and_is_not_taken_for_the_letter_that_asked(world: World) -> None:
    def fails_at_once(name: str, event: dict[str, Any]) -> None:
        world.started.started.append((name, event))
        world.failed_jobs.send({"requestPayload": event, "again": True})

    world.started.start = fails_at_once  # type: ignore[method-assign]
    world.failed_jobs.send({"requestPayload": {"source": "heartbeat"}})
    assert dead_letters(world).redrive(None) == (1, False)
    assert len(world.started.started) == 1
    assert [json.loads(one["body"])["again"] for one in listed(world)] == [True]


def _drained(queue: Queue) -> list[str]:
    found = []
    while letters := queue.receive(hidden_seconds=60):
        found += [letter.body for letter in letters]
    return found


def _show_everything(url: str) -> None:
    """As if the time had passed for which a look hides letters."""
    from moto.sqs.models import sqs_backends

    for message in sqs_backends["123456789012"]["eu-north-1"].queues[url.rpartition("/")[2]]._messages:
        message.change_visibility(0)
