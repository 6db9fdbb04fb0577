"""The runbook, tried: each alarm's cause is brought about, what the runbook says to look at shows it, what it says to
do cures it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
import requests

from infrastructure.cloud.running import ROOT
from infrastructure.demo.applicant import RefusedError
from infrastructure.demo.mischief import impatient, locked_out
from shared import keys
from shared.aws.table import Update
from tests.end_to_end.acts import closed_with, decide
from tests.end_to_end.alarms import Alarm, Tries, logged, said
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until
from tests.template import resources

pytestmark = pytest.mark.cloud


def sections() -> dict[str, str]:
    """The runbook's sections by the word before the colon in their headings."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    found = re.findall(r"^## (\w+): [^\n]+\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return dict(found)


def alarms() -> set[str]:
    """Every alarm of the template, without its ending."""
    return {name.removesuffix("Alarm") for name in resources("AWS::CloudWatch::Alarm")}


def test_the_runbook_has_a_section_for_each_alarm_with_its_meaning_what_to_look_at_and_what_to_do() -> None:
    assert set(sections()) == alarms()
    parts = ("*Means.*", "*Look.*", "*Do.*")
    incomplete = [name for name, text in sections().items() if any(part not in text for part in parts)]
    assert incomplete == []


def noted(alarm: Alarm, reason: str) -> bool:
    answer = alarm.installation.ask(alarm.installation.anna, "GET", "/staff/dead-letters").json()
    return [one["reason"] for one in answer["dead_letters"]] == [reason]


def failed_uploads(installation: Installation, alarm: Alarm) -> None:
    """An upload that ingest may not read."""
    anna, round_id = installation.anna, f"rb-{alarm.name.lower()}"
    installation.clear_dead_letters()
    assert anna.ask("dead-letters", "list")["dead_letters"] == []
    installation.open_round(round_id)
    client = installation.applicant(round_id)
    tries = Tries(installation)
    with impatient(installation, 1), locked_out(installation, "IngestRole", "s3:*"):
        client.send(a_play(email="runbook@forening.example"))
        # With so little patience a message may be given up before the first try at it has failed, and told why.
        until(lambda: noted(alarm, "AccessDenied at GetObject"), "a dead letter with its reason")
        tries.have_failed(uploads=1)
        (listed,) = anna.ask("dead-letters", "list")["dead_letters"]
    alarm.goes_off(1 if alarm.name == "FailedUploads" else alarm.details["Threshold"] + listed["age_seconds"])
    assert (listed["queue"], listed["reason"]) == (alarm.watches, "AccessDenied at GetObject")
    assert all(word in anna.anslag("dead-letters", "list").out for word in ("AccessDenied", "GetObject"))
    key = json.loads(listed["body"])["detail"]["object"]["key"]
    assert "AccessDenied" in str(tries.failures()[-1])
    assert client.status()["state"] == "draft"
    assert keys.parse_document_object(key) is not None

    assert anna.ask("dead-letters", "redrive", listed["id"]) == {"redriven": 1, "more": False}
    until(lambda: client.status()["state"] == "submitted", "the redriven upload to count")
    assert (anna.ask("dead-letters", "list")["dead_letters"], alarm.queued()) == ([], 0)


def failed_jobs(installation: Installation, alarm: Alarm) -> None:
    """A heartbeat that may not read the table."""
    anna = installation.anna
    installation.clear_dead_letters()
    with installation.without_heartbeat():
        with locked_out(installation, "AdvanceRole", "dynamodb:*"):
            anna.anslag("rounds", "advance")
            until(lambda: alarm.queued() == 1, "a dead letter")
            (listed,) = anna.ask("dead-letters", "list")["dead_letters"]
        alarm.goes_off(1 if alarm.name == "FailedJobs" else alarm.details["Threshold"] + 1)
        # After the colon Lambda names the kind of the error, and the embedded cloud the place where it came up.
        assert (listed["queue"], listed["reason"].partition(":")[0]) == (alarm.watches, "RetriesExhausted")
        assert json.loads(listed["body"])["requestPayload"] == {"source": "operator"}
        assert anna.ask("dead-letters", "redrive", "--all") == {"redriven": 1, "more": False}
        opens = f"rb-{alarm.name.lower()}"
        installation.open_round(opens)
        anna.anslag("rounds", "advance")
        until(lambda: installation.shown(opens)["round"]["state"] == "open", "the job to work again")
    assert (anna.ask("dead-letters", "list")["dead_letters"], alarm.queued()) == ([], 0)


def uploads_waiting(installation: Installation, alarm: Alarm) -> None:
    """A queue that nobody reads."""
    installation.open_round("rb-waiting")
    client = installation.applicant("rb-waiting")
    with installation.paused("IngestFunctionUploads"):
        client.send(a_play())
        until(lambda: alarm.queued() == 1, "an upload to wait")
        alarm.goes_off(901)
        mapping = installation.client("lambda").get_event_source_mapping(
            UUID=installation.resource("IngestFunctionUploads")
        )
        assert (mapping["State"], client.status()["state"]) == ("Disabled", "draft")
    until(lambda: alarm.queued() == 0, "the queue to be read again")
    assert client.status()["state"] == "submitted"


def receipts_waiting(installation: Installation, alarm: Alarm) -> None:
    """A function that may not ask SES any more: what it cannot do for one applicant it cannot do for another."""
    assert alarm.watches == installation.resource("AcknowledgeFunction")
    installation.open_round("rb-receipts")
    client = installation.applicant("rb-receipts")
    with locked_out(installation, "AcknowledgeRole", "ses:*"):
        client.outcome_of(client.send(a_play(email="sent@forening.example"))["submission"])
        until(lambda: said(installation, "AcknowledgeLogs", "receipt failed", of="rb-receipts"), "a receipt to fail")
        alarm.goes_off(900_001)
        assert installation.letters(to="sent@forening.example") == []
        assert client.reference in client.status()["receipt"]["text"]
    until(lambda: len(installation.letters(to="sent@forening.example")) == 1, "the receipt")


def letters_failed(installation: Installation, alarm: Alarm) -> None:
    """SES takes nothing from the sender, neither when the outcome is recorded nor when the round has closed."""
    before = len(alarm.told_so_far("AcknowledgeLogs"))
    with locked_out(installation, "AcknowledgeRole", "ses:*"):
        with installation.open_for("rb-letters"):
            client = installation.applicant("rb-letters")
            client.outcome_of(client.send(a_play(email="agd@forening.example"))["submission"])
        installation.in_state("rb-letters", "closed")
        installation.advance()
        alarm.goes_off(alarm.told_by_a_function("AcknowledgeLogs", before))
        assert installation.letters(to="agd@forening.example") == []

    def sent() -> bool:
        if len(installation.letters(to="agd@forening.example")) == 2:
            return True
        installation.advance()
        return False

    until(sent, "the receipt and the closing letter", pause=1)


def heartbeat(installation: Installation, alarm: Alarm) -> None:
    """A schedule that somebody has switched off."""
    assert alarm.watches == installation.resource("AdvanceFunction")
    with installation.without_heartbeat():
        assert alarm.numbers() > 0  # of the time before somebody switched it off
        alarm.would_go_off()
        scheduler = installation.client("scheduler")
        assert scheduler.get_schedule(Name="anslag-heartbeat")["State"] == "DISABLED"
        installation.open_round("rb-heartbeat")
        assert installation.shown("rb-heartbeat")["round"]["state"] == "scheduled"
        assert "already" not in installation.anna.anslag("rounds", "advance").err
        until(lambda: installation.shown("rb-heartbeat")["round"]["state"] == "open", "the job, by hand")
    assert scheduler.get_schedule(Name="anslag-heartbeat")["State"] == "ENABLED"


def totals_repaired(installation: Installation, alarm: Alarm) -> None:
    """A counter that somebody has changed by hand; and the schedule was down, so that one tick does all."""
    with installation.without_heartbeat():
        with installation.open_for("miscounted"):
            client = installation.applicant("miscounted")
            client.outcome_of(client.send(a_play(amount=20_000))["submission"])
            installation.table().write(Update(keys.totals_key("miscounted"), add={"requested": 1}))
            assert installation.shown("miscounted")["totals"]["requested"] == 20_001
        shown = installation.in_state("miscounted", "closed")
    alarm.goes_off(alarm.told_by_a_function("AdvanceLogs"))
    assert shown["totals"] == installation.recount("miscounted")
    events = installation.anna.ask("rounds", "events", "miscounted")["events"]
    assert [event["repaired"] for event in events if event["what"] == "round closed"] == [["requested"]]
    assert installation.anna.ask("verify", "miscounted")["differences"] == []
    told = [line["repaired"] for line in logged(installation, "AdvanceLogs") if line.get("round") == "miscounted"]
    assert max(told) == 1


def uploads_without_outcome(installation: Installation, alarm: Alarm) -> None:
    """Ingest does not work while a round closes."""
    with installation.open_for("rb-unrecorded"):
        client = installation.applicant("rb-unrecorded")
        with installation.notifications_lost():
            client.send(a_play(email="saknas@forening.example"))
    with installation.paused("IngestFunctionUploads"):
        installation.in_state("rb-unrecorded", "closing")

        def missed() -> list[int]:
            installation.advance()  # again, because closing first waits for uploads that are on their way
            lines = [line for line in logged(installation, "AdvanceLogs") if line.get("round") == "rb-unrecorded"]
            return [line["missing"] for line in lines if line.get("what") == "uploads queued again"]

        assert until(missed, "closing to miss the upload", pause=1)[-1] == 1
        alarm.goes_off(alarm.told_by_a_function("AdvanceLogs"))
        assert installation.shown("rb-unrecorded")["certificate"] is None
        by_hand = _written_by_hand(installation, "rb-unrecorded")
        assert until(lambda: missed()[-1] == 2, "closing to see what lies there by hand", pause=1)
        installation.client("s3").delete_object(**by_hand)
        installation.client("sqs").purge_queue(QueueUrl=installation.outputs["UploadQueueUrl"])
    shown = installation.in_state("rb-unrecorded", "closed")
    assert (shown["certificate"]["objects"], shown["certificate"]["missing"]) == (1, 0)


def _written_by_hand(installation: Installation, round_id: str) -> dict[str, str]:
    """An object of an application that there is not. Returns what names its version."""
    key = f"rounds/{round_id}/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json"
    place = {"Bucket": installation.outputs["UploadBucketName"], "Key": key}
    return {**place, "VersionId": installation.client("s3").put_object(**place, Body=b"{}")["VersionId"]}


def announcements_held_back(installation: Installation, alarm: Alarm) -> None:
    """An application changes between its approval for an instant and that instant."""
    round_id = "rb-held-back"
    (client,) = closed_with(installation, round_id, [a_play(email="tid@forening.example")])
    digest = decide(installation, round_id, {client.reference: 20_000})
    installation.bertil.anslag("decisions", "approve", round_id, "--digest", digest)
    digest = installation.bertil.ask("announcement", "preview", round_id)["digest"]
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=30)
    timed = ("announcement", "publish", round_id, "--digest", digest, "--at", at.isoformat(), "--yes")
    installation.bertil.anslag(*timed)
    key = keys.application_key(round_id, client.reference.replace("-", ""))
    row = installation.table().get(key) or {}
    current = {**row["current"], "facts": {**row["current"]["facts"], "title": "En annan titel"}}
    installation.table().write(Update(key, set={"current": current}))

    def held_back() -> bool:
        if installation.bertil.ask("announcement", "preview", round_id)["held_back"]:
            return True
        installation.advance()
        return False

    until(held_back, "the announcement to be held back", pause=1)
    installation.advance()
    alarm.goes_off(alarm.told_by_a_function("AdvanceLogs"))
    assert installation.letters(topic="AwardTopic", naming=f'"id":"{round_id}"') == []
    installation.bertil.anslag("announcement", "call-off", round_id)
    preview = installation.bertil.ask("announcement", "preview", round_id)
    assert "En annan titel" in preview["texts"]["sv"]["body"]
    installation.bertil.anslag("announcement", "publish", round_id, "--digest", preview["digest"], "--yes")
    assert len(installation.letters(topic="AwardTopic", naming=f'"id":"{round_id}"')) == 1


def api_errors(installation: Installation, alarm: Alarm) -> None:
    """The API may not read its table."""
    assert alarm.watches == installation.outputs["ApiId"]
    installation.open_round("rb-api")
    client = installation.applicant("rb-api")
    with locked_out(installation, "ApplyRole", "dynamodb:*"):
        answers = [
            requests.get(
                f"{installation.outputs['ApiUrl']}/application",
                headers={"Authorization": f"Bearer {client.token}"},
                timeout=20,
            )
            for _ in range(6)
        ]
        assert [answer.status_code for answer in answers] == [500] * 6
        alarm.goes_off(len(answers))
        assert "AccessDenied" in str(said(installation, "ApplyLogs", "unexpected failure")[-1])
        with pytest.raises(RefusedError):
            client.send(a_play())
    assert client.status()["state"] == "draft"
    assert client.outcome_of(client.send(a_play())["submission"])["state"] == "submitted"


TRIED: Mapping[str, Callable[[Installation, Alarm], None]] = {
    "FailedUploads": failed_uploads,
    "FailedUploadsOld": failed_uploads,
    "FailedJobs": failed_jobs,
    "FailedJobsOld": failed_jobs,
    "UploadsWaiting": uploads_waiting,
    "ReceiptsWaiting": receipts_waiting,
    "LettersFailed": letters_failed,
    "Heartbeat": heartbeat,
    "TotalsRepaired": totals_repaired,
    "UploadsWithoutOutcome": uploads_without_outcome,
    "AnnouncementsHeldBack": announcements_held_back,
    "ApiErrors": api_errors,
}


def test_every_alarm_of_the_template_is_tried() -> None:
    assert set(TRIED) == alarms()


@pytest.mark.parametrize("name", TRIED)
def test_what_the_runbook_says_of_an_alarm_is_so(installation: Installation, name: str) -> None:
    TRIED[name](installation, Alarm(installation, name))
