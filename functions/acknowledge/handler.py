"""Stream of recorded outcomes → receipts by e-mail, where a sender is configured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.acknowledge.receipts import Receipts
from shared.aws import clients
from shared.aws.effects import Effects
from shared.aws.messages import Mailer
from shared.aws.table import Table, whole
from shared.keys import SUBMISSIONS
from shared.settings import from_env
from shared.submissions import Submission

logger = Logger(service="acknowledge")


@dataclass(frozen=True)
class AcknowledgeSettings:
    """What acknowledge is told by its environment. An empty sender means that no e-mail goes out."""

    table_name: str
    receipt_sender: str


@cache
def receipts() -> Receipts:
    """Made at the first event, kept for those that follow."""
    settings = from_env(AcknowledgeSettings, os.environ)
    table = Table(clients.dynamodb(), settings.table_name)
    mailer = Mailer(clients.ses(), settings.receipt_sender) if settings.receipt_sender else None
    return Receipts(table, Effects(table), mailer, lambda: datetime.now(UTC))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Entry point of the function.

    Stops at the first record that fails: Lambda starts again from it, and what came after it would otherwise
    be handled twice. (Powertools' batch processor goes on, which is right for queues and wrong for streams.)
    """
    if event.get("resend"):
        logger.info("receipts sent again", sent=receipts().resend())
        return {"batchItemFailures": []}
    for record in DynamoDBStreamEvent(event).records:
        change = record.dynamodb
        if change is None or not change.keys.get("sk", "").startswith(SUBMISSIONS) or not change.new_image:
            continue
        submission = Submission.from_item(whole(change.new_image))
        logger.append_keys(round=submission.round_id, application=submission.application)
        try:
            sent = receipts().acknowledge(submission)
        except Exception as error:  # noqa: BLE001  whatever it is, the stream starts again from this record
            # Its kind alone: SES names the address in its refusals.
            logger.error("receipt failed", error=type(error).__name__)  # noqa: TRY400
            return {"batchItemFailures": [{"itemIdentifier": change.sequence_number}]}
        logger.info("outcome acknowledged", outcome=submission.outcome.value, sent=sent)
    return {"batchItemFailures": []}
