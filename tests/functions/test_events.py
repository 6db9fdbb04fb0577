"""Recorded events through the real handlers: what each answers, and what it must not do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.advance.closing import Closed, Closing
from functions.ingest.intake import Uploaded
from shared import keys
from shared.applications import Outcome
from shared.rounds import Round, RoundState
from tests.builders.documents import a_document, attachment, raw
from tests.functions.deployed import (
    ANNA,
    Deployed,
    deployed,
    in_base64,
    outcome_records,
    recorded,
    request,
    upload_messages,
)
from tests.functions.staff import AFTER_CLOSING
from tests.functions.world import ROUND

__all__ = ["deployed"]  # a fixture: pytest finds it here

NOT_THERE = Uploaded(keys.document_object(ROUND, "7K3M9QXRC", "0DPXV4K2A9QJ5T0RZ"), "3sL4kqtJlcpXroDTDmJ")


# ---------------------------------------------------------------- the queue of uploads


def test_an_uploaded_document_is_recorded(deployed: Deployed) -> None:
    uploaded = deployed.world.upload(deployed.world.start().application.id)
    assert deployed.invoke("ingest", upload_messages(uploaded)) == {"batchItemFailures": []}
    assert [one.outcome for one in deployed.world.submissions()] == [Outcome.ACCEPTED]


def test_of_a_batch_exactly_the_message_that_failed_is_delivered_again(deployed: Deployed) -> None:
    first, last = (deployed.world.upload(deployed.world.start().application.id) for _ in range(2))
    batch = upload_messages(first, NOT_THERE, last)
    failed = batch["Records"][1]["messageId"]
    assert deployed.invoke("ingest", batch) == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert [one.outcome for one in deployed.world.submissions()] == [Outcome.ACCEPTED] * 2


def test_why_an_upload_failed_is_kept_for_whoever_finds_it_among_the_dead_letters(deployed: Deployed) -> None:
    batch = upload_messages(NOT_THERE)
    deployed.invoke("ingest", batch)
    deployed.world.failed_uploads.send_text(batch["Records"][0]["body"])
    _, shown = deployed.ask("administer", request("GET", "/staff/dead-letters", by=ANNA))
    assert [one["reason"] for one in shown["dead_letters"]] == ["NoSuchVersion at GetObject"]


def test_a_message_that_nobody_can_read_fails_alone(deployed: Deployed) -> None:
    good = deployed.world.upload(deployed.world.start().application.id)
    batch = upload_messages(good, NOT_THERE, NOT_THERE)
    batch["Records"][1]["body"] = "{"
    batch["Records"][2]["body"] = json.dumps({"source": "aws.s3", "detail": {}})
    failed = [{"itemIdentifier": message["messageId"]} for message in batch["Records"][1:]]
    assert deployed.invoke("ingest", batch) == {"batchItemFailures": failed}


def test_where_every_message_fails_each_is_named_and_nothing_is_raised(deployed: Deployed) -> None:
    """An exception would make Lambda forget which, and slow the whole queue down."""
    batch = upload_messages(NOT_THERE, NOT_THERE)
    failed = [{"itemIdentifier": message["messageId"]} for message in batch["Records"]]
    assert deployed.invoke("ingest", batch) == {"batchItemFailures": failed}


def test_a_message_of_the_sweep_is_read_like_one_of_s3(deployed: Deployed) -> None:
    world = deployed.world
    world.upload(world.start().application.id)
    world.now = AFTER_CLOSING
    deployed.invoke("advance", recorded("heartbeat"))
    (letter,) = world.uploads.receive(hidden_seconds=0)
    batch: dict[str, Any] = recorded("upload")
    batch["Records"][0]["body"] = letter.body
    assert deployed.invoke("ingest", batch) == {"batchItemFailures": []}
    assert [one.outcome for one in world.submissions()] == [Outcome.ACCEPTED]


# ---------------------------------------------------------------- requests of applicants


def test_the_recorded_request_is_refused_for_its_link_alone(deployed: Deployed) -> None:
    """As it is: everything about it is read, and only its private link opens nothing here."""
    status, answer = deployed.ask("apply", recorded("public-request"))
    assert (status, [one["code"] for one in answer["problems"]]) == (404, ["no-such-application"])


def test_an_application_goes_from_start_to_receipt_by_events_alone(deployed: Deployed) -> None:
    status, started = deployed.ask("apply", request("POST", f"/rounds/{ROUND}/applications", {"language": "sv"}))
    assert status == 201
    document = raw(a_document())
    named = attachment("", "", document, "")
    forms: dict[str, Any] = recorded("public-request")
    wanted = {
        "document": {"size": named["size"], "sha256": named["sha256"]},
        "attachments": [
            {name: file[name] for name in ("name", "size", "sha256", "type")} for file in a_document()["attachments"]
        ],
    }
    forms["headers"]["authorization"] = f"Bearer {started['token']}"
    status, signed = deployed.ask("apply", {**forms, "body": json.dumps(wanted)})
    assert (status, [form["for"] for form in signed["forms"]]) == (201, ["attachment", "attachment", "document"])
    uploaded = deployed.world.upload(started["application"])
    deployed.invoke("ingest", upload_messages(uploaded))
    deployed.invoke("acknowledge", outcome_records(*deployed.world.submissions()))
    assert [message["Destination"] for message in deployed.mailed] == [{"ToAddresses": ["asa.oberg@pitea.example"]}]
    status, shown = deployed.ask("apply", request("GET", "/application", token=started["token"]))
    assert (status, shown["state"]) == (200, "submitted")


@pytest.mark.parametrize("function", ["apply", "administer", "decide", "announce"])
def test_an_unknown_address_is_answered_with_a_problem_document(deployed: Deployed, function: str) -> None:
    event = request("GET", "/staff/nowhere", by=ANNA, language="en-GB,en;q=0.9")
    answer = deployed.invoke(function, event)
    assert answer["statusCode"] == 404
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    body = json.loads(answer["body"])
    assert body == {
        "type": "about:blank",
        "title": body["problems"][0]["en"],
        "status": 404,
        "problems": [{"code": "no-such-page", "path": "", "sv": body["problems"][0]["sv"], "en": body["title"]}],
    }


def test_a_wrong_body_is_answered_with_every_problem_of_it(deployed: Deployed) -> None:
    token = deployed.world.start().link.token
    wrong = {"document": {"size": "large", "sha256": "x"}, "attachments": [{"name": "a.pdf"}], "more": 1}
    status, answer = deployed.ask("apply", request("POST", "/application/forms", wrong, token=token))
    assert status == 400
    assert sorted(one["path"] for one in answer["problems"]) == [
        "attachments.0.sha256",
        "attachments.0.size",
        "attachments.0.type",
        "document.sha256",
        "document.size",
        "more",
    ]
    assert all(one["sv"] and one["en"] for one in answer["problems"])


def test_a_body_that_is_no_json_is_refused_in_the_readers_language(deployed: Deployed) -> None:
    path = f"/rounds/{ROUND}/applications"
    for language in ("sv", "en"):
        event = {**request("POST", path, {}, language=language), "body": "{language: sv"}
        status, answer = deployed.ask("apply", event)
        assert (status, answer["title"]) == (400, answer["problems"][0][language])


def test_a_body_in_base_64_is_read_all_the_same(deployed: Deployed) -> None:
    event = in_base64(request("POST", f"/rounds/{ROUND}/applications", {"language": "en"}))
    assert deployed.ask("apply", event)[0] == 201


def test_a_body_that_is_no_text_is_a_wrong_body_and_no_failure_of_ours(deployed: Deployed) -> None:
    event = in_base64(request("POST", f"/rounds/{ROUND}/applications", {}), b"\xff\xfe\x00{")
    assert deployed.ask("apply", event)[0] == 400


# ---------------------------------------------------------------- schedules and functions that start functions


def test_the_heartbeat_and_an_operators_request_are_the_same_job(deployed: Deployed) -> None:
    world = deployed.world
    world.now = AFTER_CLOSING
    assert deployed.invoke("advance", recorded("heartbeat")) == {"steps": ["round closing", "round closed"]}
    again = ["closing summary asked for", "letters asked for"]
    assert deployed.invoke("advance", recorded("advance-now")) == {"steps": again}
    assert world.round().state is RoundState.CLOSED
    summary = "anslag-summarise", recorded("closing-summary")
    assert deployed.started == [summary, summary, ("anslag-acknowledge", recorded("letters-owed"))]


def test_what_a_closed_round_owes_is_sent_and_then_nothing_is_asked_for(deployed: Deployed) -> None:
    world = deployed.world
    world.submit(world.start().application.id)
    world.now = AFTER_CLOSING
    deployed.invoke("advance", recorded("heartbeat"))
    assert "letters asked for" in deployed.invoke("advance", recorded("heartbeat"))["steps"]
    for _ in range(2):
        deployed.invoke("acknowledge", recorded("letters-owed"))
    told = [one["Content"]["Simple"]["Subject"]["Data"] for one in deployed.mailed]
    assert ["har kommit in" in told[0], "är med i omgången" in told[1], len(told)] == [True, True, 2]
    assert "letters asked for" not in deployed.invoke("advance", recorded("heartbeat"))["steps"]


def told(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    return [vars(line) for line in caplog.records if line.message == message]


def test_a_heartbeat_that_fails_says_which_round_and_why_and_what_it_did_all_the_same(
    deployed: Deployed, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Closing.close

    def refuses(self: Closing, call: Round) -> Closed | None:
        if call.id == "2019-broken":
            raise TimeoutError("the programme officer Åsa Öberg would be named here")
        return close(self, call)

    deployed.world.create_round(id="2019-broken")
    deployed.world.now = AFTER_CLOSING
    monkeypatch.setattr(Closing, "close", refuses)
    with pytest.raises(ExceptionGroup):
        deployed.invoke("advance", recorded("heartbeat"))
    assert [(line["round"], line["error"]) for line in told(caplog, "round failed")] == [
        ("2019-broken", "TimeoutError")
    ]
    assert (ROUND, "round closed") in [(line["round"], line["what"]) for line in told(caplog, "round advanced")]


def test_letters_that_ses_refuses_are_counted_and_make_no_dead_letter(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    deployed.world.submit(deployed.world.start().application.id)
    deployed.mail_refuses = "Email address is not verified"
    assert deployed.invoke("acknowledge", recorded("letters-owed")) == {"batchItemFailures": []}
    assert '"LettersFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")
    (line,) = told(caplog, "letter failed")
    (submission,) = deployed.world.submissions()
    assert submission.application in line["letter"]
    assert line["error"].endswith(" at SendEmail")
    assert "@" not in line["letter"] + line["error"]


def test_the_summaries_that_were_asked_for_go_out_once(deployed: Deployed) -> None:
    world = deployed.world
    world.submit(world.start().application.id)
    world.now += timedelta(hours=1)
    assert deployed.invoke("summarise", recorded("digest")) == {"sent": [ROUND]}
    assert deployed.invoke("summarise", recorded("digest")) == {"sent": []}
    world.now = AFTER_CLOSING
    world.lifecycle.tick()
    assert deployed.invoke("summarise", recorded("closing-summary")) == {"sent": [ROUND]}
    assert deployed.invoke("summarise", recorded("closing-summary")) == {"sent": []}
    assert len(deployed.staff.read()) == 2


def test_a_schedule_whose_event_nobody_knows_fails_so_that_it_ends_in_the_dead_letters(deployed: Deployed) -> None:
    deployed.world.failed_uploads.send({"detail": "news for a digest"})
    with pytest.raises(KeyError):
        deployed.invoke("summarise", {"source": "heartbeat"})
    assert deployed.staff.read() == []


def test_an_announcement_that_needs_no_finishing_is_left_alone(deployed: Deployed) -> None:
    assert deployed.invoke("announce", recorded("finish-announcement")) == {"finished": False}
    assert deployed.awards.read() == []


def test_dead_letters_as_lambda_writes_them_are_put_back_as_jobs(deployed: Deployed) -> None:
    jobs = deployed.world.failed_jobs
    for name in ("failed-invocation", "failed-stream-batch", "heartbeat", "digest"):
        jobs.send(recorded(name))
    status, shown = deployed.ask("administer", request("GET", "/staff/dead-letters", by=ANNA))
    assert status == 200
    assert sorted(one["reason"] for one in shown["dead_letters"]) == [
        "RetriesExhausted: ReadTimeoutError",
        "RetryAttemptsExhausted",
        "failed on every try",
        "failed on every try",
    ]
    redriven = deployed.ask("administer", request("POST", "/staff/dead-letters/redrive", {"ids": None}, by=ANNA))
    assert redriven == (200, {"redriven": 4, "more": False})
    assert sorted(deployed.started, key=str) == sorted(
        [
            ("anslag-summarise", recorded("closing-summary")),
            ("anslag-acknowledge", {"resend": True}),
            ("anslag-advance", {"source": "redrive"}),
            ("anslag-summarise", recorded("digest")),
        ],
        key=str,
    )


def test_receipts_that_failed_are_caught_up_with_and_a_failure_is_a_number(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.world.submit(deployed.world.start().application.id)
    deployed.mail_refuses = "MessageRejected"
    assert deployed.invoke("acknowledge", {"unsent": "receipts"}) == {"batchItemFailures": []}
    assert '"LettersFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")
    deployed.mail_refuses = ""
    assert deployed.invoke("acknowledge", {"unsent": "receipts"}) == {"batchItemFailures": []}
    assert len(deployed.mailed) == 2, "one that was refused, and one that was not"


def test_receipts_are_sent_again_when_that_is_asked_for(deployed: Deployed) -> None:
    world = deployed.world
    world.submit(world.start().application.id)
    assert deployed.invoke("acknowledge", {"resend": True}) == {"batchItemFailures": []}
    assert deployed.invoke("acknowledge", {"resend": True}) == {"batchItemFailures": []}
    assert len(deployed.mailed) == 1
