"""Stacks on the embedded cloud: what is deployed does what its template says, and what it sent can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infrastructure.build import Artefacts
from infrastructure.cloud.deployment import DeploymentError, deploy
from infrastructure.cloud.letters import Mail
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import Cloud
from tests.infrastructure.little_stack import TEMPLATE, artefacts, call, cloud, outputs, written

__all__ = ["artefacts", "cloud", "outputs"]  # fixtures: pytest finds them here

pytestmark = pytest.mark.cloud


# Deploying


def test_a_function_has_its_role_its_layer_and_boto3_and_nothing_of_this_machine(
    cloud: Cloud, outputs: dict[str, str]
) -> None:
    assert call(cloud, outputs["Function"]) == {
        "who": "arn:aws:sts::000000000000:assumed-role",
        "refused": "ClientError",
        "word": "hej",
        "from_layer": True,
        "from_elsewhere": [],
        "of_the_person": [],
    }


def test_the_api_answers_where_the_outputs_say(cloud: Cloud, outputs: dict[str, str]) -> None:
    assert requests.get(outputs["Api"] + "/rounds", timeout=10).json() == {"path": "/rounds", "caller": {}}
    assert outputs["ApiByName"] == outputs["Api"] + "/rounds"
    assert outputs["Api"].startswith(cloud.endpoint)


def test_a_staff_address_takes_signed_requests_of_those_allowed_only(cloud: Cloud, outputs: dict[str, str]) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="kim")
    made = iam.create_access_key(UserName="kim")["AccessKey"]
    keys = Credentials(made["AccessKeyId"], made["SecretAccessKey"])

    def ask(keys: Credentials | None) -> requests.Response:
        address = outputs["Api"] + "/staff/rounds"
        request = AWSRequest("GET", address)
        if keys:
            SigV4Auth(keys, "execute-api", cloud.region).add_auth(request)
        return requests.get(address, headers=dict(request.headers), timeout=10)

    refused = [ask(None).status_code, ask(keys).status_code]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="kim", PolicyName="staff", PolicyDocument=json.dumps(policy))
    refused.append(ask(Credentials(made["AccessKeyId"], "guessed")).status_code)
    assert refused == [403, 403, 403]
    assert ask(keys).json()["caller"]["userArn"] == "arn:aws:iam::000000000000:user/kim"


def test_deploying_the_same_again_changes_nothing_and_a_parameter_changes_what_hangs_on_it(
    cloud: Cloud, artefacts: Artefacts, tmp_path: Path
) -> None:
    def events() -> int:
        return len(cloud.client("cloudformation").describe_stack_events(StackName="twice")["StackEvents"])

    template = written(tmp_path, TEMPLATE)
    first = deploy(cloud, template, {}, artefacts, stack="twice")
    before = events()
    assert (deploy(cloud, template, {}, artefacts, stack="twice"), events()) == (first, before)
    assert deploy(cloud, template, {"Word": "tack"}, artefacts, stack="twice") == first
    assert call(cloud, first["Function"])["word"] == "tack"


def test_a_failed_deployment_names_the_resource_and_the_reason_and_can_be_mended(
    cloud: Cloud, artefacts: Artefacts, tmp_path: Path
) -> None:
    broken = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": "nobody", "AuthType": "NONE"}}
    resources = {"Topic": {"Type": "AWS::SNS::Topic"}, "Link": broken}
    with pytest.raises(DeploymentError) as failure:
        deploy(cloud, written(tmp_path, {"Resources": resources}), {}, artefacts, stack="failing")
    assert str(failure.value).splitlines() == [
        "The stack failing ended as ROLLBACK_COMPLETE.",
        "  Link (AWS::Lambda::Url): Lambda function not found: nobody",
    ]
    del resources["Link"]
    assert deploy(cloud, written(tmp_path, {"Resources": resources}), {}, artefacts, stack="failing") == {}


def test_a_template_that_cloudformation_refuses_is_reported(cloud: Cloud, artefacts: Artefacts, tmp_path: Path) -> None:
    template = {"Resources": {"Odd": {"Type": "AWS::Nothing::AtAll"}}}
    with pytest.raises(DeploymentError, match=r"^CloudFormation refused the template: .*AWS::Nothing::AtAll"):
        deploy(cloud, written(tmp_path, template), {}, artefacts, stack="refused")


# Mail


def test_the_mailbox_shows_what_sns_and_ses_sent_however_often_it_is_read(
    cloud: Cloud, outputs: dict[str, str]
) -> None:
    def publish(round_id: str) -> str:
        answer = cloud.client("sns").publish(
            TopicArn=outputs["Topic"],
            Subject="Kommunala partnerskap",
            Message=json.dumps({"default": '{"awards": 11}', "email": "Elva bidrag.\nÖckerö är med."}),
            MessageStructure="json",
            MessageAttributes={"round": {"DataType": "String", "StringValue": round_id}},
        )
        return str(answer["MessageId"])

    def announced(message: str, at: Any, to: tuple[str, ...], round_id: str) -> Mail:
        return Mail(
            id=message,
            channel="sns",
            to=to,
            topic="staff",
            subject="Kommunala partnerskap",
            body="Elva bidrag.\nÖckerö är med.",
            document='{"awards": 11}',
            attributes={"round": round_id},
            at=at,
        )

    first = publish("2019-autumn")
    ses = cloud.client("sesv2")
    ses.create_email_identity(EmailIdentity="anslag@example.org")
    receipt = ses.send_email(
        FromEmailAddress="anslag@example.org",
        Destination={"ToAddresses": ["kommun@example.org"]},
        Content={"Simple": {"Subject": {"Data": "Kvitto"}, "Body": {"Text": {"Data": "Vi har er ansökan."}}}},
    )["MessageId"]
    read_between = mailbox(cloud)
    second = publish("2020-spring")
    mail = mailbox(cloud)
    times = [one.at for one in mail]
    assert mail == [
        announced(first, times[0], ("staff@example.org",), "2019-autumn"),
        Mail(
            id=receipt,
            channel="ses",
            to=("kommun@example.org",),
            topic=None,
            subject="Kvitto",
            body="Vi har er ansökan.",
            document=None,
            attributes={"from": "anslag@example.org"},
            at=times[1],
        ),
        announced(second, times[2], ("other@example.org", "staff@example.org"), "2020-spring"),
    ]
    assert times == sorted(times)
    assert (read_between, mailbox(cloud)) == (mail[:2], mail)
