"""The same services three times: in memory, in moto, and in the embedded cloud, for one contract test."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import requests
from botocore.config import Config
from moto import mock_aws

from infrastructure.cloud.running import running_cloud
from shared.aws.bucket import Bucket, Form, ObjectVersion
from shared.aws.messages import Mailer, Queue, Topic
from shared.aws.public_files import PublicFiles
from shared.aws.signer import Signer
from shared.aws.table import Table
from tests.simulation.doubles.bucket import FormRefusedError, MemoryBucket
from tests.simulation.doubles.messages import MemoryMailer, MemoryQueue, MemoryTopic
from tests.simulation.doubles.public_files import MemoryPublicFiles
from tests.simulation.doubles.signer import MemorySigner
from tests.simulation.doubles.table import MemoryTable
from tests.template import create_table

SENDER = "anslag@example.se"


@dataclass(frozen=True)
class Services:
    """The ports, and what a test does from the other side of them."""

    kind: str
    table: Table
    bucket: Bucket
    queue: Queue
    topic: Topic
    mailer: Mailer
    stranger: Mailer
    """A sender of whom SES takes nothing."""
    signer: Signer
    public: PublicFiles
    put: Callable[[str, bytes], str]
    """An object; answers its version."""
    tags: Callable[[ObjectVersion], dict[str, str]]
    post: Callable[[Form, bytes], None]
    """What a browser sends. Raises FormRefusedError."""
    published: Callable[[], list[dict[str, Any]]]
    """What a queue that subscribes to the topic got: Message and MessageAttributes."""
    subscribe: Callable[[str], object]
    """An e-mail address to the topic."""
    readable: Callable[[str], tuple[str, str] | None]
    """What everybody reads at a path: media type and text."""


def in_memory() -> Services:
    """The doubles, on their plain wire."""
    bucket, topic, public = MemoryBucket(lambda: datetime.now(UTC)), MemoryTopic(), MemoryPublicFiles()
    stranger = MemoryMailer()
    stranger.refuses = lambda mail: True  # noqa: ARG005

    def tags(version: ObjectVersion) -> dict[str, str]:
        found = bucket.find(version.key, version.version_id)
        assert found is not None
        return found.tags

    def published() -> list[dict[str, Any]]:
        return [
            {
                "Message": one.text if one.document is None else json.dumps(one.document, ensure_ascii=False),
                "Subject": one.subject,
                "Attributes": dict(one.attributes),
            }
            for one in topic.published
        ]

    def post(form: Form, content: bytes) -> None:
        bucket.post(form, content)

    return Services(
        "double",
        MemoryTable(page=3),
        bucket,
        MemoryQueue("contract", lambda: datetime.now(UTC)),
        topic,
        MemoryMailer(),
        stranger,
        MemorySigner(),
        public,
        lambda key, content: bucket.put(key, content).version_id,
        tags,
        post,
        published,
        lambda address: topic.subscribed.update({address: False}),
        public.files.get,
    )


def _behind_clients(kind: str, client: Callable[..., Any], post: Callable[[Form, bytes], None]) -> Services:
    name = f"contract-{uuid.uuid4().hex[:8]}"
    dynamodb, sqs, sns, sesv2 = client("dynamodb"), client("sqs"), client("sns"), client("sesv2")
    s3 = client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    create_table(dynamodb, name)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    topic, inbox = _subscribed(sns, sqs, name)
    sesv2.create_email_identity(EmailIdentity=SENDER)
    kms = client("kms")
    signing_key = str(kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"])

    def tags(version: ObjectVersion) -> dict[str, str]:
        answer = s3.get_object_tagging(Bucket=name, Key=version.key, VersionId=version.version_id)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    return Services(
        kind,
        Table(dynamodb, name),
        Bucket(s3, name),
        Queue(sqs, sqs.create_queue(QueueName=name)["QueueUrl"]),
        Topic(sns, topic),
        Mailer(sesv2, SENDER),
        Mailer(sesv2, "stranger@elsewhere.example"),
        Signer(kms, signing_key),
        PublicFiles(s3, name),
        lambda key, content: str(s3.put_object(Bucket=name, Key=key, Body=content)["VersionId"]),
        tags,
        post,
        lambda: _inbox(sqs, inbox),
        lambda address: sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address),
        lambda path: _readable(s3, name, path),
    )


def _readable(s3: Any, bucket: str, path: str) -> tuple[str, str] | None:
    try:
        answer = s3.get_object(Bucket=bucket, Key=path)
    except s3.exceptions.NoSuchKey:
        return None
    return answer["ContentType"].partition(";")[0], answer["Body"].read().decode()


def _subscribed(sns: Any, sqs: Any, name: str) -> tuple[str, str]:
    """A topic, and the URL of a queue that gets what it sends."""
    topic = sns.create_topic(Name=name)["TopicArn"]
    inbox = sqs.create_queue(QueueName=f"{name}-inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sender = {"Service": "sns.amazonaws.com"}
    allowed = {"Effect": "Allow", "Principal": sender, "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, inbox


def _inbox(sqs: Any, url: str) -> list[dict[str, Any]]:
    found = []
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        body = json.loads(message["Body"])
        attributes = {
            name: json.loads(one["Value"]) if one["Type"] == "String.Array" else one["Value"]
            for name, one in body.get("MessageAttributes", {}).items()
        }
        found.append({"Message": body["Message"], "Subject": body["Subject"], "Attributes": attributes})
    return found


def _post_for_real(form: Form, content: bytes) -> None:
    answer = requests.post(form.url, data=form.fields, files={"file": content}, timeout=10)
    if answer.status_code >= 400:
        raise FormRefusedError(answer.text)


@contextlib.contextmanager
def services(kind: str) -> Iterator[Services]:
    """One of: double, moto, cloud."""
    if kind == "double":
        yield in_memory()
    elif kind == "moto":
        with mock_aws():
            yield _behind_clients("moto", boto3.client, _post_for_real)
    else:
        with running_cloud() as cloud:
            yield _behind_clients("cloud", cloud.client, _post_for_real)
