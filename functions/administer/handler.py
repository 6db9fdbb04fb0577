"""The staff's API for rounds, applications, the audit trail and dead letters."""

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
from pydantic import BaseModel, ConfigDict, Field

from functions.administer.administering import Administering, EarlyClosing, Extension, NewRound
from functions.administer.dead_letters import DeadLetters
from functions.administer.exceptions import Completion, Ending, Exceptions, LettingIn, Withdrawal
from functions.administer.verifying import Verifying
from shared.aws import clients, http
from shared.aws.bucket import Bucket
from shared.aws.messages import Functions, Queue
from shared.aws.staff import who
from shared.aws.table import Table
from shared.settings import from_env

logger = Logger(service="administer")
app = http.router(logger)


@dataclass(frozen=True)
class AdministerSettings:
    """What administer is told by its environment."""

    table_name: str
    upload_bucket: str
    upload_queue_url: str
    failed_uploads_url: str
    failed_jobs_url: str
    advance_function: str
    acknowledge_function: str
    summarise_function: str
    pages_address: str
    """Where applicants' pages are, without a slash at its end."""
    receipt_sender: str
    """Empty where applicants get no e-mail."""


class RedriveRequest(BaseModel):
    """The letters to put back; without ids, all of them."""

    model_config = ConfigDict(extra="forbid", strict=True)
    ids: Annotated[list[str], Field(min_length=1, max_length=500)] | None = None


@cache
def settings() -> AdministerSettings:
    """Read at the first request."""
    return from_env(AdministerSettings, os.environ)


@cache
def administering() -> Administering:
    """Made at the first request, kept for those that follow."""
    return Administering(
        Table(clients.dynamodb(), settings().table_name),
        Functions(clients.functions()),
        settings().advance_function,
        lambda: datetime.now(UTC),
        secrets.token_bytes,
    )


@cache
def exceptions() -> Exceptions:
    """Made at the first request that makes one."""
    table = Table(clients.dynamodb(), settings().table_name)
    pages, mails = settings().pages_address, bool(settings().receipt_sender)
    return Exceptions(table, pages, lambda: datetime.now(UTC), secrets.token_bytes, mails=mails)


@cache
def dead_letters() -> DeadLetters:
    """Made at the first request that asks for them."""
    sqs = clients.sqs()
    return DeadLetters(
        Queue(sqs, settings().failed_uploads_url),
        Queue(sqs, settings().upload_queue_url),
        Queue(sqs, settings().failed_jobs_url),
        Functions(clients.functions()),
        settings().advance_function,
        settings().acknowledge_function,
        settings().summarise_function,
        lambda: datetime.now(UTC),
        Table(clients.dynamodb(), settings().table_name),
    )


@cache
def verifying() -> Verifying:
    """Made at the first request that asks for it."""
    return Verifying(Table(clients.dynamodb(), settings().table_name), Bucket(clients.s3(), settings().upload_bucket))


@app.get("/staff/rounds")
def list_rounds() -> Response[str]:
    """Every round."""
    return http.answer({"rounds": administering().rounds()})


@app.post("/staff/rounds")
def create_round() -> Response[str]:
    """A new round."""
    created = administering().create(http.body_of(app, NewRound), who(app))
    logger.info("round created", round=created["id"])
    return http.answer(created, 201)


@app.get("/staff/rounds/<round_id>")
def show_round(round_id: str) -> Response[str]:
    """A round with totals, certificate and decisions."""
    return http.answer(administering().show(round_id))


@app.post("/staff/rounds/<round_id>/extension")
def extend_round(round_id: str) -> Response[str]:
    """A later end."""
    extended = administering().extend(round_id, http.body_of(app, Extension), who(app))
    logger.info("round extended", round=round_id, closes_at=extended["closes_at"])
    return http.answer(extended)


@app.post("/staff/rounds/<round_id>/closing")
def close_round(round_id: str) -> Response[str]:
    """The end is now."""
    closed = administering().close(round_id, http.body_of(app, EarlyClosing), who(app))
    logger.info("round closed early", round=round_id)
    return http.answer(closed)


@app.post("/staff/rounds/<round_id>/exceptions")
def let_in(round_id: str) -> Response[str]:
    """Somebody may send something after the deadline. A new private link is in this answer and nowhere else."""
    told = exceptions().let_in(round_id, http.body_of(app, LettingIn), who(app))
    logger.info("applicant let in", round=round_id, application=told["application"], until=told["until"])
    return http.answer(told, 201)


@app.post("/staff/advance")
def advance() -> Response[str]:
    """Run the scheduled job now."""
    administering().advance_now()
    return http.answer({"started": True}, 202)


@app.get("/staff/rounds/<round_id>/applications")
def list_applications(round_id: str) -> Response[str]:
    """A line for each application."""
    return http.answer({"applications": administering().applications(round_id)})


@app.get("/staff/rounds/<round_id>/applications/<reference>")
def show_application(round_id: str, reference: str) -> Response[str]:
    """Everything that is stored of one application."""
    return http.answer(administering().application(round_id, reference))


@app.post("/staff/rounds/<round_id>/applications/<reference>/withdrawal")
def withdraw_application(round_id: str, reference: str) -> Response[str]:
    """A withdrawal that came by other ways than the private link."""
    withdrawn = exceptions().withdraw(round_id, reference, http.body_of(app, Withdrawal), who(app))
    logger.info("application withdrawn by staff", round=round_id, application=withdrawn["application"])
    return http.answer(withdrawn)


@app.post("/staff/rounds/<round_id>/applications/<reference>/completion")
def ask_completion(round_id: str, reference: str) -> Response[str]:
    """An applicant may change what they submitted, and reads what is asked for."""
    told = exceptions().ask_completion(round_id, reference, http.body_of(app, Completion), who(app))
    logger.info("completion asked for", round=round_id, application=told["application"], until=told["until"])
    return http.answer(told, 201)


@app.post("/staff/rounds/<round_id>/applications/<reference>/exception-ending")
def end_exception(round_id: str, reference: str) -> Response[str]:
    """Whoever was let in, or asked for a completion, has no more time."""
    told = exceptions().end(round_id, reference, http.body_of(app, Ending), who(app))
    logger.info("exception ended", round=round_id, application=told["application"], until=told["until"])
    return http.answer(told)


@app.get("/staff/rounds/<round_id>/events")
def list_events(round_id: str) -> Response[str]:
    """The audit trail."""
    return http.answer({"events": administering().events(round_id)})


@app.get("/staff/rounds/<round_id>/verification")
def verify(round_id: str) -> Response[str]:
    """The certificate, held against bucket and table."""
    return http.answer(verifying().certificate(round_id))


@app.get("/staff/rounds/<round_id>/applications/<reference>/verification")
def verify_application(round_id: str, reference: str) -> Response[str]:
    """An application, held against what was uploaded."""
    return http.answer(verifying().application(round_id, reference))


@app.get("/staff/dead-letters")
def list_dead_letters() -> Response[str]:
    """What could not be handled."""
    letters, more = dead_letters().show()
    return http.answer({"dead_letters": letters, "more": more})


@app.post("/staff/dead-letters/redrive")
def redrive() -> Response[str]:
    """Put letters back."""
    redriven, more = dead_letters().redrive(http.body_of(app, RedriveRequest).ids)
    logger.info("dead letters redriven", count=redriven, more=more, who=who(app))
    return http.answer({"redriven": redriven, "more": more})


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of the function."""
    return app.resolve(event, context)
