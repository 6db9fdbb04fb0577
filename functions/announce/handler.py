"""The staff's API for the announcement, and the scheduled job's call to finish one that was left half-way."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, StringConstraints

from functions.announce.announcing import Announcing
from shared.aws import clients, http
from shared.aws.effects import Effects
from shared.aws.messages import Functions, Topic
from shared.aws.staff import who
from shared.aws.table import Table
from shared.settings import from_env

logger = Logger(service="announce")
app = http.router(logger)


@dataclass(frozen=True)
class AnnounceSettings:
    """What announce is told by its environment. An empty sender means that applicants get no e-mail."""

    table_name: str
    award_topic_arn: str
    publish_function: str
    pages_address: str
    receipt_sender: str


class Publication(BaseModel):
    """The digest of what was previewed and may go out: now, or at an instant. Example: 2019-12-17T09:00"""

    model_config = ConfigDict(extra="forbid", strict=True)
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    at: Annotated[str, StringConstraints(max_length=40)] | None = None


@cache
def announcing() -> Announcing:
    """Made at the first request, kept for those that follow."""
    settings = from_env(AnnounceSettings, os.environ)
    table = Table(clients.dynamodb(), settings.table_name)
    return Announcing(
        table,
        Effects(table),
        Topic(clients.sns(), settings.award_topic_arn),
        Functions(clients.functions()),
        settings.publish_function,
        settings.pages_address,
        lambda: datetime.now(UTC),
        secrets.token_bytes,
        bool(settings.receipt_sender),
    )


@app.get("/staff/rounds/<round_id>/announcement")
def preview(round_id: str) -> Response[str]:
    """What would go out, or what did."""
    return http.answer(announcing().preview(round_id))


@app.get("/staff/rounds/<round_id>/announcement/letters")
def letters(round_id: str) -> Response[str]:
    """The decision letters of what would go out, or did; ?after= is where the answer before this one ended."""
    after = app.current_event.query_string_parameters.get("after", "")
    return http.answer(announcing().letters(round_id, after))


@app.post("/staff/rounds/<round_id>/announcement")
def publish(round_id: str) -> Response[str]:
    """Publish what was previewed, or have it published."""
    wanted = http.body_of(app, Publication)
    if wanted.at is not None:
        timed = announcing().publish_at(round_id, wanted.digest, wanted.at, who(app))
        logger.info("announcement timed", round=round_id, number=timed["number"], at=timed["publish_at"])
        return http.answer(timed, 202)
    published = announcing().publish(round_id, wanted.digest, who(app))
    logger.info("announcement published", round=round_id, number=published["number"])
    return http.answer(published)


@app.post("/staff/rounds/<round_id>/announcement/calling-off")
def call_off(round_id: str) -> Response[str]:
    """Publish nothing at the instant that was named."""
    called_off = announcing().call_off(round_id, who(app))
    logger.info("announcement called off", round=round_id, number=called_off["number"])
    return http.answer(called_off)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of the function: an HTTP request, or {"finish": "announcement", "round": …}."""
    if "finish" in event:
        finished = announcing().finish(event["round"])
        logger.info("announcement finished", round=event["round"], now=finished)
        return {"finished": finished}
    return app.resolve(event, context)
