"""Queue of uploaded documents → one recorded outcome each. What fails is delivered again; nothing else is."""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.ingest.intake import Intake, Uploaded
from shared.aws import clients
from shared.aws.bucket import Bucket
from shared.aws.table import Table
from shared.rounds import Round
from shared.settings import from_env

logger = Logger(service="ingest")
# A batch whose every record fails is no different from one where some do: each is delivered again by itself.
processor = BatchProcessor(
    event_type=EventType.SQS,
    raise_on_entire_batch_failure=False,
    logger=logger,  # type: ignore[arg-type]  # Powertools' own Logger is no logging.Logger, but has its methods
)


@dataclass(frozen=True)
class IngestSettings:
    """What ingest is told by its environment."""

    table_name: str
    upload_bucket: str


@cache
def intake() -> Intake:
    """Made at the first event, kept for those that follow."""
    settings = from_env(IngestSettings, os.environ)
    rounds: dict[str, Round] = {}
    return Intake(
        # In the rush before a deadline many meet at the row of totals.
        Table(clients.dynamodb(), settings.table_name, time.sleep, random.random),
        Bucket(clients.s3(), settings.upload_bucket),
        rounds,
        lambda: datetime.now(UTC),
    )


def uploaded(body: str) -> Uploaded:
    """The object version that a message names: S3's event as EventBridge wraps it, and the sweep's alike."""
    detail = json.loads(body)["detail"]["object"]
    return Uploaded(detail["key"], detail["version-id"])


def ingest_record(record: SQSRecord) -> None:
    """One message. (Powertools passes it by the name `record`.)"""
    upload = uploaded(record.body)
    try:
        recorded = intake().ingest(upload)
    except Exception as error:
        _note(upload, error)
        raise
    submission = recorded.submission
    logger.info(
        "submission recorded",
        round=submission.round_id,
        application=submission.application,
        submission=submission.submission,
        outcome=submission.outcome.value,
        problems=[found.code for found in submission.problems],
        again=recorded.again,
    )


def _note(upload: Uploaded, error: Exception) -> None:
    """A reason that cannot be kept must not hide the error itself."""
    try:
        intake().note_failure(upload, error)
    except Exception as another:  # noqa: BLE001
        logger.warning("failure not noted", error=type(another).__name__)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Entry point of the function."""
    return process_partial_response(event=event, record_handler=ingest_record, processor=processor, context=context)
