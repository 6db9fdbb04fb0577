"""The process of the embedded cloud: MiniStack, with what it lacks for our purpose.

Started by `infrastructure.cloud.running` as the leader of a process group of its own. It differs from the
command `ministack` in this: functions run on another interpreter than this one; as on AWS, S3's events name the
object version, sending e-mail needs the permission for its sender, APIs that CloudFormation made answer other origins,
CloudFront compresses and a table's stream is as durable as the table; a condition is read once and not for each item,
and a package unpacked once and not for each process; what is sent by e-mail is written down, and nothing that it
started outlives it.
"""

import argparse
import contextlib
import gzip
import json
import os
import signal
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from infrastructure.cloud import packages, streams, twice
from infrastructure.cloud.letters import Mail, post

_MOST_COPIES = 20
_MOST_CONDITIONS = 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--function-python", required=True)
    options.add_argument("--mail", type=Path, required=True)
    options.add_argument("--tied", action="store_true", help="end when standard input ends")
    options.add_argument("--twice", action="store_true", help="deliver twice whatever AWS may")
    chosen = options.parse_args()
    if chosen.tied:
        threading.Thread(target=_end_with_starter, daemon=True).start()
    sys.argv = ["ministack"]
    sys.executable = chosen.function_python
    try:
        from ministack import app  # noqa: PLC0415  it reads the environment when imported
        from ministack.core import iam_actions, lambda_runtime  # noqa: PLC0415
        from ministack.services import (  # noqa: PLC0415
            apigateway,
            cloudfront,
            dynamodb,
            eventbridge,
            lambda_svc,
            s3,
            ses_v2,
            sns,
        )

        _name_versions(s3, eventbridge)
        _name_senders(app, iam_actions)
        _answer_other_origins(apigateway)
        _compress(cloudfront)
        _write_down_what_sns_sends(sns, chosen.mail)
        _write_down_what_ses_sends(ses_v2, chosen.mail)
        _read_conditions_once(dynamodb)
        packages.unpack_once(lambda_runtime)
        streams.keep(dynamodb)
        streams.deliver_again(lambda_svc)
        if chosen.twice:
            twice.deliver_twice(lambda_svc, eventbridge)
        _save_though_it_changes(app)
        app.main()
    finally:
        # Takes along the functions that are still at work: all are in this process's group.
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)


def _end_with_starter() -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _read_conditions_once(dynamodb: Any) -> None:
    """MiniStack takes a condition apart anew for each item that it is asked of, and a query asks it of its whole
    partition: that of a large round has thousands of rows.

    Both functions are MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
    """
    tokens = lru_cache(_MOST_CONDITIONS)(dynamodb._tokenize)
    dynamodb._tokenize = lambda condition: list(tokens(condition))
    dynamodb._condition_syntax_error = lru_cache(_MOST_CONDITIONS)(dynamodb._condition_syntax_error)


def _name_versions(s3: Any, eventbridge: Any) -> None:
    """S3's events on EventBridge carry `version-id` where the bucket is versioned; MiniStack's leave it out.

    Both functions are MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
    """
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    current: ContextVar[str | None] = ContextVar("version", default=None)

    def fire_with_version(*arguments: Any, version_id: str | None = None, **named: Any) -> None:
        before = current.set(version_id)
        try:
            fire(*arguments, version_id=version_id, **named)
        finally:
            current.reset(before)

    def dispatch_with_version(event: dict[str, Any], *rest: Any, **named: Any) -> Any:
        version = current.get()
        if version and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, *rest, **named)

    s3._fire_s3_event, eventbridge._dispatch_event = fire_with_version, dispatch_with_version


def _name_senders(app: Any, iam_actions: Any) -> None:
    """Permission to send e-mail is asked for the sender's identity, and `ses:FromAddress` is the sender; MiniStack asks
    for it on every resource, and its requests have no such key.

    Both functions are MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
    """
    resource_of, enforce = iam_actions._ses_v2_resource_arn, app._enforce_data_plane

    def with_sender(method: str, path: str, body: bytes, region: str, account: str) -> str:
        if method == "POST" and path.rstrip("/") == "/v2/email/outbound-emails":
            _, sender = parseaddr(json.loads(body or b"{}").get("FromEmailAddress", ""))
            return f"arn:aws:ses:{region}:{account}:identity/{sender}"
        return str(resource_of(method, path, body, region, account))

    def enforce_with_sender(service: str, action: str, *rest: Any, resource_arn: str = "*", **named: Any) -> Any:
        if action == "ses:SendEmail":
            named["service_context"] = {"ses:FromAddress": resource_arn.partition(":identity/")[2]}
        return enforce(service, action, *rest, resource_arn=resource_arn, **named)

    iam_actions._ses_v2_resource_arn, app._enforce_data_plane = with_sender, enforce_with_sender


def _answer_other_origins(apigateway: Any) -> None:
    """CloudFormation writes AllowOrigins where API Gateway's own API writes allowOrigins; MiniStack keeps the first as
    it is and looks for the second, so that an API from a template answers no page.

    Both functions are MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
    """

    def renamed(configured: dict[str, Any]) -> dict[str, Any]:
        return {name[0].lower() + name[1:]: value for name, value in configured.items()}

    headers, preflight = apigateway._cors_response_headers, apigateway._cors_preflight_response
    apigateway._cors_response_headers = lambda configured, origin: headers(renamed(configured), origin)
    apigateway._cors_preflight_response = lambda configured, origin: preflight(renamed(configured), origin)


_COMPRESSED = ("text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml")
_LEAST_COMPRESSED, _MOST_COMPRESSED = 1_000, 10_000_000


def _compress(cloudfront: Any) -> None:
    """CloudFront compresses what a behavior with `Compress` serves, within its limits of type and size (Developer
    Guide, "Serve compressed files"); MiniStack does not. Brotli is left to AWS: a browser takes gzip as well.

    `handle_viewer_request` is MiniStack's own function, not an interface: the version is pinned, and a test holds this
    to it.
    """
    serve = cloudfront.handle_viewer_request

    async def serve_compressed(
        dist: dict[str, Any], method: str, path: str, uri: str, query: str, headers: dict[str, str], *rest: Any
    ) -> tuple[int, dict[str, str], bytes]:
        # What was sent compressed comes back with a weak tag; the bucket knows the strong one.
        asked = {name: value.replace("W/", "") if name == "if-none-match" else value for name, value in headers.items()}
        status, answered, body = await serve(dist, method, path, uri, query, asked, *rest)
        fit = (
            status == 200
            and method == "GET"
            and "gzip" in headers.get("accept-encoding", "")
            and "<Compress>true</Compress>" in dist["config_xml"].replace("ns0:", "")
            and answered.get("Content-Type", "").partition(";")[0] in _COMPRESSED
            and _LEAST_COMPRESSED <= len(body) <= _MOST_COMPRESSED
            and "Content-Encoding" not in answered
        )
        if not fit:
            return status, answered, body
        packed = gzip.compress(body, 6, mtime=0)
        own = {"Content-Encoding": "gzip", "Content-Length": str(len(packed)), "Vary": "Accept-Encoding"}
        return status, {**answered, **own, "Etag": f"W/{answered['Etag']}"}, packed

    cloudfront.handle_viewer_request = serve_compressed


def _write_down_what_sns_sends(sns: Any, file: Path) -> None:
    """MiniStack drops e-mail, and a queue in its place would see the text for queues.

    `_fanout` is MiniStack's own function, not an interface: the version is pinned, and a test holds this to it.
    """
    deliver = sns._fanout

    def deliver_and_write_down(
        topic_arn: str,
        msg_id: str,
        message: str,
        subject: str,
        message_structure: str = "",
        message_attributes: dict[str, dict[str, str]] | None = None,
        *rest: Any,
        **named: Any,
    ) -> None:
        attributes = message_attributes or {}
        deliver(topic_arn, msg_id, message, subject, message_structure, attributes, *rest, **named)
        text = sns._resolve_message_for_protocol(message, message_structure, "email")
        topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        readers = (
            subscription["endpoint"]
            for subscription in topic["subscriptions"]
            if subscription["protocol"] == "email" and sns._matches_filter_policy(subscription, attributes, text)
        )
        mail = Mail(
            id=msg_id,
            channel="sns",
            to=tuple(sorted(readers)),
            topic=topic_arn.rpartition(":")[2],
            subject=subject,
            body=text,
            document=sns._resolve_message_for_protocol(message, message_structure, "sqs"),
            attributes={name: value.get("StringValue", "") for name, value in attributes.items()},
            at=datetime.now(UTC),
        )
        post(file, mail)

    sns._fanout = deliver_and_write_down


def _write_down_what_ses_sends(ses: Any, file: Path) -> None:
    """MiniStack keeps e-mail in memory, without its headers, until it is stopped. (Its `SendEmail`, version 2.)"""
    handle = ses.handle_request

    async def handle_and_write_down(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        answer = await handle(method, path, headers, body, query)
        status, _, said = answer
        if method == "POST" and path.rstrip("/") == "/v2/email/outbound-emails" and status == 200:
            asked = json.loads(body)
            simple = asked["Content"].get("Simple", {})
            text = simple.get("Body", {})
            named = {header["Name"]: header["Value"] for header in simple.get("Headers", [])}
            mail = Mail(
                id=json.loads(said)["MessageId"],
                channel="ses",
                to=tuple(asked["Destination"].get("ToAddresses", [])),
                topic=None,
                subject=simple.get("Subject", {}).get("Data", ""),
                body=(text.get("Text") or text.get("Html") or {}).get("Data", ""),
                document=None,
                attributes={"from": asked.get("FromEmailAddress", ""), **named},
                at=datetime.now(UTC),
            )
            post(file, mail)
        return answer

    ses.handle_request = handle_and_write_down


def _save_though_it_changes(app: Any) -> None:
    """MiniStack drops the state of a service that changes while it is copied, as a queue does under load."""
    save = app.save_all

    def surely(get_state: Any) -> Any:
        for _ in range(_MOST_COPIES):
            with contextlib.suppress(RuntimeError):  # "changed size during iteration"
                return get_state()
        return get_state()

    app.save_all = lambda services: save({name: partial(surely, get) for name, get in services.items()})


if __name__ == "__main__":
    main()
