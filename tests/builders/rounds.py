"""Applications that come in as they do in life: started, signed for, uploaded, ingested, by the real handlers.

For tests that have a moto world and the functions' environment set up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from functions.apply import handler as apply
from functions.ingest import handler as ingest
from shared.aws import clients
from tests.builders.documents import A_PDF, AN_EXCEL, a_document, attachment, raw
from tests.builders.events import Context, http_answer, http_event, queue_event

_FILES = {attachment("", "", content, "")["sha256"]: content for content in (A_PDF, AN_EXCEL)}


@dataclass(frozen=True)
class Submitted:
    """What the applicant has afterwards."""

    application: str
    reference: str
    token: str


def application_json(**changes: Any) -> bytes:
    """A valid application.json by Piteå, with changes as `a_document` takes them."""
    return raw(a_document(**changes))


def start_application(round_id: str) -> Submitted:
    """A draft."""
    started = _ask("POST", f"/rounds/{round_id}/applications", {"language": "sv"})
    return Submitted(started["application"], started["reference"], started["token"])


def submit_application(round_id: str, **changes: Any) -> Submitted:
    """An application with everything that it names uploaded, and its outcome recorded. `changes` as for
    `a_document`; they may make it one that is refused."""
    started = start_application(round_id)
    submit_again(started, **changes)
    return started


def submit_again(started: Submitted, **changes: Any) -> None:
    """A further version of the same application."""
    document = application_json(**changes)
    named = attachment("", "", document, "")
    files = [
        {key: file[key] for key in ("name", "size", "sha256", "type")} for file in json.loads(document)["attachments"]
    ]
    request = {"document": {"size": named["size"], "sha256": named["sha256"]}, "attachments": files}
    signed = _ask("POST", "/application/forms", request, started.token)
    bucket = apply.applying().bucket
    versions = []
    for form in signed["forms"]:
        content = document if form["for"] == "document" else _FILES[form["sha256"]]
        key, origin = form["fields"]["key"], form["fields"].get("x-amz-meta-origin", "")
        stored = clients.s3().put_object(Bucket=bucket._name, Key=key, Body=content, Metadata={"origin": origin})
        versions.append({"key": key, "version-id": stored["VersionId"]})
    uploaded = {"detail": {"object": versions[-1]}}
    failures = ingest.lambda_handler(queue_event(uploaded), Context())  # type: ignore[arg-type]
    assert failures == {"batchItemFailures": []}


def _ask(method: str, path: str, body: dict[str, Any], token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    event = http_event(method, path, headers=headers, body=json.dumps(body).encode())
    answer = apply.lambda_handler(event, Context())  # type: ignore[arg-type]
    content = http_answer(answer)
    assert answer["statusCode"] < 300, content
    return json.loads(content)
