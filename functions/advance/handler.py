"""Every minute → rounds open, close and are certified, and what was left half-way is finished."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.advance.closing import Closing
from functions.advance.lifecycle import Lifecycle, RoundsFailedError, Step
from shared.aws import clients
from shared.aws.bucket import Bucket
from shared.aws.effects import Effects
from shared.aws.failures import noted, reason_of
from shared.aws.messages import Functions, Queue
from shared.aws.table import Table
from shared.settings import from_env

logger = Logger(service="advance")
metrics = Metrics(namespace="Anslag", service="advance")


@dataclass(frozen=True)
class AdvanceSettings:
    """What advance is told by its environment."""

    table_name: str
    upload_bucket: str
    upload_queue_url: str
    summarise_function: str
    announce_function: str
    publish_function: str
    acknowledge_function: str
    drain_seconds: int


@cache
def lifecycle() -> Lifecycle:
    """Made at the first event, kept for those that follow."""
    settings = from_env(AdvanceSettings, os.environ)
    table = Table(clients.dynamodb(), settings.table_name)
    closing = Closing(
        table,
        Bucket(clients.s3(), settings.upload_bucket),
        Queue(clients.sqs(), settings.upload_queue_url),
        timedelta(seconds=settings.drain_seconds),
        lambda: datetime.now(UTC),
        secrets.token_bytes,
    )
    return Lifecycle(
        table,
        closing,
        Effects(table),
        Functions(clients.functions()),
        settings.summarise_function,
        settings.announce_function,
        settings.publish_function,
        settings.acknowledge_function,
        lambda: datetime.now(UTC),
        secrets.token_bytes,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Entry point of the function."""
    try:
        steps = lifecycle().tick()
    except RoundsFailedError as failed:
        for error in failed.exceptions:
            logger.error("round failed", round=noted(error), error=reason_of(error))  # noqa: TRY400  texts may name people
        _tell(failed.steps)
        raise
    _tell(steps)
    return {"steps": [step.what for step in steps]}


def _tell(steps: Sequence[Step]) -> None:
    for step in steps:
        logger.info("round advanced", round=step.round_id, what=step.what, missing=step.missing, repaired=step.repaired)
    missing = sum(step.missing for step in steps)
    repaired = sum(step.repaired for step in steps)
    if missing:
        metrics.add_metric("UploadsWithoutOutcome", MetricUnit.Count, missing)
    if repaired:
        metrics.add_metric("TotalsRepaired", MetricUnit.Count, repaired)
    held_back = sum(step.held_back for step in steps)
    if held_back:
        metrics.add_metric("AnnouncementsHeldBack", MetricUnit.Count, held_back)
    if missing or repaired or held_back:
        # Not by the decorator, which warns of every minute in which there is nothing to tell.
        metrics.flush_metrics()
