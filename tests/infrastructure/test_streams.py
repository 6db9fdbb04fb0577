"""A table's stream on the embedded cloud: as durable as the table, and what fails is delivered again, as on AWS."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrastructure.cloud.running import ACCOUNT, Cloud, running_cloud

pytestmark = pytest.mark.cloud

FUNCTION = """
def handle(event, context):
    for record in event["Records"]:
        name = record["dynamodb"]["Keys"]["name"]["S"]
        print("given", name)
        if name.startswith("bad"):
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        print("done", name)
    return {"batchItemFailures": []}
"""
MOST_TRIES = 2


def install(cloud: Cloud) -> str:
    """A table whose stream starts a function, with a queue for what fails. Returns the mapping's identifier."""
    table = cloud.client("dynamodb").create_table(
        TableName="names",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, policy = cloud.client("iam"), {"Version": "2012-10-17", "Statement": [trust]}
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    everything = {"Effect": "Allow", "Action": ["dynamodb:*", "sqs:*", "logs:*"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=json.dumps(policy))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("reader.py", FUNCTION)
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="reader",
        Runtime="python3.13",
        Handler="reader.handle",
        Role=role,
        Code={"ZipFile": code.getvalue()},
    )
    cloud.client("sqs").create_queue(QueueName="failed")
    mapping = functions.create_event_source_mapping(
        FunctionName="reader",
        EventSourceArn=table["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        MaximumRetryAttempts=MOST_TRIES,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:{cloud.region}:{ACCOUNT}:failed"}},
    )
    return str(mapping["UUID"])


def put(cloud: Cloud, *names: str) -> None:
    for name in names:
        cloud.client("dynamodb").put_item(TableName="names", Item={"name": {"S": name}})


def said(cloud: Cloud, word: str) -> list[str]:
    """Which names the function said this of, in order."""
    return re.findall(rf"{word} (\w+)", cloud.log.read_text(errors="replace"))


def pause(cloud: Cloud, mapping: str, *, paused: bool) -> None:
    cloud.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=not paused)


def failed(cloud: Cloud) -> list[dict[str, Any]]:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="failed")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return [json.loads(one["Body"]) for one in found]


def until(there: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end, "waited 20 seconds in vain"
        time.sleep(0.1)


def test_a_record_that_fails_is_delivered_again_and_then_told_of_while_its_neighbours_are_handled_once(
    tmp_path: Path,
) -> None:
    with running_cloud(tmp_path) as cloud:
        mapping = install(cloud)
        pause(cloud, mapping, paused=True)
        put(cloud, "first", "bad", "last")
        pause(cloud, mapping, paused=False)
        until(lambda: "last" in said(cloud, "done"))
        assert said(cloud, "given") == ["first", *["bad"] * (1 + MOST_TRIES), "last"]
        assert said(cloud, "done") == ["first", "last"]
        (letter,) = failed(cloud)
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 1


def test_what_a_function_had_not_read_when_the_cloud_was_stopped_it_reads_after_the_start(tmp_path: Path) -> None:
    with running_cloud(tmp_path, keep=True) as cloud:
        mapping = install(cloud)
        put(cloud, "before")
        until(lambda: said(cloud, "done") == ["before"])
        pause(cloud, mapping, paused=True)
        put(cloud, "unread")
    with running_cloud(tmp_path, keep=True) as again:
        put(again, "after")
        pause(again, mapping, paused=False)
        until(lambda: "after" in said(again, "done"))
        assert said(again, "done") == ["unread", "after"]
