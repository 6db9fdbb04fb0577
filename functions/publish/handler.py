"""A round was announced, or corrected → its pages and data are where everybody can read them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.publish.publishing import Publishing
from shared.aws import clients
from shared.aws.effects import Effects
from shared.aws.public_files import PublicFiles
from shared.aws.table import Table
from shared.settings import from_env

logger = Logger(service="publish")


@dataclass(frozen=True)
class PublishSettings:
    """What publish is told by its environment."""

    table_name: str
    pages_bucket: str
    pages_address: str


@cache
def publishing() -> Publishing:
    """Made at the first event, kept for those that follow."""
    settings = from_env(PublishSettings, os.environ)
    table = Table(clients.dynamodb(), settings.table_name)
    return Publishing(
        table,
        Effects(table),
        PublicFiles(clients.s3(), settings.pages_bucket),
        settings.pages_address,
        lambda: datetime.now(UTC),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Entry point of the function: {"publish": "results", "round": …}."""
    written = publishing().publish(event["round"])
    logger.info("result pages", round=event["round"], written=written)
    return {"written": written}
