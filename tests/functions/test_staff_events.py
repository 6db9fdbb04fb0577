"""Requests of staff through the real handlers: each works when it is signed, and none without."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from shared.aws.messages import Queue
from shared.rounds import RoundState
from tests.functions.deployed import ANNA, BERTIL, Deployed, deploy, deployed, in_base64, recorded, request
from tests.functions.staff import AFTER_CLOSING, REASON, filled_in, first_changed
from tests.functions.world import ROUND

__all__ = ["deployed"]  # a fixture: pytest finds it here


@dataclass(frozen=True)
class StaffRequest:
    """A request for a staff route, and what happens just before it in the life of a round."""

    function: str
    method: str
    path: str
    body: Callable[[Deployed], Any] | None = None
    before: Callable[[Deployed], object] = lambda _: None


def _new_round(_: Deployed) -> dict[str, Any]:
    name = {"sv": "Våren 2020", "en": "Spring 2020"}
    return {"id": "2020-spring", "name": name, "programme": "municipal-partnership-2019", "opens": "2020-02-15"}


def _over(deployed: Deployed) -> None:
    deployed.world.now = AFTER_CLOSING + timedelta(days=5)
    deployed.world.lifecycle.tick()
    deployed.world.lifecycle.tick()
    assert deployed.world.round().state is RoundState.CLOSED


def _let_in_no_more(deployed: Deployed) -> None:
    deployed.world.now = AFTER_CLOSING + timedelta(days=8)
    deployed.world.lifecycle.tick()
    assert deployed.world.round().exceptions_until is None


def _digest_of(function: str, path: str) -> Callable[[Deployed], dict[str, str]]:
    def ask(deployed: Deployed) -> dict[str, str]:
        shown = deployed.ask(function, request("GET", path, by=ANNA))[1]
        return {"digest": shown["digest"] if "digest" in shown else shown["decisions"]["digest"]}

    return ask


ROUND_PATH = f"/staff/rounds/{ROUND}"
STAFF_DAY = {
    "list rounds": StaffRequest("administer", "GET", "/staff/rounds"),
    "create a round": StaffRequest("administer", "POST", "/staff/rounds", _new_round),
    "show a round": StaffRequest("administer", "GET", ROUND_PATH),
    "advance": StaffRequest("administer", "POST", "/staff/advance", lambda _: {}),
    "list applications": StaffRequest("administer", "GET", f"{ROUND_PATH}/applications"),
    "show an application": StaffRequest("administer", "GET", f"{ROUND_PATH}/applications/{{application}}"),
    "withdraw an application": StaffRequest(
        "administer",
        "POST",
        f"{ROUND_PATH}/applications/{{withdrawn}}/withdrawal",
        lambda _: {"reason": "By letter"},
    ),
    "list events": StaffRequest("administer", "GET", f"{ROUND_PATH}/events"),
    "list dead letters": StaffRequest("administer", "GET", "/staff/dead-letters"),
    "redrive dead letters": StaffRequest("administer", "POST", "/staff/dead-letters/redrive", lambda _: {"ids": None}),
    "extend a round": StaffRequest(
        "administer", "POST", f"{ROUND_PATH}/extension", lambda _: {"closes": "2019-10-20", "reason": "Storm"}
    ),
    "close a round": StaffRequest("administer", "POST", f"{ROUND_PATH}/closing", lambda _: {"reason": "Full"}),
    "let somebody in": StaffRequest(
        "administer",
        "POST",
        f"{ROUND_PATH}/exceptions",
        lambda _: {"until": "2019-10-22T12:00", "reason": "Storm"},
        _over,
    ),
    "ask for a completion": StaffRequest(
        "administer",
        "POST",
        f"{ROUND_PATH}/applications/{{application}}/completion",
        lambda _: {"until": "2019-10-22T12:00", "what": "The budget"},
    ),
    "end an exception": StaffRequest(
        "administer",
        "POST",
        f"{ROUND_PATH}/applications/{{application}}/exception-ending",
        lambda _: {"reason": "Already complete"},
    ),
    "decisions out": StaffRequest("decide", "GET", f"{ROUND_PATH}/decisions", before=_let_in_no_more),
    "verify": StaffRequest("administer", "GET", f"{ROUND_PATH}/verification"),
    "verify an application": StaffRequest(
        "administer", "GET", f"{ROUND_PATH}/applications/{{application}}/verification"
    ),
    "decisions in": StaffRequest("decide", "PUT", f"{ROUND_PATH}/decisions", lambda new: filled_in(new.world).decode()),
    "approve decisions": StaffRequest(
        "decide", "POST", f"{ROUND_PATH}/decisions/approval", _digest_of("administer", ROUND_PATH)
    ),
    "take the approval back": StaffRequest(
        "decide", "POST", f"{ROUND_PATH}/decisions/taking-back", lambda _: {"reason": "A misprint"}
    ),
    "decisions in again": StaffRequest(
        "decide", "PUT", f"{ROUND_PATH}/decisions", lambda new: filled_in(new.world).decode()
    ),
    "approve decisions again": StaffRequest(
        "decide", "POST", f"{ROUND_PATH}/decisions/approval", _digest_of("administer", ROUND_PATH)
    ),
    "preview": StaffRequest("announce", "GET", f"{ROUND_PATH}/announcement"),
    "preview letters": StaffRequest("announce", "GET", f"{ROUND_PATH}/announcement/letters"),
    "publish at an instant": StaffRequest(
        "announce",
        "POST",
        f"{ROUND_PATH}/announcement",
        lambda new: _digest_of("announce", f"{ROUND_PATH}/announcement")(new) | {"at": "2029-12-17T09:00"},
    ),
    "call off": StaffRequest("announce", "POST", f"{ROUND_PATH}/announcement/calling-off", lambda _: {}),
    "publish": StaffRequest(
        "announce", "POST", f"{ROUND_PATH}/announcement", _digest_of("announce", f"{ROUND_PATH}/announcement")
    ),
    "correct": StaffRequest(
        "decide",
        "PUT",
        f"{ROUND_PATH}/correction",
        lambda new: {"reason": REASON.model_dump(), "csv": first_changed(new.world).decode()},
    ),
    "show the correction": StaffRequest("decide", "GET", f"{ROUND_PATH}/correction"),
}
"""One request for each staff route, in the order in which they all work when they are signed."""


@dataclass(frozen=True)
class Tried:
    """What became of a request without a signature, of one under a session name that an SDK made up, what the two
    changed, and what became of it signed by somebody."""

    unsigned: tuple[int, tuple[str, ...]]
    unnamed: tuple[int, tuple[str, ...]]
    changed: tuple[str, ...]
    signed: int


@cache
def staff_day() -> dict[str, Tried]:
    """Every staff request in turn, first as if its route had been left open, then signed."""
    with pytest.MonkeyPatch.context() as patch, deploy(patch) as deployed:
        application = deployed.world.start().application.id
        deployed.world.submit(application)
        withdrawn = deployed.world.start().application.id
        deployed.world.submit(withdrawn)
        deployed.world.failed_uploads.send({"detail": "stuck"})
        tried = {}
        for number, (name, step) in enumerate(STAFF_DAY.items()):
            step.before(deployed)
            body = step.body(deployed) if step.body else None
            by = ANNA if number % 2 else BERTIL
            event = request(step.method, step.path.format(application=application, withdrawn=withdrawn), body, by=by)
            tried[name] = _try(deployed, step.function, event)
    return tried


def _try(deployed: Deployed, function: str, event: dict[str, Any]) -> Tried:
    open_door = copy.deepcopy(event)
    del open_door["requestContext"]["authorizer"]
    unnamed = _signed_as(event, "arn:aws:sts::123456789012:assumed-role/staff/botocore-session-1570000000")
    before = _everything(deployed)
    without, under_no_name = (_told(deployed.ask(function, one)) for one in (open_door, unnamed))
    after = _everything(deployed)
    changed = tuple(name for name in before if before[name] != after[name])
    return Tried(without, under_no_name, changed, deployed.ask(function, event)[0])


def _signed_as(event: dict[str, Any], principal: str) -> dict[str, Any]:
    signed = copy.deepcopy(event)
    signed["requestContext"]["authorizer"]["iam"]["userArn"] = principal
    return signed


def _told(answered: tuple[int, Any]) -> tuple[int, tuple[str, ...]]:
    status, answer = answered
    return status, tuple(one["code"] for one in answer.get("problems", [])) if isinstance(answer, dict) else ()


def _everything(deployed: Deployed) -> dict[str, Any]:
    world = deployed.world
    return {
        "table": world.table._client.scan(TableName="anslag", ConsistentRead=True)["Items"],
        "queues": [queue.count() for queue in (world.uploads, world.failed_uploads, world.failed_jobs)],
        "started": list(deployed.started),
        "announced": Queue(world.uploads._client, deployed.awards.queue).count(),
    }


def test_there_is_a_request_for_every_staff_route() -> None:
    from tests.infrastructure.test_template_functions import routes

    def shape(path: str) -> str:
        return (
            path.replace(ROUND, "{round_id}")
            .replace("{application}", "{reference}")
            .replace("{withdrawn}", "{reference}")
        )

    asked = {f"{one.method} {shape(one.path)}" for one in STAFF_DAY.values()}
    assert asked == {route for route, (_, authorization) in routes().items() if authorization == "AWS_IAM"}


@pytest.mark.parametrize("name", STAFF_DAY)
def test_a_staff_request_works_when_it_is_signed(name: str) -> None:
    assert staff_day()[name].signed in (200, 201, 202)


@pytest.mark.parametrize("name", [*STAFF_DAY])
def test_a_staff_route_left_open_by_mistake_does_not_work(name: str) -> None:
    """API Gateway asks for the signature. Were a route ever without it, the function still must not serve it."""
    tried = staff_day()[name]
    assert (tried.unsigned, tried.changed) == ((500, ("internal",)), ())


@pytest.mark.parametrize("name", STAFF_DAY)
def test_whoever_has_no_name_of_their_own_reads_and_changes_nothing(name: str) -> None:
    """Two such sessions may be one person, who then would approve what they handed in themselves."""
    tried = staff_day()[name]
    expected = (200, ()) if STAFF_DAY[name].method == "GET" else (403, ("session-names-nobody",))
    assert (tried.unnamed, tried.changed) == (expected, ())


@pytest.mark.parametrize(
    "session",
    [
        "botocore-session-1570000000",
        "aws-sdk-js-1570000000000",
        "aws-sdk-js-session-1570000000000",
        "aws-sdk-java-1570000000000",
        "aws-sdk-php-1570000000000",
        "aws-go-sdk-1570000000000000000",
        "aws-dotnet-sdk-session-636238288466144357",
        "1570000000000000000",
    ],
)
def test_a_session_name_that_an_sdk_made_up_is_refused_and_how_to_mend_it_told(
    deployed: Deployed, session: str
) -> None:
    by = f"arn:aws:sts::123456789012:assumed-role/staff/{session}"
    status, answer = deployed.ask("administer", request("POST", "/staff/advance", {}, by=by))
    assert (status, session in answer["title"], "role_session_name" in answer["title"]) == (403, True, True)


@pytest.mark.parametrize(
    "principal",
    [
        "sts::123456789012:assumed-role/AWSReservedSSO_Staff_0123456789abcdef/anna@funder.example",
        "sts::123456789012:assumed-role/staff/anna",
        "sts::123456789012:assumed-role/staff/198001019999",
        "iam::123456789012:user/botocore-session-1570000000",
    ],
)
def test_users_and_sessions_with_a_name_change_what_they_may(deployed: Deployed, principal: str) -> None:
    event = request("POST", "/staff/advance", {}, by=f"arn:aws:{principal}")
    assert deployed.ask("administer", event)[0] == 202


@pytest.fixture
def closed_round(deployed: Deployed) -> Deployed:
    """Deployed, with one application in a closed round."""
    deployed.world.submit(deployed.world.start().application.id)
    _over(deployed)
    return deployed


def test_decisions_come_as_text_or_wrapped_in_base_64(closed_round: Deployed) -> None:
    event = request("PUT", f"{ROUND_PATH}/decisions", filled_in(closed_round.world).decode(), by=ANNA)
    text = closed_round.ask("decide", event)
    wrapped = closed_round.ask("decide", in_base64(event, b"\xef\xbb\xbf" + event["body"].encode()))
    assert text[0] == wrapped[0] == 200
    assert text[1]["digest"] == wrapped[1]["digest"]


def test_the_recorded_list_of_decisions_is_refused_row_by_row(closed_round: Deployed) -> None:
    """As it is, of another round's applications: each row of it is read, and named."""
    status, answer = closed_round.ask("decide", recorded("staff-request"))
    assert status == 422
    unknown = [one for one in answer["problems"] if one["code"] == "unknown-reference"]
    assert len(unknown) == recorded("staff-request")["body"].count("\r\n") - 1 == 13
