"""What may be uploaded: one signed form for each file, checked against the programme before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared import keys
from shared.applications import Application
from shared.aws.bucket import Bucket, Form
from shared.document import MOST_DOCUMENT_BYTES, Line, Sha256
from shared.files import type_name
from shared.instants import iso, whole_second
from shared.problems import Problem, problem
from shared.programme import Programme
from shared.rounds import Round, form_expiry

MOST_FORMS = 500
"""Signed forms per application in its whole life: far above honest use, far below what would cost money."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AnnouncedDocument(_Request):
    """The size and hash of the application.json that will come."""

    size: Annotated[int, Field(ge=2, le=MOST_DOCUMENT_BYTES)]
    sha256: Sha256


class AnnouncedFile(_Request):
    """An attachment that will come. `name` is only used in sentences about it."""

    name: Line
    size: Annotated[int, Field(ge=1, le=100_000_000)]
    sha256: Sha256
    type: Annotated[str, Field(max_length=100)]


class FormsRequest(_Request):
    """What the applicant wants to upload."""

    document: AnnouncedDocument | None = None
    """None while attachments alone are uploaded, as they are chosen; the submission comes with the document."""
    attachments: Annotated[list[AnnouncedFile], Field(max_length=50)] = Field(default_factory=list)

    @property
    def count(self) -> int:
        """How many forms that takes."""
        return len(self.attachments) + (self.document is not None)


def file_problems(request: FormsRequest, programme: Programme) -> Iterator[Problem]:
    """What S3 or ingest would refuse, said before it is sent."""
    if not request.count:
        yield problem("missing", "document")
    limits: dict[str, int] = {}
    for kind in programme.attachments:
        for media_type in kind.types:
            limits[media_type] = max(limits.get(media_type, 0), kind.most_megabytes)
    for index, file in enumerate(request.attachments):
        if file.type not in limits:
            allowed = ", ".join(sorted({type_name(media_type) for media_type in limits}))
            yield problem("type-not-allowed", f"attachments.{index}.type", name=file.name, allowed=allowed)
        elif file.size > limits[file.type] * 1_000_000:
            yield problem("file-too-large", f"attachments.{index}.size", most=limits[file.type])


def sign_forms(
    request: FormsRequest,
    call: Round,
    application: Application,
    submission: str | None,
    *,
    bucket: Bucket,
    now: datetime,
) -> dict[str, object]:
    """A form for each attachment, and last the one for the document, which commits the submission."""
    expires_at = form_expiry(call, now)
    lifetime: timedelta = expires_at - now
    forms: list[dict[str, object]] = []
    for file in request.attachments:
        key = keys.attachment_object(call.id, application.id, file.sha256)
        form = bucket.sign_form(key, size=file.size, media_type=file.type, sha256=file.sha256, lifetime=lifetime)
        forms.append(_form("attachment", file.sha256, form))
    if request.document is not None and submission is not None:
        form = bucket.sign_form(
            keys.document_object(call.id, application.id, submission),
            size=request.document.size,
            media_type="application/json",
            sha256=request.document.sha256,
            lifetime=lifetime,
            origin=application.origin,
        )
        forms.append(_form("document", request.document.sha256, form))
    return {
        "submission": submission,
        "expires_at": iso(expires_at),
        "forms": forms,
        "now": iso(whole_second(now)),
    }


def _form(for_what: str, sha256: str, form: Form) -> dict[str, object]:
    return {"for": for_what, "sha256": sha256, "url": form.url, "fields": form.fields}
