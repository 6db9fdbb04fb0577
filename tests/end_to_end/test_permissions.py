"""What each role and each person may do in AWS: exactly what the work takes. Tried with real requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infrastructure.demo import PARAMETERS
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play

pytestmark = pytest.mark.cloud

Clients = Callable[[str], Any]
Deed = Callable[[Clients], object]
_LATER = 900
"""Seconds that a message is held back: longer than the tests run, so it wakes nobody."""
_FOREIGN = {"pk": {"S": "PERMISSIONS"}, "sk": {"S": "TRIED"}}
_REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}


def _letter(sender: str) -> dict[str, Any]:
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": ["permissions@example.org"]},
        "Content": {"Simple": {"Subject": {"Data": "Prov"}, "Body": {"Text": {"Data": "Prov"}}}},
    }


@pytest.fixture(scope="module")
def deeds(installation: Installation) -> dict[str, Deed]:
    """Everything that any part of the house does in AWS, and what none should, each as one request."""
    installation.open_round("permissions")
    client = installation.applicant("permissions")
    client.outcome_of(client.send(a_play())["submission"])
    (version,) = installation.uploads("permissions")
    outputs = installation.outputs
    bucket, table, key = outputs["UploadBucketName"], outputs["TableName"], version["Key"]
    signing = installation.resource("ReceiptKey")
    queues = {name: outputs[f"{name}Url"] for name in ("UploadQueue", "FailedUploads", "FailedJobs")}

    def invoking(function: str) -> Deed:
        return lambda of: of("lambda").invoke(FunctionName=f"anslag-{function}", InvocationType="DryRun")

    def sending(queue: str) -> Deed:
        return lambda of: of("sqs").send_message(QueueUrl=queues[queue], MessageBody="{}", DelaySeconds=_LATER)

    def receiving(queue: str) -> Deed:
        return lambda of: of("sqs").receive_message(QueueUrl=queues[queue], VisibilityTimeout=0)

    def counting(queue: str) -> Deed:
        return lambda of: of("sqs").get_queue_attributes(QueueUrl=queues[queue], AttributeNames=["All"])

    def publishing(path: str) -> Deed:
        return lambda of: of("s3").put_object(Bucket=outputs["PagesBucketName"], Key=path, Body=b"")

    functions = (
        "acknowledge",
        "administer",
        "advance",
        "announce",
        "apply",
        "decide",
        "ingest",
        "publish",
        "summarise",
    )
    return {
        "s3 read": lambda of: of("s3").get_object(Bucket=bucket, Key=key, VersionId=version["VersionId"]),
        "s3 write": lambda of: of("s3").put_object(Bucket=bucket, Key="rounds/permissions/tried", Body=b""),
        "s3 write elsewhere": lambda of: of("s3").put_object(Bucket=bucket, Key="tried", Body=b""),
        "s3 delete": lambda of: of("s3").delete_object(Bucket=bucket, Key="rounds/permissions/tried"),
        "s3 list": lambda of: of("s3").list_objects_v2(Bucket=bucket, Prefix="rounds/"),
        "s3 versions": lambda of: of("s3").list_object_versions(Bucket=bucket, Prefix="rounds/"),
        "s3 all versions": lambda of: of("s3").list_object_versions(Bucket=bucket),
        "s3 tag": lambda of: of("s3").put_object_tagging(
            Bucket=bucket, Key=key, VersionId=version["VersionId"], Tagging={"TagSet": []}
        ),
        "publish a page": publishing("tried"),
        "publish an applicants' page": publishing("sv/tried"),
        "publish a result": publishing("sv/rounds/tried"),
        "publish data": publishing("data/tried/tried.csv"),
        "table get": lambda of: of("dynamodb").get_item(TableName=table, Key=_FOREIGN),
        "table get several": lambda of: of("dynamodb").batch_get_item(RequestItems={table: {"Keys": [_FOREIGN]}}),
        "table query": lambda of: of("dynamodb").query(
            TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": _FOREIGN["pk"]}
        ),
        "table scan": lambda of: of("dynamodb").scan(TableName=table, Limit=1),
        "table put": lambda of: of("dynamodb").put_item(TableName=table, Item=_FOREIGN),
        "table put several": lambda of: of("dynamodb").batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": _FOREIGN}}]}
        ),
        "table update": lambda of: of("dynamodb").update_item(TableName=table, Key=_FOREIGN),
        "table delete": lambda of: of("dynamodb").delete_item(TableName=table, Key=_FOREIGN),
        "table drop": lambda of: of("dynamodb").delete_table(TableName=table),
        "mail as us": lambda of: of("sesv2").send_email(**_letter(PARAMETERS["ReceiptSender"])),
        "mail as others": lambda of: of("sesv2").send_email(**_letter("vd@icld.example")),
        **{f"send to {queue}": sending(queue) for queue in queues},
        **{f"receive from {queue}": receiving(queue) for queue in queues},
        **{f"count {queue}": counting(queue) for queue in queues},
        **{f"start {function}": invoking(function) for function in functions},
        "change a function": lambda of: of("lambda").update_function_configuration(
            FunctionName="anslag-apply", Description="tried"
        ),
        "read logs": lambda of: of("logs").filter_log_events(logGroupName="/aws/lambda/anslag-apply"),
        "let somebody in": lambda of: of("iam").attach_user_policy(
            UserName="anna", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "see every stack": lambda of: of("cloudformation").describe_stacks(),
        "sign": lambda of: of("kms").sign(KeyId=signing, Message=b"tried", SigningAlgorithm="ECDSA_SHA_256"),
        "read the public key": lambda of: of("kms").get_public_key(KeyId=signing),
        "destroy the key": lambda of: of("kms").schedule_key_deletion(KeyId=signing, PendingWindowInDays=7),
    }


def may(clients: Clients, deeds: dict[str, Deed]) -> list[str]:
    """Which of the deeds are not refused."""
    allowed = []
    for name, deed in deeds.items():
        try:
            deed(clients)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] not in _REFUSALS:
                raise
        else:
            allowed.append(name)
    return sorted(allowed)


def _clients(installation: Installation, key: str, secret: str, token: str | None = None) -> Clients:
    session: Any = boto3.Session(key, secret, token, region_name=installation.cloud.region)
    return cache(lambda service: session.client(service, endpoint_url=installation.cloud.endpoint))


@pytest.fixture
def as_role(installation: Installation) -> Iterator[Callable[[str], Clients]]:
    """The clients of one of the stack's roles: for as long as a test takes, its owner may take it on as well."""
    iam, trusted = installation.client("iam"), {}

    def take_on(logical: str) -> Clients:
        name = installation.resource(logical)
        role = iam.get_role(RoleName=name)["Role"]
        trusted[name] = role["AssumeRolePolicyDocument"]
        owner = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [owner]})
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)
        taken = installation.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="permissions")
        keys = taken["Credentials"]
        return _clients(installation, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    yield take_on
    for name, document in trusted.items():
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))


MAY = {
    "ApplyRole": [
        "mail as us",
        "read the public key",
        "s3 write",
        "sign",
        "table get",
        "table get several",
        "table put",
        "table query",
        "table update",
    ],
    "IngestRole": [
        "count UploadQueue",
        "receive from UploadQueue",
        "s3 list",
        "s3 read",
        "table get",
        "table put",
        "table update",
    ],
    "AcknowledgeRole": ["mail as us", "send to FailedJobs", "table get", "table query", "table update"],
    "AdvanceRole": [
        "s3 tag",
        "s3 versions",
        "send to FailedJobs",
        "send to UploadQueue",
        "start acknowledge",
        "start announce",
        "start publish",
        "start summarise",
        "table get",
        "table put",
        "table query",
        "table update",
    ],
    "SummariseRole": [
        "count FailedJobs",
        "count FailedUploads",
        "s3 versions",
        "send to FailedJobs",
        "table get",
        "table query",
        "table update",
    ],
    "AdministerRole": [
        "receive from FailedJobs",
        "receive from FailedUploads",
        "s3 read",
        "s3 versions",
        "send to UploadQueue",
        "start acknowledge",
        "start advance",
        "start summarise",
        "table get",
        "table get several",
        "table put",
        "table query",
        "table update",
    ],
    "DecideRole": [
        "table get",
        "table get several",
        "table put",
        "table put several",
        "table query",
        "table update",
    ],
    "AnnounceRole": ["send to FailedJobs", "start publish", "table get", "table put", "table query", "table update"],
    "PublishRole": [
        "publish a result",
        "publish data",
        "send to FailedJobs",
        "table get",
        "table query",
        "table update",
    ],
    "SchedulerRole": ["send to FailedJobs", "start acknowledge", "start advance", "start summarise"],
}


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_its_work_and_nothing_else(
    role: str, as_role: Callable[[str], Clients], deeds: dict[str, Deed]
) -> None:
    assert may(as_role(role), deeds) == MAY[role]


def test_not_even_an_administrator_takes_on_the_role_of_a_function(installation: Installation) -> None:
    iam = installation.client("iam")
    iam.create_user(UserName="administrator")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="administrator")["AccessKey"]
    clients = _clients(installation, key["AccessKeyId"], key["SecretAccessKey"])
    sts = clients("sts")
    for logical in MAY:
        arn = iam.get_role(RoleName=installation.resource(logical))["Role"]["Arn"]
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            sts.assume_role(RoleArn=arn, RoleSessionName="permissions")


def test_staff_can_do_nothing_in_aws_but_ask_the_staff_addresses(
    installation: Installation, deeds: dict[str, Deed]
) -> None:
    assert may(_as_anna(installation), deeds) == []


def test_one_role_alone_publishes_on_each_topic(installation: Installation, as_role: Callable[[str], Clients]) -> None:
    def publishing(topic: str) -> Deed:
        return lambda of: of("sns").publish(TopicArn=installation.outputs[f"{topic}TopicArn"], Message="permissions")

    topics = {topic: publishing(topic) for topic in ("Award", "Staff")}
    allowed = {role: may(as_role(role), topics) for role in MAY} | {"anna": may(_as_anna(installation), topics)}
    assert {who: which for who, which in allowed.items() if which} == {
        "AnnounceRole": ["Award"],
        "SummariseRole": ["Staff"],
    }


def _as_anna(installation: Installation) -> Clients:
    environment = installation.anna.environment
    return _clients(installation, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
