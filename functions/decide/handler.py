"""The staff's API for decisions and their corrections: list out, list in, the second person's approval."""

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

from functions.decide.correcting import Correcting
from functions.decide.deciding import Deciding
from shared.aws import clients, http
from shared.aws.staff import who
from shared.aws.table import Table
from shared.corrections import Reason
from shared.decision_list import HandedIn
from shared.problems import refuse
from shared.settings import from_env

logger = Logger(service="decide")
app = http.router(logger)


@dataclass(frozen=True)
class DecideSettings:
    """What decide is told by its environment."""

    table_name: str


class Approval(BaseModel):
    """The digest of what was read and is approved."""

    model_config = ConfigDict(extra="forbid", strict=True)
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class TakingBack(BaseModel):
    """Why what was approved is not to go out."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Correction(BaseModel):
    """A decision list as it should have been, as rows or as the text of a CSV file, and what was wrong."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reason: Reason
    decisions: HandedIn | None = None
    csv: str | None = None

    def given(self) -> bytes | HandedIn:
        """The list. Raises ProblemsError for none, or two."""
        if (self.decisions is None) == (self.csv is None):
            raise refuse("one-list", status=400)
        return self.decisions if self.decisions is not None else (self.csv or "").encode()


@cache
def deciding() -> Deciding:
    """Made at the first request, kept for those that follow."""
    return Deciding(_table(), lambda: datetime.now(UTC), secrets.token_bytes)


@cache
def correcting() -> Correcting:
    """Made at the first request that is about a correction."""
    return Correcting(_table(), lambda: datetime.now(UTC), secrets.token_bytes)


def _table() -> Table:
    return Table(clients.dynamodb(), from_env(DecideSettings, os.environ).table_name)


@app.get("/staff/rounds/<round_id>/decisions")
def list_out(round_id: str) -> Response[str]:
    """The list to fill in: CSV, or with every fact that deciding takes where JSON is asked for."""
    if _is_json("accept"):
        return http.answer(deciding().list_for_workbook(round_id))
    return Response(
        status_code=200,
        content_type="text/csv; charset=utf-8",
        body=deciding().list_out(round_id),
        headers={"Cache-Control": "no-store"},
    )


@app.put("/staff/rounds/<round_id>/decisions")
def take_in(round_id: str) -> Response[str]:
    """The list filled in, as CSV or as rows in JSON."""
    given = http.body_of(app, HandedIn) if _is_json("content-type") else http.raw_body_of(app)
    entered = deciding().take_in(round_id, given, who(app))
    logger.info("decisions entered", round=round_id, awards=entered["awards"], declined=entered["declined"])
    return http.answer(entered)


@app.post("/staff/rounds/<round_id>/decisions/approval")
def approve(round_id: str) -> Response[str]:
    """The second person's approval."""
    approved = deciding().approve(round_id, http.body_of(app, Approval).digest, who(app))
    logger.info("decisions approved", round=round_id)
    return http.answer(approved)


@app.post("/staff/rounds/<round_id>/decisions/taking-back")
def take_back(round_id: str) -> Response[str]:
    """The approval taken back, of decisions or a correction, while nothing is on its way out."""
    taken = deciding().take_back(round_id, http.body_of(app, TakingBack).reason, who(app))
    logger.info("approval taken back", round=round_id)
    return http.answer(taken)


@app.put("/staff/rounds/<round_id>/correction")
def correct(round_id: str) -> Response[str]:
    """The list as it should have been, of an announced round."""
    correction = http.body_of(app, Correction)
    entered = correcting().take_in(round_id, correction.given(), correction.reason, who(app))
    logger.info("correction entered", round=round_id, number=entered["number"], changed=entered["changed"])
    return http.answer(entered)


@app.get("/staff/rounds/<round_id>/correction")
def show_correction(round_id: str) -> Response[str]:
    """The correction under way, for whoever is to approve it."""
    return http.answer(correcting().show(round_id))


def _is_json(header: str) -> bool:
    return (app.current_event.headers.get(header) or "").partition(";")[0].strip() == "application/json"


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of the function."""
    return app.resolve(event, context)
