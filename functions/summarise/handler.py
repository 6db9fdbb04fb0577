"""Every morning, and after each closing → a summary to staff by SNS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.summarise.summarising import Summarising
from shared.aws import clients
from shared.aws.bucket import Bucket
from shared.aws.effects import Effects
from shared.aws.failures import noted, reason_of
from shared.aws.messages import Queue, Topic
from shared.aws.table import Table
from shared.settings import from_env

logger = Logger(service="summarise")


@dataclass(frozen=True)
class SummariseSettings:
    """What summarise is told by its environment."""

    table_name: str
    upload_bucket: str
    staff_topic_arn: str
    failed_uploads_url: str
    failed_jobs_url: str


@cache
def summarising() -> Summarising:
    """Made at the first event, kept for those that follow."""
    settings = from_env(SummariseSettings, os.environ)
    table = Table(clients.dynamodb(), settings.table_name)
    return Summarising(
        table,
        Bucket(clients.s3(), settings.upload_bucket),
        Effects(table),
        Topic(clients.sns(), settings.staff_topic_arn),
        [Queue(clients.sqs(), url) for url in (settings.failed_uploads_url, settings.failed_jobs_url)],
        lambda: datetime.now(UTC),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Entry point of the function: {"summary": "closing", "round": …} or {"summary": "digest"}."""
    if event["summary"] == "closing":
        sent = [event["round"]] if summarising().closing_summary(event["round"]) else []
    else:
        sent = _digests()
    logger.info("summaries sent", summary=event["summary"], rounds=sent)
    return {"sent": sent}


def _digests() -> list[str]:
    try:
        return summarising().digests()
    except ExceptionGroup as failed:
        for error in failed.exceptions:
            logger.error("digest failed", round=noted(error), error=reason_of(error))  # noqa: TRY400  texts may name people
        raise
