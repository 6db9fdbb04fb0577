"""A world in moto: the table as the template has it, a versioned bucket, queues and topics, and a clock."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.administer.administering import Administering, NewRound
from functions.advance.closing import Closing
from functions.advance.lifecycle import Lifecycle
from functions.apply.applying import Applying, Started
from functions.ingest.intake import Intake, Recorded, Uploaded
from shared import keys
from shared.aws import clients
from shared.aws.bucket import Bucket
from shared.aws.effects import Effects
from shared.aws.messages import Functions, Queue
from shared.aws.rows import read_application, read_round
from shared.aws.table import Table
from shared.instants import parse_iso
from shared.references import new_submission
from shared.rounds import Round
from shared.submissions import Submission
from tests.builders.documents import A_PDF, AN_EXCEL, a_document, raw
from tests.template import create_table

ROUND = "2019-autumn"
_NOW = parse_iso("2019-10-01T08:00:00Z")


class StartedFunctions(Functions):
    """Functions that were asked to start. (moto runs functions in containers, which are not at hand.)"""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []

    def start(self, name: str, event: Any) -> None:
        """Remember it."""
        self.started.append((name, event))


@dataclass
class World:
    """Everything the functions work with, and shortcuts to what happens often. The round opens on
    15 September 2019 and closes on 15 October, with ten minutes of grace."""

    table: Table
    bucket: Bucket
    uploads: Queue
    failed_uploads: Queue
    failed_jobs: Queue
    started: StartedFunctions
    now: datetime = _NOW
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def clock(self) -> datetime:
        """The world's time."""
        return self.now

    def random(self, count: int) -> bytes:
        """Different bytes each time, the same in every run."""
        return next(self.counter).to_bytes(count, "big")

    @property
    def applying(self) -> Applying:
        return Applying(self.table, self.bucket, self.clock, self.random)

    @property
    def administering(self) -> Administering:
        return Administering(self.table, self.started, "advance", self.clock, self.random)

    @property
    def intake(self) -> Intake:
        return Intake(self.table, self.bucket, {}, self.clock)

    @property
    def lifecycle(self) -> Lifecycle:
        closing = Closing(self.table, self.bucket, self.uploads, timedelta(seconds=60), self.clock, self.random)
        effects = Effects(self.table)
        names = ("summarise", "announce", "publish", "acknowledge")
        return Lifecycle(self.table, closing, effects, self.started, *names, self.clock, self.random)

    def create_round(self, **changes: Any) -> Round:
        """The round of this world, opened by the scheduled job."""
        request = {
            "id": ROUND,
            "name": {"sv": "Hösten 2019", "en": "Autumn 2019"},
            "programme": "municipal-partnership-2019",
            "opens": "2019-09-15",
            "closes": "2019-10-15",
            "budget": 11_000_000,
            "grace_seconds": 600,
        }
        self.administering.create(NewRound.model_validate(request | changes), "anna")
        self.lifecycle.tick()
        return self.round()

    def round(self) -> Round:
        """The round as it is stored."""
        call = read_round(self.table, ROUND)
        assert call is not None
        return call

    def start(self) -> Started:
        """A new draft."""
        return self.applying.start(ROUND, "sv")

    def put(self, key: str, content: bytes, at: datetime | None = None) -> Uploaded:
        """An object in the bucket, as if S3 had received it then."""
        name = keys.parse_document_object(key)
        application = read_application(self.table, name.round_id, name.application) if name else None
        metadata = {"origin": application.origin} if application else {}
        answer = clients.s3().put_object(Bucket="uploads", Key=key, Body=content, Metadata=metadata)
        from moto.s3.models import s3_backends

        stored = s3_backends["123456789012"]["aws"].buckets["uploads"].keys.getlist(key)
        stored[-1].last_modified = (at or self.now).replace(tzinfo=None)
        return Uploaded(key, answer["VersionId"])

    def upload(
        self,
        application: str,
        document: dict[str, Any] | bytes | None = None,
        *,
        files: tuple[bytes, ...] = (A_PDF, AN_EXCEL),
        at: datetime | None = None,
    ) -> Uploaded:
        """A document, with the attachments that it names, in a submission of its own; S3 has it since `at`."""
        content = document if isinstance(document, bytes) else raw(document or a_document())
        named = json.loads(content).get("attachments", []) if not isinstance(document, bytes) else []
        for entry, file in zip(named, files, strict=False):
            self.put(keys.attachment_object(ROUND, application, entry["sha256"]), file)
        submission = new_submission(self.now, self.random(5))
        return self.put(keys.document_object(ROUND, application, submission), content, at)

    def submit(self, application: str, document: dict[str, Any] | None = None) -> Recorded:
        """Upload and ingest."""
        return self.intake.ingest(self.upload(application, document))

    def rows(self, prefix: str = "") -> list[dict[str, Any]]:
        """The round's rows, as stored."""
        return list(self.table.query(keys.round_partition(ROUND), prefix))

    def submissions(self) -> list[Submission]:
        """The round's recorded outcomes."""
        return [Submission.from_item(item) for item in self.rows(keys.SUBMISSIONS)]


def _queue(name: str) -> Queue:
    client = clients.sqs()
    return Queue(client, client.create_queue(QueueName=name)["QueueUrl"], wait_seconds=0)


def new_world() -> World:
    """A world with one open round, in whatever AWS is there (moto's)."""
    dynamodb, s3 = clients.dynamodb(), clients.s3()
    create_table(dynamodb)
    s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    new = World(
        Table(dynamodb, "anslag"),
        Bucket(s3, "uploads"),
        _queue("uploads"),
        _queue("failed-uploads"),
        _queue("failed-jobs"),
        StartedFunctions(),
    )
    new.create_round()
    return new
