"""Requests that meet, and answers that say what became of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.aws.table import ConflictError
from shared.problems import ProblemsError, refuse
from tests.simulation.cloud import OPENS, ROUND, Cloud
from tests.simulation.doors import Doors, FailedError, RefusedError, Seen, faults_of, principal
from tests.simulation.kernel import Fault

REFUSED_BY_AWS = ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")
NOT_FOUND = refuse("no-such-round", status=404)


@pytest.fixture
def cloud() -> Cloud:
    """A round that is open in ten minutes."""
    cloud = Cloud()
    cloud.create_round(OPENS + timedelta(minutes=20), 60)
    return cloud


def answer(status: int, error: ProblemsError | None = None, language: str = "sv") -> dict[str, Any]:
    """What a handler gives API Gateway."""
    body: dict[str, Any] = {"all": "well"}
    if error is not None:
        first = error.problems[0]
        title = first.sv if language == "sv" else first.en
        body = {"status": status, "title": title, "problems": [one.as_json() for one in error.problems]}
    return {"statusCode": status, "body": json.dumps(body)}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (answer(200), [None]),
        (answer(404, NOT_FOUND), [None, NOT_FOUND]),
        (answer(500, refuse("internal", status=500)), [ConflictError("gave way")]),
    ],
)
def test_an_answer_fits_what_was_done(given: dict[str, Any], seen: Seen) -> None:
    assert list(faults_of(given, seen, "sv")) == []


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (answer(200), []),
        (answer(400, NOT_FOUND), []),
        (answer(200), [NOT_FOUND]),
        (answer(404, NOT_FOUND), [None]),
        (answer(404, refuse("no-such-application", status=404)), [NOT_FOUND]),
        (answer(404, NOT_FOUND, "en"), [NOT_FOUND]),
        (answer(409, NOT_FOUND), [NOT_FOUND]),
        (answer(500, refuse("internal", status=500)), [None]),
        (answer(500, refuse("internal", status=500)), [KeyError("state")]),
        (answer(500, refuse("internal", status=500)), [REFUSED_BY_AWS]),
        (answer(200), [ConflictError("gave way")]),
    ],
)
def test_an_answer_that_says_something_else_is_seen(given: dict[str, Any], seen: Seen) -> None:
    assert len(list(faults_of(given, seen, "sv"))) == 1


def test_requests_that_meet_get_each_their_own_answer(cloud: Cloud) -> None:
    """Staff's and an applicant's, of which the later one is answered first: each in its reader's language."""
    doors = Doors(cloud)
    staff = cloud.kernel.task_of("administer 1", lambda: doors.ask("GET", "/staff/rounds/none", by="anna"))
    applicant = cloud.kernel.task_of("apply 1", lambda: doors.ask("GET", "/rounds/none"))
    for task in (staff, applicant):
        cloud.kernel.go_on(task)
    for task in (staff, applicant):
        cloud.kernel.finish(task)
        assert isinstance(task.failure, RefusedError)
        assert (task.failure.status, task.failure.codes) == (404, ["no-such-round"])
    assert cloud.watch.violations == []


def test_a_running_copy_has_one_request_at_a_time_and_then_the_next(cloud: Cloud) -> None:
    doors = Doors(cloud)
    ask = lambda: doors.ask("GET", f"/staff/rounds/{ROUND}", by="anna")  # noqa: E731
    first, second = (cloud.kernel.task_of(f"administer {number}", ask) for number in (1, 2))
    for task in (first, second):
        cloud.kernel.go_on(task)
    assert len(doors.busy) == 2
    for task in (first, second):
        assert cloud.kernel.finish(task).result["round"]["id"] == ROUND
    assert doors.busy == set()


def test_a_function_that_dies_gives_no_answer_and_holds_no_copy(cloud: Cloud) -> None:
    doors = Doors(cloud)
    cloud.kernel.fault_of = lambda task, operation: Fault.DIES  # noqa: ARG005
    task = cloud.kernel.task_of("administer 1", lambda: doors.ask("GET", f"/staff/rounds/{ROUND}", by="anna"))
    cloud.kernel.finish(task)
    assert type(task.failure).__name__ == "KilledError"
    assert doors.busy == set()


def test_what_aws_does_to_a_function_is_a_failed_answer_and_no_refusal(cloud: Cloud) -> None:
    doors = Doors(cloud)
    cloud.kernel.fault_of = lambda task, operation: Fault.FAILS  # noqa: ARG005
    task = cloud.kernel.task_of("apply 1", lambda: doors.ask("GET", "/rounds"))
    assert isinstance(cloud.kernel.finish(task).failure, FailedError)
    assert cloud.watch.violations == []


def test_staff_are_known_by_their_signature_and_without_one_nobody_is_served(cloud: Cloud) -> None:
    doors, path = Doors(cloud), f"/staff/rounds/{ROUND}/extension"
    later = {"closes": (OPENS + timedelta(hours=1)).isoformat(), "reason": "Systemfel"}
    doors.ask("POST", path, later, by="bertil")
    events = doors.ask("GET", f"/staff/rounds/{ROUND}/events", by="anna")["events"]
    assert [one["who"] for one in events if one["what"] == "round extended"] == [principal("bertil")]
    with pytest.raises(RefusedError) as refused:
        doors.ask("POST", path, later)
    assert refused.value.status == 403
