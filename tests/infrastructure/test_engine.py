"""What the embedded cloud's engine does beyond MiniStack, as on AWS: each change is held to the pinned version."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.services import dynamodb

from infrastructure.cloud import engine
from infrastructure.cloud.deployment import reachable
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import Cloud, running_cloud

pytestmark = pytest.mark.cloud

Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with running_cloud() as started:
        yield started


# S3's events


@pytest.fixture(scope="module")
def told(cloud: Cloud) -> Callable[[int], list[dict[str, Any]]]:
    """Waits for so many of S3's events, as EventBridge delivers them. Takes them out of their queue."""
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_rule(Name="all", EventPattern='{"source": ["aws.s3"], "detail-type": ["Object Created"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])

    def receive(count: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        until = time.monotonic() + 60
        while len(found) < count:
            assert time.monotonic() < until, f"waited a minute in vain for {count} events; seen: {found}"
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"])["detail"])
        return found

    return receive


def bucket(cloud: Cloud, name: str, *, versioned: bool) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}, SkipDestinationValidation=True
    )
    return name


def versions_in(events: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(event["object"]["key"], event["object"].get("version-id")) for event in events}


def test_an_event_names_the_version_that_was_written(cloud: Cloud, told: Callable[[int], list[dict[str, Any]]]) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "versioned", versioned=True)
    written = [s3.put_object(Bucket=name, Key="a/å.json", Body=body)["VersionId"] for body in (b"1", b"2")]
    events = told(2)
    assert [event["object"]["version-id"] for event in events] == written
    assert [(event["bucket"]["name"], event["object"]["key"], event["object"]["size"]) for event in events] == [
        (name, "a/å.json", 1)
    ] * 2


def test_events_of_writes_at_the_same_moment_name_each_its_own_version(
    cloud: Cloud, told: Callable[[int], list[dict[str, Any]]]
) -> None:
    s3, name = cloud.client("s3"), bucket(cloud, "busy", versioned=True)
    keys = [f"file-{number % 5}" for number in range(20)]
    with ThreadPoolExecutor(10) as crowd:
        written = list(crowd.map(lambda key: s3.put_object(Bucket=name, Key=key, Body=b"x")["VersionId"], keys))
    assert versions_in(told(len(keys))) == set(zip(keys, written, strict=True))


def test_an_event_of_a_signed_form_names_the_version(cloud: Cloud, told: Callable[[int], list[dict[str, Any]]]) -> None:
    name = bucket(cloud, "forms", versioned=True)
    s3 = cloud.client("s3", config=Config(signature_version="s3v4"))
    form = s3.generate_presigned_post(Bucket=name, Key="form.json")
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"{}"}, timeout=10)
    assert answer.status_code == 204
    (version,) = s3.list_object_versions(Bucket=name)["Versions"]
    assert versions_in(told(1)) == {("form.json", version["VersionId"])}


def test_an_event_of_a_bucket_without_versions_names_none(
    cloud: Cloud, told: Callable[[int], list[dict[str, Any]]]
) -> None:
    name = bucket(cloud, "plain", versioned=False)
    cloud.client("s3").put_object(Bucket=name, Key="a.json", Body=b"1")
    assert versions_in(told(1)) == {("a.json", None)}


# Who may send e-mail


@pytest.fixture(scope="module")
def ours(cloud: Cloud) -> str:
    """An address that is verified, beside another one."""
    for address in ("ansokan@icld.example", "vd@icld.example"):
        cloud.client("sesv2").create_email_identity(EmailIdentity=address)
    return "ansokan@icld.example"


def a_user(cloud: Cloud, name: str, *resources: str) -> Clients:
    """A user who may send e-mail as these identities."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    if resources:
        allow = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": list(resources)}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_user_policy(UserName=name, PolicyName="mail", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session: Any = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=cloud.region)
    return lambda service: session.client(service, endpoint_url=cloud.endpoint)


def identity(cloud: Cloud, address: str) -> str:
    return f"arn:aws:ses:{cloud.region}:000000000000:identity/{address}"


def send(clients: Clients, sender: str, subject: str) -> None:
    clients("sesv2").send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["kommun@example.org"]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Vi har er ansökan."}}}},
    )


def sent(cloud: Cloud, subject: str) -> list[str]:
    return [mail.attributes["from"] for mail in mailbox(cloud) if mail.subject == subject]


def test_who_may_send_as_one_address_sends_as_that_one_alone(cloud: Cloud, ours: str) -> None:
    clients = a_user(cloud, "allowed", identity(cloud, ours))
    send(clients, ours, "Kvitto å ä ö")
    with pytest.raises(ClientError, match="AccessDenied") as refusal:
        send(clients, "vd@icld.example", "Kvitto å ä ö")
    assert identity(cloud, "vd@icld.example") in str(refusal.value)
    assert sent(cloud, "Kvitto å ä ö") == [ours]


@pytest.mark.parametrize(
    ("name", "addresses"),
    [("nobody", []), ("another", ["vd@icld.example"]), ("neighbour", ["icld.example", "*@example.org"])],
)
def test_who_may_send_as_others_or_not_at_all_is_refused(
    cloud: Cloud, ours: str, name: str, addresses: list[str]
) -> None:
    clients = a_user(cloud, name, *(identity(cloud, address) for address in addresses))
    with pytest.raises(ClientError, match="AccessDenied"):
        send(clients, ours, name)
    assert sent(cloud, name) == []


def test_who_may_send_as_everybody_does(cloud: Cloud, ours: str) -> None:
    send(a_user(cloud, "everybody", identity(cloud, "*")), ours, "Till alla")
    assert sent(cloud, "Till alla") == [ours]


def test_other_requests_to_the_mail_service_need_their_own_permission(cloud: Cloud, ours: str) -> None:
    clients = a_user(cloud, "curious", identity(cloud, ours))
    with pytest.raises(ClientError, match="AccessDenied"):
        clients("sesv2").list_email_identities()


# Pages: other origins, compression

ORIGIN = "https://ansok.funder.example"
PAGES: dict[str, Any] = {
    "Parameters": {"Origins": {"Type": "CommaDelimitedList", "Default": ORIGIN}, "Compress": {"Type": "String"}},
    "Resources": {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "pages",
                "ProtocolType": "HTTP",
                "CorsConfiguration": {
                    "AllowOrigins": {"Ref": "Origins"},
                    "AllowMethods": ["GET", "PUT"],
                    "AllowHeaders": ["authorization"],
                    "MaxAge": 60,
                },
            },
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Access": {
            "Type": "AWS::CloudFront::OriginAccessControl",
            "Properties": {
                "OriginAccessControlConfig": {
                    "Name": "pages",
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        },
        "Pages": {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {
                "DistributionConfig": {
                    "Enabled": True,
                    "Origins": [
                        {
                            "Id": "bucket",
                            "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
                            "OriginAccessControlId": {"Fn::GetAtt": ["Access", "Id"]},
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                    "DefaultCacheBehavior": {
                        "TargetOriginId": "bucket",
                        "ViewerProtocolPolicy": "allow-all",
                        "Compress": {"Ref": "Compress"},
                        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                    },
                }
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudfront.amazonaws.com"},
                        "Action": "s3:GetObject",
                        "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                    },
                },
            },
        },
    },
    "Outputs": {
        "Api": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}},
        "Bucket": {"Value": {"Ref": "Bucket"}},
        "Pages": {"Value": {"Fn::Sub": "https://${Pages.DomainName}"}},
    },
}


def pages_stack(cloud: Cloud, stack: str, compress: str) -> dict[str, str]:
    """A stack with pages and an API. Its outputs work on this machine."""
    cloudformation = cloud.client("cloudformation")
    template = json.dumps(PAGES).replace('"Name": "pages"', f'"Name": "{stack}"')
    parameters = [{"ParameterKey": "Compress", "ParameterValue": compress}]
    cloudformation.create_stack(StackName=stack, TemplateBody=template, Parameters=parameters)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: reachable(cloud, one["OutputValue"]) for one in found["Outputs"]}


@pytest.fixture(scope="module")
def outputs(cloud: Cloud) -> dict[str, str]:
    return pages_stack(cloud, "pages", "true")


def page(cloud: Cloud, outputs: dict[str, str], path: str, **headers: str) -> requests.Response:
    host = outputs["Pages"].partition("://")[2]
    asked = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return requests.get(cloud.endpoint + path, headers=asked, timeout=10)


def test_an_api_from_a_template_answers_the_origins_that_it_allows(outputs: dict[str, str]) -> None:
    def preflight(origin: str) -> requests.Response:
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        return requests.options(f"{outputs['Api']}/anything", headers=asked, timeout=10)

    allowed = preflight(ORIGIN)
    assert allowed.status_code == 204
    assert {name: value for name, value in allowed.headers.items() if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Methods": "GET,PUT",
        "Access-Control-Allow-Headers": "authorization",
        "Access-Control-Max-Age": "60",
    }
    assert "Access-Control-Allow-Origin" not in preflight("https://elsewhere.example").headers


@pytest.mark.parametrize(
    ("size", "media_type", "accepted", "compressed"),
    [
        (2_000, "text/html; charset=utf-8", "gzip, deflate, br", True),
        (2_000, "text/javascript", "gzip", True),
        (2_000, "text/html", "identity", False),
        (999, "text/html", "gzip", False),
        (2_000, "image/png", "gzip", False),
    ],
)
def test_cloudfront_compresses_within_its_limits(
    cloud: Cloud, outputs: dict[str, str], size: int, media_type: str, accepted: str, compressed: bool
) -> None:
    body = b"a" * size
    cloud.client("s3").put_object(Bucket=outputs["Bucket"], Key="page", Body=body, ContentType=media_type)
    answer = page(cloud, outputs, "/page", Accept_Encoding=accepted)
    assert answer.content == body
    assert (answer.headers.get("Content-Encoding") == "gzip") == compressed
    assert answer.headers["Etag"].startswith("W/") == compressed
    again = page(cloud, outputs, "/page", Accept_Encoding=accepted, If_None_Match=answer.headers["Etag"])
    assert again.status_code == 304


def test_a_distribution_that_is_not_to_compress_does_not(cloud: Cloud) -> None:
    plain = pages_stack(cloud, "plain", "false")
    cloud.client("s3").put_object(Bucket=plain["Bucket"], Key="page", Body=b"a" * 2_000, ContentType="text/html")
    assert "Content-Encoding" not in page(cloud, plain, "/page", Accept_Encoding="gzip").headers


# Conditions


def test_a_condition_is_read_once_however_many_items_it_is_asked_of(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Any]:
        own = getattr(dynamodb, name)

        def count(*arguments: Any) -> Any:
            read[name] += 1
            return own(*arguments)

        return count

    for name in ("_tokenize", "_condition_syntax_error"):
        monkeypatch.setattr(dynamodb, name, counted(name))
    engine._read_conditions_once(dynamodb)
    rows = [{"sk": {"S": f"{kind}#{number}"}} for kind in ("EFFECT", "SUBMISSION") for number in range(50)]
    found = [
        row
        for row in rows
        if dynamodb._evaluate_condition("begins_with(#sk, :kind)", row, {":kind": {"S": "EFFECT#"}}, {"#sk": "sk"})
    ]
    assert (found, read) == (rows[:50], {"_tokenize": 1, "_condition_syntax_error": 1})


def test_a_condition_that_cannot_be_read_is_refused_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_tokenize", "_condition_syntax_error"):
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))  # put back at the end
    engine._read_conditions_once(dynamodb)
    for _ in range(2):
        with pytest.raises(ValueError, match="Syntax error"):
            dynamodb._evaluate_condition("begins_with(#sk, :kind", {}, {":kind": {"S": "EFFECT#"}}, {"#sk": "sk"})
