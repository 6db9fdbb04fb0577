"""Dead letters: shown, put back, and never lost on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from functions.administer.dead_letters import DeadLetters
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
    )


def test_dead_letters_are_listed_and_stay(world: World) -> None:
    world.failed_uploads.send({"detail": 1})
    world.failed_jobs.send(
        {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": {"source": "heartbeat"}}
    )
    world.now += timedelta(days=3000)
    for _ in range(2):
        shown = dead_letters(world).show()
        assert [(one["queue"], one["reason"]) for one in shown] == [
            ("failed-uploads", "failed on every try"),
            ("failed-jobs", "RetriesExhausted"),
        ]


def test_an_upload_goes_back_to_its_queue_and_a_job_is_run_again(world: World) -> None:
    world.failed_uploads.send({"detail": "as it was"})
    world.failed_jobs.send({"requestPayload": {"source": "heartbeat"}})
    world.failed_jobs.send({"requestPayload": {"summary": "closing", "round": ROUND}})
    world.failed_jobs.send({"summary": "digest"})
    world.failed_jobs.send({"DDBStreamBatchInfo": {"shardId": "1"}})
    world.failed_jobs.send({"requestPayload": {"resend": True}})
    assert dead_letters(world).redrive(None) == 6
    assert dead_letters(world).show() == []
    (letter,) = world.uploads.receive(hidden_seconds=0)
    assert json.loads(letter.body) == {"detail": "as it was"}
    assert sorted(world.started.started, key=str) == sorted(
        [
            ("advance", {"source": "redrive"}),
            ("summarise", {"summary": "closing", "round": ROUND}),
            ("summarise", {"summary": "digest"}),
            ("acknowledge", {"resend": True}),
            ("acknowledge", {"resend": True}),
        ],
        key=str,
    )


def test_one_letter_can_be_put_back_alone(world: World) -> None:
    for number in range(3):
        world.failed_uploads.send({"number": number})
    chosen = next(one for one in dead_letters(world).show() if one["body"] == '{"number": 1}')
    assert dead_letters(world).redrive([chosen["id"]]) == 1
    assert sorted(one["body"] for one in dead_letters(world).show()) == ['{"number": 0}', '{"number": 2}']
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
