"""What AWS hands to functions: HTTP requests as API Gateway wraps them (payload 2.0), messages of a queue."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

_TEXT = ("text/", "application/json", "application/xml", "application/javascript")
"""Media types whose bodies API Gateway passes on as text; it wraps all others in base 64."""


@dataclass(frozen=True)
class Context:
    """What Powertools' logger asks of a function's context."""

    function_name: str = "test"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-north-1:123456789012:function:test"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Plenty."""
        return 15_000


def http_event(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    caller: str | None = None,
    query: str = "",
) -> dict[str, Any]:
    """A request. `path` is decoded, as API Gateway has it; `caller` is the principal that signed, if any did."""
    lowered = {name.lower(): value for name, value in headers.items()}
    text = lowered.get("content-type", "text/plain").startswith(_TEXT)
    context: dict[str, Any] = {
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
        "stage": "$default",
        "requestId": "request",
        "routeKey": f"{method} {path}",
    }
    if caller is not None:
        context["authorizer"] = {"iam": {"userArn": caller}}
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        **({"queryStringParameters": dict(parse_qsl(query))} if query else {}),
        "headers": lowered,
        "requestContext": context,
        "isBase64Encoded": not text,
        "body": body.decode(errors="replace") if text else base64.b64encode(body).decode(),
    }


def http_answer(answer: Mapping[str, Any]) -> bytes:
    """The body of a function's answer."""
    body = str(answer.get("body") or "")
    return base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()


def queue_event(*bodies: Mapping[str, Any]) -> dict[str, Any]:
    """Messages of a queue."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": f"receipt-{number}",
                "body": json.dumps(body),
                "attributes": {},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
            for number, body in enumerate(bodies)
        ]
    }
