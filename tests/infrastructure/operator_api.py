"""The staff's API on a real socket: the template's routes, the real handlers, moto below them.

API Gateway's part is played by `_Gateway`: it finds the route in template.yaml, checks the signature of signed
ones against the keys that it knows, and wraps the request as payload 2.0.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws

from functions.administer import handler as administer
from functions.advance import handler as advance
from functions.announce import handler as announce
from functions.apply import handler as apply
from functions.decide import handler as decide
from functions.ingest import handler as ingest
from shared.aws.messages import Queue
from tests.builders.events import Context, http_answer, http_event
from tests.builders.gateway import route
from tests.infrastructure.small_functions import packed
from tests.template import create_table

REGION = "eu-north-1"
ANNA = "AKIAANNAEXAMPLE00000"
BO = "AKIABOEXAMPLE0000000"
STAFF = {ANNA: "arn:aws:iam::123456789012:user/anna", BO: "arn:aws:iam::123456789012:user/bo"}
JOBS = ("advance", "acknowledge", "summarise")
_SERVED: Mapping[str, ModuleType] = {
    "ApplyIntegration": apply,
    "AdministerIntegration": administer,
    "DecideIntegration": decide,
    "AnnounceIntegration": announce,
}
_SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/execute-api/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def secret_of(key: str) -> str:
    """The secret that goes with an access key."""
    return f"secret-of-{key}"


@dataclass
class StaffApi:
    """Where the API is, and what it was asked: method and path, in order."""

    url: str
    asked: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, by: str = ANNA) -> Any:
        """What staff would get, without the command and without the socket."""
        headers = {"content-type": "application/json"}
        content = json.dumps(body or {}).encode()
        event = http_event(method, path, headers=headers, body=content, caller=STAFF[by])
        found = route(method, path)
        assert found is not None, f"no route for {method} {path}"
        return json.loads(http_answer(_SERVED[found.integration].lambda_handler(event, Context())))

    def create_round(self, round_id: str = "2026-autumn", **changes: Any) -> None:
        """A round that is open for long, opened by the scheduled job."""
        request = {
            "id": round_id,
            "name": {"sv": "Hösten 2026", "en": "Autumn 2026"},
            "programme": "municipal-partnership-2019",
            "opens": "2026-09-15",
            "closes": "2099-10-15",
            "budget": 11_000_000,
        }
        created = self.ask("POST", "/staff/rounds", request | changes)
        assert created["id"] == round_id, created
        self.tick()

    def close_round(self, round_id: str = "2026-autumn") -> None:
        """Closed by staff, and certified by the scheduled job when the grace and the drain are over."""
        self.ask("POST", f"/staff/rounds/{round_id}/closing", {"reason": "test"})
        self.tick(timedelta(hours=1))
        assert self.ask("GET", f"/staff/rounds/{round_id}")["round"]["state"] == "closed"

    def tick(self, later: timedelta = timedelta(0)) -> None:
        """The scheduled job, as it would run that much later."""
        lifecycle = advance.lifecycle()

        def clock() -> datetime:
            return datetime.now(UTC) + later

        replace(lifecycle, now=clock, closing=replace(lifecycle.closing, now=clock)).tick()


class _Gateway(BaseHTTPRequestHandler):
    api: StaffApi

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """Every method is answered in one way."""
        self._answer()

    def do_POST(self) -> None:
        """See `do_GET`."""
        self._answer()

    def do_PUT(self) -> None:
        """See `do_GET`."""
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.api.asked.append(f"{self.command} {self.path}")
        path, _, query = self.path.partition("?")
        found = route(self.command, unquote(path))
        if found is None:
            self._send(404, b'{"message":"Not Found"}', {"Content-Type": "application/json"})
            return
        caller = self._caller(body)
        if found.signed and caller is None:
            self._send(403, b'{"message":"Forbidden"}', {"Content-Type": "application/json"})
            return
        event = http_event(
            self.command, unquote(path), headers=dict(self.headers.items()), body=body, caller=caller, query=query
        )
        answer = _SERVED[found.integration].lambda_handler(event, Context())
        self._send(answer["statusCode"], http_answer(answer), answer["headers"])

    def _caller(self, body: bytes) -> str | None:
        """Who signed this very request, if a person of ours did."""
        claimed = _SIGNATURE.fullmatch(self.headers.get("Authorization") or "")
        if claimed is None or claimed["key"] not in STAFF or claimed["region"] != REGION:
            return None
        headers = {name: self.headers[name] for name in claimed["headers"].split(";")}
        request = AWSRequest(self.command, f"http://{headers['host']}{self.path}", headers=headers, data=body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials(claimed["key"], secret_of(claimed["key"])), "execute-api", REGION)
        expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        return STAFF[claimed["key"]] if expected == claimed["signature"] else None

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on a free port of this machine, in a thread. Yields its address."""
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def staff_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StaffApi]:
    """An empty installation, its API on a socket, and this process logged in as Anna."""
    with ExitStack() as ending:
        ending.enter_context(mock_aws(config={"core": {"mock_credentials": False}, "lambda": {"use_docker": False}}))
        log_in(monkeypatch, ANNA)
        for name, value in _furnish().items():
            monkeypatch.setenv(name, value)
        _forget()
        ending.callback(_forget)
        for module in (*_SERVED.values(), advance, ingest):
            module.logger.setLevel("CRITICAL")
        monkeypatch.setattr(administer, "Queue", partial(Queue, wait_seconds=0))
        api = StaffApi("")
        handler = type("Gateway", (_Gateway,), {"api": api})
        api.url = ending.enter_context(serving(handler))
        monkeypatch.setenv("ANSLAG_API", api.url)
        yield api


def log_in(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """From now on the command signs with this key."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret_of(key))


def _forget() -> None:
    """The settings of the world before."""
    for module in (*_SERVED.values(), advance, ingest):
        for getter in vars(module).values():
            if hasattr(getter, "cache_clear"):
                getter.cache_clear()


_client: Callable[..., Any] = cache(boto3.client)


def _furnish() -> dict[str, str]:
    """The stack's resources, and the functions' environment that names them."""
    create_table(_client("dynamodb"), "anslag")
    _client("s3").create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": REGION})
    _client("s3").put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    queues = {
        variable: _client("sqs").create_queue(QueueName=name)["QueueUrl"]
        for variable, name in {
            "UPLOAD_QUEUE_URL": "anslag-UploadQueue-1",
            "FAILED_UPLOADS_URL": "anslag-FailedUploads-1",
            "FAILED_JOBS_URL": "anslag-FailedJobs-1",
        }.items()
    }
    _create_jobs(_client)
    return {
        **queues,
        **{f"{job.upper()}_FUNCTION": f"anslag-{job}" for job in (*JOBS, "announce", "publish")},
        "TABLE_NAME": "anslag",
        "UPLOAD_BUCKET": "uploads",
        "SIGNING_KEY_ID": "",
        "RECEIPT_SENDER": "bidrag@funder.example",
        "PAGES_ADDRESS": "https://ansok.funder.example",
        "AWARD_TOPIC_ARN": _client("sns").create_topic(Name="awards")["TopicArn"],
        "DRAIN_SECONDS": "0",
    }


def _create_jobs(client: Callable[..., Any]) -> None:
    """Functions that can be started; moto takes the request and runs nothing."""
    role = client("iam").create_role(RoleName="jobs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    for job in (*JOBS, "announce", "publish"):
        client("lambda").create_function(
            FunctionName=f"anslag-{job}",
            Runtime="python3.13",
            Role=role,
            Handler="job.run",
            Code={"ZipFile": packed("job.py", "")},
        )
