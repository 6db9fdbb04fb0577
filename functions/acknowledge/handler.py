"""Recorded outcomes → receipts by e-mail, where a sender is configured; and what rounds owe, drafts are told
and exceptions mean."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import StreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.acknowledge.excepting import Excepting
from functions.acknowledge.owing import Owing, Settled
from functions.acknowledge.receipts import Receipts
from functions.acknowledge.reminding import Reminding
from functions.acknowledge.sending import Sending, is_of_one_letter
from functions.acknowledge.verdicts import Verdicts
from shared.aws import clients
from shared.aws.effects import BusyError, Effects
from shared.aws.failures import noted, reason_of
from shared.aws.messages import Mailer
from shared.aws.table import Table, whole
from shared.keys import SUBMISSIONS, parse_submission_key
from shared.settings import from_env
from shared.submissions import Submission

logger = Logger(service="acknowledge")
metrics = Metrics(namespace="Anslag", service="acknowledge")
LAST_MOMENT = 15_000
"""Milliseconds before the function's end in which no letter is begun."""


@dataclass(frozen=True)
class AcknowledgeSettings:
    """What acknowledge is told by its environment. An empty sender means that no e-mail goes out."""

    table_name: str
    receipt_sender: str
    pages_address: str


@cache
def owing() -> Owing:
    """Made at the first event, kept for those that follow."""
    settings = from_env(AcknowledgeSettings, os.environ)
    table = Table(clients.dynamodb(), settings.table_name)
    mailer = Mailer(clients.ses(), settings.receipt_sender) if settings.receipt_sender else None
    sending = Sending(Effects(table), mailer, lambda: datetime.now(UTC))
    verdicts = Verdicts(table, sending, settings.pages_address)
    reminding, excepting = Reminding(table, sending), Excepting(table, sending)
    return Owing(table, sending, Receipts(table, sending), verdicts, reminding, excepting)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of the function."""
    if {"owed", "notify", "unsent", "resend"} & event.keys():
        _settle(event, context)
        return {"batchItemFailures": []}
    return {"batchItemFailures": _acknowledge_all(event)}


def _acknowledge_all(event: dict[str, Any]) -> list[dict[str, str]]:
    """The one record that Lambda is to start again from, if there is one.

    What fails for one applicant alone is passed over, and holds nobody back: all of a round is in one shard, which
    would wait for ten tries. That receipt stays owed, and is counted. Where others would fail too this stops: they
    would otherwise be handled twice. (Powertools' batch processor goes on after any failure and tells of each, which
    is right for queues and wrong for streams.)
    """
    receipts = owing().receipts  # What fails in making it fails for all.
    passed_over, failed = 0, []
    for change in _outcomes(event):
        try:
            _acknowledge(change, receipts)
        except Exception as error:  # noqa: BLE001  whatever it is, the stream goes on or starts again from here
            # Its kind alone: SES names the address in its refusals.
            logger.error("receipt failed", error=reason_of(error))  # noqa: TRY400
            if not is_of_one_letter(error):
                failed = [{"itemIdentifier": change.sequence_number or ""}]
                break
            passed_over += 1
    _count_failed(passed_over)
    return failed


def _outcomes(event: dict[str, Any]) -> Iterator[StreamRecord]:
    for record in DynamoDBStreamEvent(event).records:
        change = record.dynamodb
        if change is not None and change.keys.get("sk", "").startswith(SUBMISSIONS) and change.new_image:
            yield change


def _acknowledge(change: StreamRecord, receipts: Receipts) -> None:
    round_id, application = parse_submission_key(change.keys)
    logger.append_keys(round=round_id, application=application)
    submission = Submission.from_item(whole(change.new_image))
    sent = receipts.acknowledge(submission)
    logger.info("outcome acknowledged", outcome=submission.outcome.value, sent=sent)


def _settle(event: dict[str, Any], context: LambdaContext) -> None:
    settled = _run(event, lambda: context.get_remaining_time_in_millis() < LAST_MOMENT)
    for error in settled.failures:
        logger.error("letter failed", letter=noted(error), error=reason_of(error))
    logger.info("letters sent", sent=settled.sent, failed=len(settled.failures), waiting=settled.waiting)
    _count_failed(len(settled.failures))
    if "resend" in event:
        _come_back_for(settled)


def _come_back_for(settled: Settled) -> None:
    """Lambda does, twice, and makes a dead letter then: who asks by hand asks once, and others every minute or every
    day. What failed for one applicant alone would only fail again."""
    failed = [error for error in settled.failures if not is_of_one_letter(error)]
    failed += [BusyError(f"{settled.waiting} receipts")] if settled.waiting else []
    if failed:
        raise ExceptionGroup("receipts failed", failed)


def _count_failed(letters: int) -> None:
    """An alarm reads this. A failure of the function would hold others back, or make a dead letter every minute."""
    if letters:
        metrics.add_metric("LettersFailed", MetricUnit.Count, letters)
        metrics.flush_metrics()


def _run(event: dict[str, Any], out_of_time: Callable[[], bool]) -> Settled:
    if "resend" in event:
        return owing().resend(out_of_time)
    if "unsent" in event:
        return owing().catch_up(out_of_time)
    round_id = event.get("owed") or event["notify"]
    logger.append_keys(round=round_id)
    return (owing().settle if "owed" in event else owing().notify)(round_id, out_of_time)
