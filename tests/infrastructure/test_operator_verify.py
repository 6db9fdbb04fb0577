"""anslag verify ROUND: a certificate and every application, held against everything that is stored."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time

import boto3
import pytest

from infrastructure.operator.several import in_order
from shared import keys
from shared.aws.table import Table, Update
from tests.infrastructure import operator_api, operator_command, operator_rounds
from tests.infrastructure.operator_api import StaffApi
from tests.infrastructure.operator_command import Anslag, command_line, elsewhere, on_a_terminal
from tests.infrastructure.operator_rounds import ROUND, stored
from tests.infrastructure.operator_servers import as_json, scripted

anslag = operator_command.anslag
closed = operator_rounds.closed
staff_api = operator_api.staff_api


def test_a_round_that_nobody_altered_is_verified(closed: StaffApi, anslag: Anslag) -> None:
    ran = anslag("verify", ROUND)
    assert sum("/verification" in asked for asked in closed.asked) == 3
    assert (ran.code, ran.err) == (0, "")
    assert "Every application in the table is the one that was uploaded." in ran.out


def test_an_altered_application_is_named_with_what_differs(closed: StaffApi, anslag: Anslag) -> None:
    gotland = next(one for one in stored(closed, "/applications")["applications"] if one["applicant"] == "Gotland")
    place = keys.application_key(ROUND, gotland["application"])
    table = Table(boto3.client("dynamodb"), "anslag")
    current = (table.get(place) or {})["current"]
    table.write(Update(place, set={"current": {**current, "facts": {**current["facts"], "title": "Olja"}}}))
    ran = anslag("verify", ROUND, "--language", "sv")
    assert (ran.code, ran.out) == (1, "")
    assert gotland["reference"] in ran.err
    assert "Det som skiljer: uppgifterna i tabellen." in ran.err


def test_an_application_that_was_made_a_draft_is_named(closed: StaffApi, anslag: Anslag) -> None:
    one, *_ = stored(closed, "/applications")["applications"]
    place = keys.application_key(ROUND, one["application"])
    Table(boto3.client("dynamodb"), "anslag").write(Update(place, set={"state": "draft"}, remove=("current",)))
    ran = anslag("verify", ROUND)
    assert (ran.code, one["reference"] in ran.err) == (1, True)
    assert "What differs: which version is current." in ran.err


def test_what_was_refused_and_what_vanished_are_told_in_words(closed: StaffApi, anslag: Anslag) -> None:
    one, *_ = stored(closed, "/applications")["applications"]
    place = keys.application_key(ROUND, one["application"])
    named = {"submission": "S1", "version_id": "v", "arrived_at": "2026-10-01T08:00:00Z", "outcome": "late"}
    refused: dict[str, object] = {**named, "problems": [], "contact": None}
    table = Table(boto3.client("dynamodb"), "anslag")
    table.write(Update(place, set={"refused": refused}))
    submission, *_ = table.query(keys.round_partition(ROUND), keys.SUBMISSIONS)
    document = keys.document_object(ROUND, submission["application"], submission["submission"])
    boto3.client("s3").delete_object(Bucket="uploads", Key=document, VersionId=submission["version_id"])
    ran = anslag("verify", ROUND, "--language", "sv")
    assert "vad som senast underkändes" in ran.err
    assert "objects, uppladdningar som är borta" in ran.err


class Meeting:
    """Questions that are answered when so many are asked at the same time; the earlier, the later."""

    def __init__(self, together: int) -> None:
        self.barrier = threading.Barrier(together, timeout=10)
        self.asked: list[int] = []

    def ask(self, number: int) -> int:
        self.asked.append(number)
        self.barrier.wait()
        time.sleep(0.01 * (self.barrier.parties - number % self.barrier.parties))
        return number


def test_several_are_asked_at_once_and_their_answers_come_in_order() -> None:
    assert list(in_order(Meeting(3).ask, range(12), at_once=3)) == list(range(12))


def test_no_more_are_asked_than_somebody_wants_to_hear_of() -> None:
    meeting = Meeting(1)
    answers = in_order(meeting.ask, iter(range(1000)), at_once=3)
    assert next(answers) == 0
    time.sleep(0.2)
    assert len(meeting.asked) <= 6
    answers.close()  # type: ignore[attr-defined]


def test_the_first_of_the_questions_that_fails_is_the_failure() -> None:
    def ask(number: int) -> int:
        time.sleep(0.05 * (number == 2))
        if number in (2, 3):
            raise ValueError(f"number {number}")
        return number

    answers = in_order(ask, range(100), at_once=4)
    assert [next(answers), next(answers)] == [0, 1]
    with pytest.raises(ValueError, match="number 2"):
        next(answers)


def test_people_see_how_far_a_verification_is() -> None:
    certificate = as_json(
        {"differences": [], "unexplained": [], "found": {"objects": 1, "root": "0"}} | {"after_certificate": 0}
    )
    listed = as_json({"applications": [{"application": f"{one}", "state": "submitted"} for one in range(20)]})
    each = as_json({"application": "1", "differences": []})
    with scripted(certificate, listed, each) as api:
        code, screen = on_a_terminal("verify", ROUND, "--api", api.url)
    told = [int(done) for done in re.findall(r"Asking the service … (\d+) of 20", screen)]
    assert (code, told, told[-1:]) == (0, sorted(told), [20])


def test_ctrl_c_ends_a_verification_at_once_whatever_is_under_way() -> None:
    """The certificate and the list are answered; the applications' answers are kept back."""
    certificate = as_json({"differences": []})
    listed = as_json({"applications": [{"application": f"{one}", "state": "submitted"} for one in range(20)]})
    hold = threading.Event()
    with scripted(certificate, listed, as_json({}), hold=hold) as api:
        api.holds_from = 3
        running = subprocess.Popen(
            command_line("verify", ROUND, "--api", api.url),
            env=elsewhere(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        until = time.monotonic() + 30
        while len(api.asked) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        hold.set()
    assert (running.returncode, out, err) == (130, b"", b"")
