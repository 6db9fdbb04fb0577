"""What the template allows and refuses, tried on the embedded cloud with the template's own words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infrastructure.cloud.running import Cloud, running_cloud
from tests.infrastructure.template_reading import statements
from tests.template import resources, written

pytestmark = pytest.mark.cloud

Clients = Callable[[str], Any]
STACK = "anslag"
SENDER = "ansokan@icld.example"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012"


def parameters(*names: str) -> dict[str, Any]:
    return {name: written()["Parameters"][name] for name in names}


def mail_policy(role: str) -> dict[str, Any]:
    (policy,) = resources("AWS::IAM::Role")[role]["Policies"]
    mail = [one for one in statements(policy["PolicyDocument"]) if "ses:SendEmail" in one["Action"]]
    document = {"Version": "2012-10-17", "Statement": mail}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}


TEMPLATE: dict[str, Any] = {
    "Parameters": parameters("ReceiptSender"),
    "Resources": {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "api", "ProtocolType": "HTTP"}},
        "StaffPolicy": written()["Resources"]["StaffPolicy"],
        "ApplyRole": mail_policy("ApplyRole"),
        "AcknowledgeRole": mail_policy("AcknowledgeRole"),
    },
    "Outputs": {name: {"Value": {"Ref": name}} for name in ("StaffPolicy", "ApplyRole", "AcknowledgeRole")},
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with running_cloud() as started:
        yield started


def create(cloud: Cloud, stack: str, template: dict[str, Any], **chosen: str) -> None:
    """Raises ClientError where CloudFormation refuses the template or a parameter."""
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


@pytest.fixture(scope="module")
def with_policy(cloud: Cloud) -> Callable[[str], Clients]:
    """A user who has one of the policies, and nothing else."""
    create(cloud, STACK, TEMPLATE, ReceiptSender=SENDER)
    (found,) = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    policies = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}

    def made(policy: str) -> Clients:
        iam = cloud.client("iam")
        iam.create_user(UserName=f"with-{policy}")
        iam.attach_user_policy(UserName=f"with-{policy}", PolicyArn=policies[policy])
        key = iam.create_access_key(UserName=f"with-{policy}")["AccessKey"]
        session: Any = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=cloud.region)
        return lambda service: session.client(service, endpoint_url=cloud.endpoint)

    return made


# Who may do what


def test_a_programme_officer_finds_the_stack_by_its_name_and_no_other(
    cloud: Cloud, with_policy: Callable[[str], Clients]
) -> None:
    officer = with_policy("StaffPolicy")("cloudformation")
    create(cloud, f"{STACK}-prov", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    (found,) = officer.describe_stacks(StackName=STACK)["Stacks"]
    assert found["StackName"] == STACK
    for others in ({"StackName": f"{STACK}-prov"}, {}):
        with pytest.raises(ClientError, match="AccessDenied"):
            officer.describe_stacks(**others)


@pytest.mark.parametrize("role", ["ApplyRole", "AcknowledgeRole"])
def test_e_mail_goes_out_from_the_sender_that_was_told_and_from_no_other_that_is_verified(
    cloud: Cloud, with_policy: Callable[[str], Clients], role: str
) -> None:
    ses = with_policy(role)("sesv2")
    for address in (SENDER, "vd@icld.example"):
        cloud.client("sesv2").create_email_identity(EmailIdentity=address)

    def send(sender: str) -> None:
        ses.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": ["kommun@example.org"]},
            Content={"Simple": {"Subject": {"Data": "Kvitto"}, "Body": {"Text": {"Data": "Vi har er ansökan."}}}},
        )

    send(SENDER)
    send(f"ICLD <{SENDER}>")
    for other in ("vd@icld.example", f"{SENDER} <vd@icld.example>"):
        with pytest.raises(ClientError, match="AccessDenied"):
            send(other)


# Which parameters are refused


def tell(cloud: Cloud, stack: str, **chosen: str) -> None:
    template = {
        "Parameters": parameters("PagesAddress", "PagesCertificate"),
        "Rules": written()["Rules"],
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    }
    create(cloud, stack, template, **chosen)


def test_pages_have_an_address_and_a_certificate_or_an_address_or_neither(cloud: Cloud) -> None:
    tell(cloud, "neither")
    tell(cloud, "here", PagesAddress="http://e1x2a3m4.cloudfront.localhost:34567")
    tell(cloud, "behind", PagesAddress="https://ansok.example.se")
    tell(cloud, "own", PagesAddress="https://ansok.example.se", PagesCertificate=CERTIFICATE)
    with pytest.raises(ClientError, match="so PagesAddress must be told as well"):
        tell(cloud, "certificate", PagesCertificate=CERTIFICATE)
    with pytest.raises(ClientError, match="PagesAddress"):
        tell(cloud, "port", PagesAddress="https://ansok.example.se:443", PagesCertificate=CERTIFICATE)
