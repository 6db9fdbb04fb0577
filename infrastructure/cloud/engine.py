"""The process of the embedded cloud: MiniStack, with what it lacks for our purpose.

Started by `infrastructure.cloud.running` as the leader of a process group of its own. It differs from the
command `ministack` in this: functions run on another interpreter than this one, S3's events name the object
version and sending e-mail needs the permission for its sender, both as on AWS, what SNS sends by e-mail is
written down, and nothing that it started outlives it.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infrastructure.cloud.letters import Mail, post


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--function-python", required=True)
    options.add_argument("--mail", type=Path, required=True)
    options.add_argument("--tied", action="store_true", help="end when standard input ends")
    chosen = options.parse_args()
    if chosen.tied:
        threading.Thread(target=_end_with_starter, daemon=True).start()
    sys.argv = ["ministack"]
    sys.executable = chosen.function_python
    try:
        from ministack import app  # noqa: PLC0415  it reads the environment when imported
        from ministack.core import iam_actions  # noqa: PLC0415
        from ministack.services import eventbridge, s3, sns  # noqa: PLC0415

        _name_versions(s3, eventbridge)
        _name_senders(iam_actions)
        _write_down_what_sns_sends(sns, chosen.mail)
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


def _name_senders(iam_actions: Any) -> None:
    """Permission to send e-mail is asked for the sender's identity; MiniStack asks for it on every resource.

    The function is MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
    """
    resource_of = iam_actions._ses_v2_resource_arn

    def with_sender(method: str, path: str, body: bytes, region: str, account: str) -> str:
        if method == "POST" and path.rstrip("/") == "/v2/email/outbound-emails":
            sender = json.loads(body or b"{}").get("FromEmailAddress", "")
            return f"arn:aws:ses:{region}:{account}:identity/{sender}"
        return str(resource_of(method, path, body, region, account))

    iam_actions._ses_v2_resource_arn = with_sender


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
        post(file, [mail])

    sns._fanout = deliver_and_write_down


if __name__ == "__main__":
    main()
