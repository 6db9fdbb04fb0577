"""The template as a whole: its size, its references, its parameters, and what keeps data safe."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from shared import keys
from tests.functions.world import ROUND, new_world
from tests.infrastructure.template_reading import listed
from tests.template import ROOT, TEMPLATE, resources, translated, written

MOST_BYTES = 1_000_000
"""What CloudFormation takes through S3. In a request it takes 51,200, which this template has outgrown."""
PSEUDO_PARAMETERS = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackName",
}
ATTRIBUTES = {
    ("AWS::KMS::Key", "Arn"),
    ("AWS::ApiGatewayV2::Api", "ApiEndpoint"),
    ("AWS::CloudFront::Distribution", "DomainName"),
    ("AWS::CloudFront::OriginAccessControl", "Id"),
    ("AWS::DynamoDB::Table", "Arn"),
    ("AWS::DynamoDB::Table", "StreamArn"),
    ("AWS::Events::Rule", "Arn"),
    ("AWS::IAM::Role", "Arn"),
    ("AWS::Lambda::Function", "Arn"),
    ("AWS::Logs::LogGroup", "Arn"),
    ("AWS::S3::Bucket", "Arn"),
    ("AWS::S3::Bucket", "RegionalDomainName"),
    ("AWS::SQS::Queue", "Arn"),
    ("AWS::SQS::Queue", "QueueName"),
}
"""What GetAtt may ask of which kind of resource, by CloudFormation's reference; an emulator answers more."""
SENTENCE = re.compile(r"[A-ZÅÄÖ].*\w{3}.* .*\S")


def test_the_template_is_deployed_through_s3_and_fits() -> None:
    deployed = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["default"]["deploy"]["parameters"]
    assert deployed["resolve_s3"] is True
    assert len(TEMPLATE.read_bytes()) <= MOST_BYTES


def _references(value: Any) -> Iterator[tuple[str, str | None]]:
    """Every name with the attribute that is asked of it, wherever in the template it stands."""
    if isinstance(value, list):
        for member in value:
            yield from _references(member)
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        match key, member:
            case "Ref", str(name):
                yield name, None
            case "Fn::GetAtt", [str(name), str(attribute)]:
                yield name, attribute
            case "Fn::GetAtt", str(path):
                name, _, attribute = path.partition(".")
                yield name, attribute
            case "Fn::Sub", str(text):
                yield from _in_text(text, set())
            case "Fn::Sub", [str(text), dict(given)]:
                yield from _in_text(text, set(given))
                yield from _references(given)
            case _:
                yield from _references(member)


def _in_text(text: str, given: set[str]) -> Iterator[tuple[str, str | None]]:
    for path in re.findall(r"\$\{([^!}]+)\}", text):
        name, _, attribute = path.partition(".")
        if name not in given:
            yield name, attribute or None


def test_every_reference_names_something_that_exists() -> None:
    template = translated()
    kinds = {name: one["Type"] for name, one in template["Resources"].items()}
    known = PSEUDO_PARAMETERS | set(template["Parameters"]) | set(kinds)
    found = list(_references({key: template[key] for key in ("Resources", "Outputs", "Conditions", "Rules")}))
    assert len(found) > 200
    assert {name for name, _ in found} <= known
    assert {(kinds.get(name), attribute) for name, attribute in found if attribute is not None} <= ATTRIBUTES


def test_every_condition_exists_and_is_used() -> None:
    template = translated()
    conditioned = {one["Condition"] for one in template["Resources"].values() if "Condition" in one}
    in_properties = {"SendsReceipts", "HasPagesAddress", "HasPagesCertificate"}
    assert conditioned | in_properties == set(template["Conditions"])


def test_every_parameter_explains_itself_and_has_a_default() -> None:
    for name, parameter in written()["Parameters"].items():
        assert "Default" in parameter, name
        assert SENTENCE.fullmatch(parameter["Description"]), name
        assert parameter["Description"].endswith((".", ".example.se")), name
        assert "AllowedPattern" not in parameter or "ConstraintDescription" in parameter, name


def test_every_parameter_is_used_and_shown_in_a_group() -> None:
    template = written()
    used = {name for name, _ in _references({key: template[key] for key in template if key != "Parameters"})}
    parameters = set(template["Parameters"])
    assert parameters - used == set()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    assert sorted(shown) == sorted(parameters)


def test_the_defaults_are_for_aws_itself() -> None:
    defaults = {name: one["Default"] for name, one in written()["Parameters"].items()}
    assert defaults["RequireTls"] == "true"
    assert [name for name in defaults if name.endswith(("Address", "Sender")) and defaults[name]] == []


@pytest.mark.parametrize(
    ("parameter", "warning"),
    [("SignReceipts", "Once on, leave it on"), ("HeartbeatRate", "Not slower than rate(5 minutes)")],
)
def test_a_parameter_that_can_do_harm_says_so(parameter: str, warning: str) -> None:
    assert warning in written()["Parameters"][parameter]["Description"]


def test_the_slowest_heartbeat_still_beats_within_every_period_that_alarms_look_at() -> None:
    slowest = 5 * 60
    alarms = resources("AWS::CloudWatch::Alarm")
    assert alarms["HeartbeatAlarm"]["Period"] >= 2 * slowest
    assert alarms["UploadsWithoutOutcomeAlarm"]["Period"] >= slowest


# ---------------------------------------------------------------- the bucket


def bucket() -> dict[str, Any]:
    return resources("AWS::S3::Bucket")["UploadBucket"]


def test_there_are_two_buckets_and_that_of_uploads_keeps_every_version() -> None:
    assert list(resources("AWS::S3::Bucket")) == ["UploadBucket", "PagesBucket"]
    assert bucket()["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("name", ["UploadBucket", "PagesBucket"])
def test_nothing_in_a_bucket_can_become_public_or_lies_open(name: str) -> None:
    bucket = resources("AWS::S3::Bucket")[name]
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_the_bucket_answers_over_tls_alone_unless_a_parameter_says_otherwise() -> None:
    policy = translated()["Resources"]["UploadBucketPolicy"]
    assert policy["Condition"] == "TlsRequired"
    assert translated()["Conditions"]["TlsRequired"] == {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": ["UploadBucket", "Arn"]}, {"Fn::Sub": "${UploadBucket.Arn}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_the_lifecycle_removes_only_what_is_tagged_or_broken() -> None:
    rules = {rule["Id"]: rule for rule in bucket()["LifecycleConfiguration"]["Rules"]}
    tagged = rules.pop("remove-what-was-never-submitted")
    assert tagged["TagFilters"] == [{"Key": "anslag", "Value": "unsubmitted"}]
    assert rules == {
        "remove-broken-uploads": {
            "Id": "remove-broken-uploads",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    }


def test_the_tag_that_closing_sets_is_the_one_that_the_lifecycle_removes() -> None:
    rule = bucket()["LifecycleConfiguration"]["Rules"][0]
    with mock_aws():
        world = new_world()
        never_sent = world.put(keys.attachment_object(ROUND, world.start().application.id, "0" * 64), b"%PDF-")
        (version,) = world.bucket.versions(keys.round_prefix(ROUND))
        world.bucket.mark_unsubmitted(version)
        answer = world.bucket._client.get_object_tagging(Bucket="uploads", Key=never_sent.key)
    assert answer["TagSet"] == rule["TagFilters"]


# ---------------------------------------------------------------- the table


def test_the_table_can_be_restored_and_is_paid_by_use() -> None:
    (table,) = resources("AWS::DynamoDB::Table").values()
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_drafts_expire_by_the_attribute_that_the_table_looks_at() -> None:
    (table,) = resources("AWS::DynamoDB::Table").values()
    expiry = table["TimeToLiveSpecification"]
    assert expiry["Enabled"] is True
    with mock_aws():
        world = new_world()
        draft = world.start().application.id
        stored = world.table.get(keys.application_key(ROUND, draft)) or {}
        world.submit(draft)
        sent = world.table.get(keys.application_key(ROUND, draft)) or {}
    # TTL counts in seconds; milliseconds would keep drafts for fifty thousand years.
    assert 300 < (stored[expiry["AttributeName"]] - world.now.timestamp()) / 86_400 < 500
    assert expiry["AttributeName"] not in sent


@pytest.mark.parametrize("name", ["Table", "UploadBucket", "PagesBucket"])
def test_data_outlives_the_stack(name: str) -> None:
    resource = translated()["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


# ---------------------------------------------------------------- the API, and two stacks side by side


def test_the_api_is_throttled_and_lets_pages_call_the_public_routes_alone() -> None:
    (stage,) = resources("AWS::ApiGatewayV2::Stage").values()
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 400, "ThrottlingRateLimit": 200}
    assert stage["RouteSettings"] == {
        # A start leaves a row for 400 days, whether anything comes after it or not.
        "POST /rounds/{round_id}/applications": {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 20}
    }
    (api,) = resources("AWS::ApiGatewayV2::Api").values()
    assert api["CorsConfiguration"] == {
        "AllowOrigins": {"Ref": "PageOrigins"},
        "AllowMethods": ["GET", "POST", "PUT", "OPTIONS"],
        # Not those of a signed request: no page may call a staff route.
        "AllowHeaders": ["authorization", "content-type", "accept-language"],
        "MaxAge": 3000,
    }


def test_the_stage_waits_for_the_routes_that_it_limits() -> None:
    """API Gateway refuses the settings of a route that is not there yet."""
    stage = translated()["Resources"]["ApiStage"]
    routes = resources("AWS::ApiGatewayV2::Route")
    awaited = {routes[name]["RouteKey"] for name in listed(stage["DependsOn"])}
    assert awaited == set(stage["Properties"]["RouteSettings"])


def test_the_access_log_names_routes_and_no_people() -> None:
    (stage,) = resources("AWS::ApiGatewayV2::Stage").values()
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    # Not path (references), not header.* or authorizer.* (links, callers), not identity.* (addresses of people).
    assert set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSettings"]["Format"])) == {
        "requestId",
        "requestTime",
        "routeKey",
        "status",
        "responseLatency",
        "integrationErrorMessage",
    }


def test_two_stacks_can_live_side_by_side() -> None:
    """Where the template gives a name, the stack's own name is in it."""
    for kind, attribute in (
        ("AWS::ApiGatewayV2::Api", "Name"),
        ("AWS::Lambda::Function", "FunctionName"),
        ("AWS::Logs::LogGroup", "LogGroupName"),
        ("AWS::Scheduler::Schedule", "Name"),
        ("AWS::IAM::Role", "RoleName"),
        ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::SNS::Topic", "TopicName"),
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::Events::Rule", "Name"),
        ("AWS::CloudWatch::Alarm", "AlarmName"),
        ("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig"),
        ("AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
    ):
        for name, properties in resources(kind).items():
            given = properties.get(attribute)
            given = given["Name"] if isinstance(given, dict) and "Name" in given else given
            assert given is None or "AWS::StackName" in str(given), f"{name} has a name of its own: {given}"
