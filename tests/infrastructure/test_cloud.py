"""The embedded cloud: it starts, keeps apart, shows what it sent, survives when asked to, and leaves nothing."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infrastructure.build import Artefacts, build_functions, this_machine, write_zip
from infrastructure.cloud import running
from infrastructure.cloud.deployment import DeploymentError, deploy
from infrastructure.cloud.letters import Mail
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import Cloud, CloudError, processes_of, running_cloud, stop

pytestmark = pytest.mark.cloud

HANDLER = """
import importlib.util, os, time
import boto3

def lambda_handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    if "sleep" in event:
        table.put_item(Item={"key": "asleep"})
        time.sleep(event["sleep"])
    for record in event.get("Records", []):
        key = record["dynamodb"]["Keys"]["key"]["S"]
        if not key.startswith("seen "):
            table.put_item(Item={"key": "seen " + key})
    if "rawPath" in event:
        return {"path": event["rawPath"], "caller": event["requestContext"].get("authorizer", {}).get("iam", {})}
    try:
        boto3.client("sqs").list_queues()
    except Exception as refusal:
        refused = type(refusal).__name__
    return {
        "who": boto3.client("sts").get_caller_identity()["Arn"].split("/")[0],
        "refused": refused,
        "word": os.environ["WORD"],
        "from_layer": importlib.util.find_spec("in_layer") is not None,
        "from_elsewhere": [name for name in ("moto", "pytest", "infrastructure") if importlib.util.find_spec(name)],
        "of_the_person": [name for name in ("USER", "VIRTUAL_ENV", "ANSLAG_TEST_SECRET") if name in os.environ],
    }
"""


def role(service: str, **allowed: Any) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **allowed}]}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "work", "PolicyDocument": policy}],
        },
    }


def route(key: str, authorization: str = "NONE") -> dict[str, Any]:
    properties = {
        "ApiId": {"Ref": "Api"},
        "RouteKey": key,
        "AuthorizationType": authorization,
        "Target": {"Fn::Sub": "integrations/${Integration}"},
    }
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}


TEMPLATE: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"Word": {"Type": "String", "Default": "hej"}},
    "Globals": {"Function": {"CodeUri": ".", "Architectures": ["arm64"]}},
    "Resources": {
        "Layer": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "."}},
        "Role": role("lambda", Action="dynamodb:*", Resource="*"),
        "Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "functions.show.handler.lambda_handler",
                "Role": {"Fn::GetAtt": "Role.Arn"},
                "Layers": [{"Ref": "Layer"}],
                "Timeout": 60,
                "Environment": {"Variables": {"WORD": {"Ref": "Word"}, "TABLE": {"Ref": "Table"}}},
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": "Table.StreamArn"},
                "StartingPosition": "TRIM_HORIZON",
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "staff"}},
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "staff@example.org"},
        },
        "Filtered": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "email",
                "Endpoint": "other@example.org",
                "FilterPolicy": {"round": ["2020-spring"]},
            },
        },
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "api", "ProtocolType": "HTTP"}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "PayloadFormatVersion": "2.0",
                "IntegrationUri": {"Fn::GetAtt": "Function.Arn"},
            },
        },
        "Public": route("GET /rounds"),
        "Staff": route("GET /staff/rounds", "AWS_IAM"),
    },
    "Outputs": {
        "Function": {"Value": {"Ref": "Function"}},
        "Table": {"Value": {"Ref": "Table"}},
        "Topic": {"Value": {"Ref": "Topic"}},
        "Api": {"Value": {"Fn::GetAtt": "Api.ApiEndpoint"}},
        "ApiByName": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/rounds"}},
    },
}


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    root, out = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("artefacts")
    (root / "functions" / "show").mkdir(parents=True)
    (root / "functions" / "show" / "handler.py").write_text(HANDLER)
    build_functions(out / "functions", this_machine(), root)
    (out / "layer" / "python").mkdir(parents=True)
    (out / "layer" / "python" / "in_layer.py").write_text("")
    for name in ("functions", "layer"):
        write_zip(out / name, out / f"{name}.zip")
    return Artefacts(functions=out / "functions.zip", layer=out / "layer.zip")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ANSLAG_TEST_SECRET", "the person's own")
        with running_cloud() as started:
            yield started


@pytest.fixture(scope="module")
def outputs(cloud: Cloud, artefacts: Artefacts, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return deploy(cloud, written(tmp_path_factory.mktemp("template"), TEMPLATE), {}, artefacts)


def written(folder: Path, template: dict[str, Any]) -> Path:
    path = folder / "template.yaml"
    path.write_text(json.dumps(template))
    return path


def call(cloud: Cloud, function: str, **event: Any) -> Any:
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def keys_in(cloud: Cloud, table: str) -> set[str]:
    return {item["key"]["S"] for item in cloud.client("dynamodb").scan(TableName=table)["Items"]}


def becomes_true(condition: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def mentions(home: Path) -> list[int]:
    """Processes whose command line or surroundings name the home: the engine, and functions it started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(home).encode() in said and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


# One cloud per home


def test_a_second_cloud_in_the_same_home_is_told_who_has_it(cloud: Cloud) -> None:
    with pytest.raises(CloudError) as refusal:
        running.start(cloud.home)
    assert str(refusal.value) == (
        f"The embedded cloud is already running here: process {cloud.process}, port {cloud.port}, "
        f"started by {cloud.started_by} at {cloud.started_at}. Stop it with: make down"
    )
    assert running.running(cloud.home) == cloud


def test_a_port_that_is_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CloudError, match=rf"^Port {port} cannot be used \(Address already in use\): name another"):
            running.start(tmp_path, port=port)
    assert running.running(tmp_path) is None


def test_an_engine_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(CloudError, match=r"^The embedded cloud did not start\. The end of .*cloud\.log:"):
        running.start(tmp_path / "home")
    assert running.running(tmp_path / "home") is None


def test_the_root_keys_are_for_their_owner_only(cloud: Cloud) -> None:
    assert oct((cloud.home / "cloud.json").stat().st_mode & 0o777) == "0o600"
    with running_cloud() as other:
        assert other.secret_key != cloud.secret_key


# Nothing is left


@pytest.mark.parametrize("crashed", [False, True])
def test_stopping_ends_functions_at_work_too(crashed: bool, artefacts: Artefacts, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_cloud(home) as cloud:
        outputs = deploy(cloud, written(tmp_path, TEMPLATE), {}, artefacts)
        event = json.dumps({"sleep": 50})
        cloud.client("lambda").invoke(FunctionName=outputs["Function"], InvocationType="Event", Payload=event)
        assert becomes_true(lambda: "asleep" in keys_in(cloud, outputs["Table"]))
        # A second function may be on its way, which its own row has woken.
        assert becomes_true(lambda: len(processes_of(cloud.process)) == len(mentions(home)) >= 2)
        if crashed:
            os.kill(cloud.process, signal.SIGKILL)
            assert becomes_true(lambda: running.running(home) is None)
        begun = time.monotonic()
        assert stop(home) == (None if crashed else cloud)
    assert becomes_true(lambda: mentions(home) == [])
    assert time.monotonic() - begun < 45, "it waited for the function"
    assert becomes_true(lambda: processes_of(cloud.process) == [])
    assert stop(home) is None
    assert sorted(path.name for path in home.iterdir()) == ["cloud.lock", "cloud.log", "python", "run"]


@pytest.mark.parametrize("death", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_cloud_ends_with_the_process_that_started_it(death: signal.Signals, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from infrastructure.cloud.running import running_cloud\n"
        "with running_cloud(Path(sys.argv[1])) as cloud: print(cloud.process, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=running.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with starter:
        assert starter.stdout is not None
        engine = int(starter.stdout.readline())
        assert processes_of(engine) == [engine]
        starter.send_signal(death)
    assert becomes_true(lambda: processes_of(engine) == [])
    assert mentions(tmp_path) == []


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


# State


def test_a_kept_cloud_goes_on_where_it_was(artefacts: Artefacts, tmp_path: Path) -> None:
    template = written(tmp_path, TEMPLATE)
    with running_cloud(tmp_path / "home", keep=True) as cloud:
        outputs = deploy(cloud, template, {}, artefacts)
        iam = cloud.client("iam")
        iam.create_user(UserName="kim")
        keys = iam.create_access_key(UserName="kim")["AccessKey"]
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
        versions = [s3.put_object(Bucket="files", Key="bilaga å", Body=body)["VersionId"] for body in (b"1", b"2")]
        cloud.client("sns").publish(TopicArn=outputs["Topic"], Message="före")
        cloud.client("dynamodb").put_item(TableName=outputs["Table"], Item={"key": {"S": "before"}})
        assert becomes_true(lambda: "seen before" in keys_in(cloud, outputs["Table"]))

    with running_cloud(tmp_path / "home", keep=True) as again:
        assert (again.port, again.secret_key == cloud.secret_key) == (cloud.port, False)
        assert keys_in(again, outputs["Table"]) == {"before", "seen before"}
        assert [
            again.client("s3").get_object(Bucket="files", Key="bilaga å", VersionId=version)["Body"].read()
            for version in versions
        ] == [b"1", b"2"]
        kim = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name=again.region)
        assert kim.client("sts", endpoint_url=again.endpoint).get_caller_identity()["Arn"].endswith("user/kim")
        assert requests.get(outputs["Api"] + "/rounds", timeout=10).json()["path"] == "/rounds"
        again.client("dynamodb").put_item(TableName=outputs["Table"], Item={"key": {"S": "after"}})
        assert becomes_true(lambda: "seen after" in keys_in(again, outputs["Table"]))
        assert deploy(again, template, {}, artefacts) == outputs
        again.client("sns").publish(TopicArn=outputs["Topic"], Message="efter")
        assert [mail.body for mail in mailbox(again)] == ["före", "efter"]

    with pytest.raises(CloudError, match=rf"^The kept state has addresses on port {cloud.port} in it"):
        running.start(tmp_path / "home", keep=True, port=cloud.port + 1)


def test_a_cloud_that_is_not_kept_begins_empty_and_leaves_a_kept_one_alone(tmp_path: Path) -> None:
    for keep, found in ((True, []), (False, []), (False, []), (True, ["sparad"])):
        with running_cloud(tmp_path, keep=keep) as cloud:
            sqs = cloud.client("sqs")
            names = [url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", [])]
            assert names == found
            sqs.create_queue(QueueName="sparad" if keep else "kastad")
