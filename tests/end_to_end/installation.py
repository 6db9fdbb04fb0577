"""One installation of the product: the stack on an embedded cloud, its people, and the engine room.

People's doors come first: the HTTP API, the command `anslag` (an `Officer` runs it), the mailbox. Below them is
what only whoever runs the AWS account can do: breaking things, and looking at rows.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infrastructure.cloud.deployment import STACK
from infrastructure.cloud.letters import Mail
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import Cloud
from infrastructure.demo.applicant import ApplicantClient
from infrastructure.demo.staff import Officer
from infrastructure.pages import WEB, publish
from shared import totals
from shared.applications import Application
from shared.aws.rows import read_applications, read_submissions
from shared.aws.table import Table
from shared.keys import parse_document_object
from shared.submissions import Submission
from tests.end_to_end.papers import VILLAGE_STAGE
from tests.end_to_end.waiting import until, until_instant

Json = dict[str, Any]
_LEFT, _STRETCH = 6, 3
"""Seconds that are left when a round is given more, and how many more."""


@dataclass(frozen=True)
class Installation:
    """`outputs` are the stack's; Anna and Bertil are programme officers."""

    cloud: Cloud
    outputs: Mapping[str, str]
    anna: Officer
    bertil: Officer
    _clients: dict[str, Any] = field(default_factory=dict)

    # Doors that people use

    def applicant(self, round_id: str, *, language: str = "sv", reads: str = "sv") -> ApplicantClient:
        """Somebody who has begun an application."""
        client = ApplicantClient(self.outputs["ApiUrl"], reads=reads)
        client.start(round_id, language)
        return client

    def ask(self, officer: Officer, method: str, path: str, body: object = None) -> requests.Response:
        """The staff's API, with the officer's own signature. Example path: /staff/rounds"""
        url = self.outputs["ApiUrl"] + path
        content = b"" if body is None else json.dumps(body).encode()
        signed = AWSRequest(method, url, headers={"Content-Type": "application/json"}, data=content)
        keys = Credentials(officer.environment["AWS_ACCESS_KEY_ID"], officer.environment["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "execute-api", self.cloud.region).add_auth(signed)
        return requests.request(method, url, headers=dict(signed.headers), data=content, timeout=30)

    def clear_dead_letters(self) -> list[str]:
        """Try again, as an operator does, what jobs of other tests failed at: on a machine with too much to do a
        heartbeat runs out of its time now and then. Returns what those were."""
        left = self.anna.ask("dead-letters", "list")["dead_letters"]
        if left:
            self.anna.ask("dead-letters", "redrive", "--all")
        return [one["body"] for one in left]

    def open_round(
        self,
        round_id: str,
        *,
        seconds: int = 3600,
        grace: int = 0,
        programme: str = VILLAGE_STAGE,
        budget: int | None = None,
    ) -> datetime:
        """Anna creates a round that is open from now on. Returns its last second."""
        now = datetime.now(UTC).replace(microsecond=0)
        closes = now + timedelta(seconds=seconds)
        created = self.ask(
            self.anna,
            "POST",
            "/staff/rounds",
            {
                "id": round_id,
                "name": {"sv": f"Omgång {round_id}", "en": f"Round {round_id}"},
                "programme": programme,
                "opens": now.isoformat(),
                "closes": closes.isoformat(),
                "budget": budget,
                "grace_seconds": grace,
            },
        )
        assert created.status_code == 201, created.text
        return closes

    def shown(self, round_id: str) -> Json:
        """What staff see of a round."""
        answer = self.ask(self.anna, "GET", f"/staff/rounds/{round_id}")
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    def advance(self) -> None:
        """Anna has the scheduled job run now."""
        assert self.ask(self.anna, "POST", "/staff/advance", {}).status_code == 202

    def in_state(self, round_id: str, state: str, *, seconds: float = 180) -> Json:
        """Have the scheduled job run until it has brought the round there. Returns what staff see then."""

        def look() -> Json | None:
            shown = self.shown(round_id)
            if shown["round"]["state"] == state:
                return shown
            self.advance()
            return None

        return until(look, f"round {round_id} to be {state}", seconds=seconds, pause=0.7)

    @contextlib.contextmanager
    def open_for(self, round_id: str, **details: Any) -> Iterator[None]:
        """A round that is open for as long as a block takes, on slow machines too: Anna extends it whenever its end
        is near. After the block its end has passed, and so has all the time in which uploads may arrive."""
        closes, done = self.open_round(round_id, seconds=_LEFT + _STRETCH, **details), threading.Event()

        def extend() -> datetime:
            end = closes
            while not done.wait((end - datetime.now(UTC)).total_seconds() - _LEFT):
                end += timedelta(seconds=_STRETCH)
                body = {"closes": end.isoformat(), "reason": "a test is not done"}
                extended = self.ask(self.anna, "POST", f"/staff/rounds/{round_id}/extension", body)
                assert extended.status_code == 200, extended.text
            return end

        with ThreadPoolExecutor(1) as crowd:
            extending = crowd.submit(extend)
            try:
                yield
            finally:
                done.set()
        until_instant(extending.result() + timedelta(seconds=1))

    def letters(self, *, to: str | None = None, topic: str | None = None, naming: str = "") -> list[Mail]:
        """What was sent: to an address, or through a topic; where the text or its document has these words."""
        return [
            letter
            for letter in mailbox(self.cloud)
            if (to is None or to in letter.to)
            and (topic is None or topic in (letter.topic or ""))
            and naming in f"{letter.subject}\n{letter.body}\n{letter.document}"
        ]

    def publish(self, web: Path = WEB) -> str:
        """Publish pages, in place of those that were. Returns the address that people know them by."""
        publish(self.client("s3"), self.client("cloudfront"), self.outputs, web)
        return self.outputs["PagesUrl"]

    def page(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        """What a browser gets at that path of the pages. It finds names below `localhost` by itself; this does not."""
        host = self.outputs["PagesUrl"].partition("://")[2]
        asked = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.request(method, self.cloud.endpoint + path, headers=asked, timeout=60)

    # The engine room

    def client(self, service: str) -> Any:
        """A client of whoever owns the AWS account."""
        if service not in self._clients:
            self._clients[service] = self.cloud.client(service)
        return self._clients[service]

    def resource(self, logical: str) -> str:
        """What CloudFormation made of a resource in the template. Example: IngestRole"""
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def invoke(self, function: str, event: object) -> Any:
        """Run a function of the stack now, and return what it answers."""
        answer = self.client("lambda").invoke(FunctionName=f"{STACK}-{function}", Payload=json.dumps(event))
        said = answer["Payload"].read()
        assert "FunctionError" not in answer, said
        return json.loads(said)

    def table(self) -> Table:
        """The stack's table."""
        return Table(self.client("dynamodb"), self.outputs["TableName"])

    def applications(self, round_id: str) -> dict[str, Application]:
        """Rows of applications, by reference as people write it."""
        rows = read_applications(self.table(), round_id)
        return {f"{row.id[:4]}-{row.id[4:8]}-{row.id[8:]}": row for row in rows}

    def submissions(self, round_id: str) -> list[Submission]:
        """Rows of outcomes."""
        return read_submissions(self.table(), round_id)

    def recount(self, round_id: str) -> Json:
        """The round's totals from its rows alone, as staff would see them before any award."""
        applications = self.applications(round_id).values()
        counted = totals.recount(applications, [row.outcome for row in self.submissions(round_id)])
        return {**totals.as_json(counted), "awarded": None}

    def uploads(self, round_id: str) -> list[Json]:
        """Every version of every object of the round, as S3 lists them."""
        listed = self.client("s3").list_object_versions(
            Bucket=self.outputs["UploadBucketName"], Prefix=f"rounds/{round_id}/"
        )
        return list(listed.get("Versions", []))

    def unrecorded(self, round_id: str) -> list[str]:
        """Uploaded documents that have no outcome, and outcomes that there is no upload for."""
        uploaded = {
            (name.application, name.submission, version["VersionId"])
            for version in self.uploads(round_id)
            if (name := parse_document_object(version["Key"]))
        }
        rows = [(row.application, row.submission, row.version_id) for row in self.submissions(round_id)]
        assert len(rows) == len(set(rows))
        return sorted("/".join(one) for one in uploaded ^ set(rows))

    def waiting_uploads(self) -> int:
        """Messages in the upload queue, those that somebody is working at included."""
        return _size(self.client("sqs"), self.outputs["UploadQueueUrl"])

    def uploads_in_hand(self) -> int:
        """Messages that ingest has been given and has not answered for."""
        return _size(self.client("sqs"), self.outputs["UploadQueueUrl"], "ApproximateNumberOfMessagesNotVisible")

    def all_ingested(self, round_id: str) -> None:
        """Wait until the queue is empty and everything uploaded has its outcome."""
        until(lambda: not self.unrecorded(round_id), f"every upload of {round_id} to have one outcome")
        until(lambda: self.waiting_uploads() == 0, "nothing to be in the upload queue, or in somebody's hands")

    @contextlib.contextmanager
    def notifications_lost(self) -> Iterator[None]:
        """For the length of a block nobody is told of uploads."""
        events, rule = self.client("events"), self.resource("DocumentUploaded")
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)

    @contextlib.contextmanager
    def paused(self, mapping: str) -> Iterator[None]:
        """For the length of a block a queue or a stream does not start its function."""
        functions, mapping_id = self.client("lambda"), self.resource(mapping)
        functions.update_event_source_mapping(UUID=mapping_id, Enabled=False)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=mapping_id, Enabled=True)

    @contextlib.contextmanager
    def without_heartbeat(self) -> Iterator[None]:
        """For the length of a block the scheduled job runs only when somebody asks for it."""
        scheduler, name = self.client("scheduler"), f"{STACK}-heartbeat"
        found = scheduler.get_schedule(Name=name)
        kept = {one: found[one] for one in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
        scheduler.update_schedule(**kept, State="DISABLED")
        try:
            yield
        finally:
            scheduler.update_schedule(**kept, State="ENABLED")

    def take_messages(self, count: int) -> list[str]:
        """Take so many messages out of the upload queue, while it is paused. Returns their bodies in order."""
        sqs, url = self.client("sqs"), self.outputs["UploadQueueUrl"]
        until(lambda: _size(sqs, url) == count, f"{count} messages in the upload queue")
        taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        for message in taken:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in taken]

    def put_message(self, body: str) -> None:
        """Put a message into the upload queue."""
        self.client("sqs").send_message(QueueUrl=self.outputs["UploadQueueUrl"], MessageBody=body)


_ALL = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def _size(sqs: Any, url: str, *counts: str) -> int:
    counts = counts or _ALL
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(counts))["Attributes"]
    return sum(int(found[name]) for name in counts)
