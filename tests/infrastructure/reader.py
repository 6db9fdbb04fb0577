"""A function on the embedded cloud that reads a table's stream, and says what it was given."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from infrastructure.cloud.running import ACCOUNT, Cloud
from tests.infrastructure.small_functions import packed, role_of

FUNCTION = """
def handle(event, context):
    if "tell" in event:
        import boto3
        boto3.client("sqs").send_message(QueueUrl=event["tell"], MessageBody=event["name"])
        return
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
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="reader",
        Runtime="python3.13",
        Handler="reader.handle",
        Role=role_of(cloud, "reader", "dynamodb:*", "sqs:*", "logs:*"),
        Code={"ZipFile": packed("reader.py", FUNCTION)},
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
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, "waited a minute in vain"
        time.sleep(0.1)
