"""The public API: rounds, a new application, its draft, signed forms, how it stands, withdrawal."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from functions.apply.applying import Applying, published_register, standing
from functions.apply.attesting import Attesting
from functions.apply.drafting import Drafting, DraftRequest
from functions.apply.mailing import LinkRequest, Mailing
from functions.apply.uploads import FormsRequest
from shared.aws import clients, http
from shared.aws.bucket import Bucket
from shared.aws.effects import Effects
from shared.aws.messages import Mailer
from shared.aws.signer import Signer
from shared.aws.table import Table
from shared.instants import iso, whole_second
from shared.links import Link, read_link
from shared.references import spaced
from shared.settings import from_env

logger = Logger(service="apply")
app = http.router(logger)


@dataclass(frozen=True)
class ApplySettings:
    """What apply is told by its environment."""

    table_name: str
    upload_bucket: str
    signing_key_id: str
    """Empty where receipts are not signed."""
    receipt_sender: str
    """Empty where applicants get no e-mail."""
    pages_address: str
    """Where applicants' pages are, without a slash at its end."""


class StartRequest(BaseModel):
    """The language in which the applicant wants to be written to."""

    model_config = ConfigDict(extra="forbid", strict=True)
    language: Literal["sv", "en"] = "sv"


@cache
def settings() -> ApplySettings:
    """Read at the first request."""
    return from_env(ApplySettings, os.environ)


@cache
def applying() -> Applying:
    """Made at the first request, kept for those that follow."""
    return Applying(
        Table(clients.dynamodb(), settings().table_name),
        Bucket(clients.s3(), settings().upload_bucket),
        lambda: datetime.now(UTC),
        secrets.token_bytes,
    )


@cache
def drafting() -> Drafting:
    """Made at the first request that has to do with a draft."""
    return Drafting(Table(clients.dynamodb(), settings().table_name), lambda: datetime.now(UTC))


@cache
def mailing() -> Mailing:
    """Made at the first request to send a link."""
    table = Table(clients.dynamodb(), settings().table_name)
    mailer = Mailer(clients.ses(), settings().receipt_sender) if settings().receipt_sender else None
    return Mailing(table, Effects(table), mailer, settings().pages_address, lambda: datetime.now(UTC))


@cache
def attesting() -> Attesting:
    """Made at the first request that asks for a receipt, a certificate or the key."""
    signer = Signer(clients.kms(), settings().signing_key_id) if settings().signing_key_id else None
    return Attesting(Table(clients.dynamodb(), settings().table_name), signer)


def _link() -> Link | None:
    return read_link(app.current_event.headers.get("authorization"))


@app.get("/rounds")
def list_rounds() -> Response[str]:
    """Every round, those that are open first."""
    desk = applying()
    return http.answer({"rounds": desk.rounds(), "now": iso(whole_second(desk.now()))})


@app.get("/rounds/<round_id>")
def show_round(round_id: str) -> Response[str]:
    """One round, with the form of its programme."""
    return http.answer({**applying().round(round_id), "mails_links": bool(settings().receipt_sender)})


@app.get("/register")
def show_register() -> Response[str]:
    """The municipalities and regions that can apply by their code."""
    return http.answer(published_register(), kept=timedelta(days=1))


@app.get("/rounds/<round_id>/certificate")
def show_certificate(round_id: str) -> Response[str]:
    """The certificate of a closed round."""
    return http.answer(attesting().certificate(round_id))


@app.get("/signing-key")
def show_signing_key() -> Response[str]:
    """The key that receipts are checked with."""
    return http.answer({"pem": attesting().published_key()})


@app.post("/rounds/<round_id>/applications")
def start(round_id: str) -> Response[str]:
    """A new application. Its private link is in this answer and nowhere else."""
    started = applying().start(round_id, http.body_of(app, StartRequest).language)
    logger.info("application started", round=round_id, application=started.application.id)
    return http.answer(
        {
            "application": started.application.id,
            "reference": spaced(started.application.id),
            "token": started.link.token,
            "round": round_id,
            "now": iso(whole_second(applying().now())),
        },
        201,
    )


@app.post("/application/forms")
def sign() -> Response[str]:
    """Signed forms for a new submission, the document's last."""
    link = _link()
    signed = applying().sign(link, http.body_of(app, FormsRequest))
    logger.info("forms signed", application=link.application if link else "", submission=signed["submission"])
    return http.answer(signed, 201)


@app.get("/application")
def status() -> Response[str]:
    """How the application stands."""
    desk = applying()
    return http.answer(standing(*desk.status(_link()), desk.now()))


@app.get("/application/draft")
def show_draft() -> Response[str]:
    """What was typed and not sent yet."""
    return http.answer(drafting().show(_link()))


@app.put("/application/draft")
def save_draft() -> Response[str]:
    """Keep what was typed."""
    link = _link()
    saved = drafting().save(link, http.body_of(app, DraftRequest))
    logger.info("draft saved", application=link.application if link else "", revision=saved["revision"])
    return http.answer(saved)


@app.post("/application/link")
def mail_link() -> Response[str]:
    """Send the private link to an address."""
    link = _link()
    mailing().send(link, http.body_of(app, LinkRequest))
    logger.info("link mailed", application=link.application if link else "")
    return http.answer({"sent": True}, 202)


@app.get("/application/history")
def show_history() -> Response[str]:
    """Everything that was sent, and what became of it."""
    return http.answer(applying().history(_link()))


@app.get("/application/receipt")
def show_receipt() -> Response[str]:
    """The signed receipt of what was sent last, or of one submission."""
    submission = app.current_event.query_string_parameters.get("submission")
    return http.answer(attesting().receipt(*applying().status(_link()), submission))


@app.post("/application/withdrawal")
def withdraw() -> Response[str]:
    """Withdraw the application."""
    desk = applying()
    call, application = desk.withdraw(_link())
    logger.info("application withdrawn", round=call.id, application=application.id)
    return http.answer(standing(call, application, desk.now()))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of the function."""
    return app.resolve(event, context)
