"""All functions as they are deployed: real handlers and settings, moto below, events as AWS wraps them, one clock."""

from __future__ import annotations

import base64
import copy
import importlib
import io
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from functions.ingest.intake import Uploaded
from shared import keys
from shared.aws import clients
from shared.aws.messages import Queue
from shared.submissions import Submission
from tests.builders.events import Context
from tests.functions.staff import Inbox
from tests.functions.world import World, new_world

EVENTS = Path(__file__).parents[1] / "events"
FUNCTIONS = ("acknowledge", "administer", "advance", "announce", "apply", "decide", "ingest", "publish", "summarise")
SENDER = "kvitton@funder.example"
ANNA = "arn:aws:iam::123456789012:user/anna"
BERTIL = "arn:aws:iam::123456789012:user/bertil"


@cache
def _recorded(name: str) -> str:
    return (EVENTS / f"{name}.json").read_text(encoding="utf-8")


def recorded(name: str) -> Any:
    """A recorded event; tests/events/README.md says where each comes from."""
    return json.loads(_recorded(name))


def request(
    method: str,
    path: str,
    body: Mapping[str, Any] | str | None = None,
    *,
    by: str | None = None,
    token: str | None = None,
    language: str = "sv",
) -> dict[str, Any]:
    """An HTTP request like the recorded ones. `by` signed it; without, it is a public one."""
    event: dict[str, Any] = recorded("staff-request" if by else "public-request")
    context, headers = event["requestContext"], event["headers"]
    context["http"] |= {"method": method, "path": path}
    event["rawPath"] = path
    event["routeKey"] = context["routeKey"] = f"{method} {path}"
    headers["accept-language"] = language
    headers.pop("authorization")
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    if by is not None:
        context["authorizer"]["iam"]["userArn"] = by
    if body is None:
        event.pop("body")
        headers.pop("content-type")
    else:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
        headers["content-type"] = "text/csv; charset=utf-8" if isinstance(body, str) else "application/json"
    return event


def in_base64(event: Mapping[str, Any], raw: bytes | None = None) -> dict[str, Any]:
    """The request as API Gateway wraps one whose media type it does not know for text."""
    content = raw if raw is not None else event["body"].encode()
    return {**event, "body": base64.b64encode(content).decode(), "isBase64Encoded": True}


def upload_messages(*uploads: Uploaded) -> dict[str, Any]:
    """A batch of the upload queue: one message for each object version."""
    batch: dict[str, Any] = recorded("upload")
    (message,) = batch["Records"]
    batch["Records"] = []
    for upload in uploads:
        body = json.loads(message["body"])
        body["detail"]["object"] |= {"key": upload.key, "version-id": upload.version_id}
        batch["Records"].append({**message, "messageId": str(uuid.uuid4()), "body": json.dumps(body)})
    return batch


def outcome_records(*submissions: Submission) -> dict[str, Any]:
    """A batch of the table's stream: one record for each outcome."""
    batch: dict[str, Any] = recorded("outcome")
    (record,) = batch["Records"]
    batch["Records"] = []
    for number, one in enumerate(submissions):
        key = keys.submission_key(one.round_id, one.application, one.submission, one.version_id)
        row = {name: TypeSerializer().serialize(value) for name, value in {**one.as_item(), **key}.items()}
        changed = copy.deepcopy(record)
        changed["dynamodb"] |= {
            "Keys": {name: row[name] for name in ("pk", "sk")},
            "NewImage": row,
            "SequenceNumber": f"{int(record['dynamodb']['SequenceNumber']) + number:030}",
        }
        batch["Records"].append(changed)
    return batch


_session = cache(boto3.session.Session)


class _WorldsClock:
    """Stands where a handler has the class datetime."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self, zone: tzinfo) -> datetime:
        """The world's time."""
        return self._world.now.astimezone(zone)


@dataclass
class Deployed:
    """The functions, what they work with, and what they said and sent."""

    world: World
    staff: Inbox
    awards: Inbox
    modules: Mapping[str, ModuleType]
    logged: io.StringIO
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    mailed: list[dict[str, Any]] = field(default_factory=list)
    mail_refuses: str = ""
    """What SES says instead of taking a message, if it does."""
    mail_code: str = "MessageRejected"
    """As what SES says that. Some codes are about one letter, others about all."""
    mail_refuses_to: str = ""
    """The one address whose messages it refuses; all where there is none."""

    def invoke(self, function: str, event: Any) -> Any:
        """What Lambda does with an event. Raises what the function raises."""
        return self.modules[function].lambda_handler(event, Context())

    def ask(self, function: str, event: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and answer of an HTTP request, read from JSON where it is that."""
        answer = self.invoke(function, event)
        kind = next(value for name, value in answer["headers"].items() if name.lower() == "content-type")
        return answer["statusCode"], json.loads(answer["body"]) if "json" in kind else answer["body"]

    def log(self) -> list[dict[str, Any]]:
        """Every log line so far."""
        return [json.loads(line) for line in self.logged.getvalue().splitlines()]

    def _invoked(self, params: dict[str, Any], **_: Any) -> None:
        function = params["url_path"].split("/")[3]
        self.started.append((function, json.loads(params["body"])))
        # Nothing runs by itself here: a test decides when.

    def _mail(self, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        message = json.loads(params["body"])
        self.mailed.append(message)
        if not self.mail_refuses or self.mail_refuses_to not in ("", *message["Destination"]["ToAddresses"]):
            return None
        refusal = {"Error": {"Code": self.mail_code, "Message": self.mail_refuses}}
        return AWSResponse("https://email.example", 400, HTTPHeaders(), None), refusal


def _forget(*modules: ModuleType) -> None:
    for module in modules:
        for getter in vars(module).values():
            if hasattr(getter, "cache_clear"):
                getter.cache_clear()


def _settings(world: World, staff: Inbox, awards: Inbox) -> dict[str, str]:
    return {
        "TABLE_NAME": "anslag",
        "UPLOAD_BUCKET": "uploads",
        "PAGES_BUCKET": "pages",
        "SIGNING_KEY_ID": "",
        "PAGES_ADDRESS": "https://ansok.funder.example",
        "UPLOAD_QUEUE_URL": world.uploads.url,
        "FAILED_UPLOADS_URL": world.failed_uploads.url,
        "FAILED_JOBS_URL": world.failed_jobs.url,
        "STAFF_TOPIC_ARN": staff.topic._arn,
        "AWARD_TOPIC_ARN": awards.topic._arn,
        "RECEIPT_SENDER": SENDER,
        "DRAIN_SECONDS": "60",
        **{f"{function.upper()}_FUNCTION": f"anslag-{function}" for function in FUNCTIONS},
    }


@contextmanager
def deploy(patch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Everything deployed, with one open round."""
    modules = {function: importlib.import_module(f"functions.{function}.handler") for function in FUNCTIONS}
    with mock_aws():
        # A session reads the services' models again; one for all worlds makes each of them a second shorter.
        patch.setattr(boto3.session, "Session", _session)
        _forget(clients, *modules.values())
        world = new_world()
        staff, awards = Inbox("staff"), Inbox("awards")
        for name, value in _settings(world, staff, awards).items():
            patch.setenv(name, value)
        logged = io.StringIO()
        for module in modules.values():
            patch.setattr(module, "datetime", _WorldsClock(world))
            patch.setattr(module.logger.registered_handler, "stream", logged)
            module.logger.setLevel("INFO")
        # moto's queues tell at once when they are empty.
        patch.setattr(modules["administer"], "Queue", partial(Queue, wait_seconds=0))
        clients.ses().create_email_identity(EmailIdentity=SENDER)
        new = Deployed(world, staff, awards, modules, logged)
        _listen(new)
        yield new
        _forget(clients, *modules.values())


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """See `deploy`."""
    with deploy(monkeypatch) as new:
        yield new


def _listen(new: Deployed) -> None:
    def taken(**named: Any) -> tuple[AWSResponse, dict[str, Any]]:
        new._invoked(**named)
        return AWSResponse("https://lambda.example", 202, HTTPHeaders(), None), {"StatusCode": 202}

    listeners: list[tuple[Any, str, Callable[..., Any]]] = [
        (clients.functions(), "before-call.lambda.Invoke", taken),
        (clients.ses(), "before-call.sesv2.SendEmail", new._mail),
    ]
    for client, event, listener in listeners:
        client.meta.events.register(event, listener)
