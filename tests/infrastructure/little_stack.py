"""A stack of one function, which tests of the embedded cloud deploy in place of the product's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.build import Artefacts, build_functions, this_machine, write_zip
from infrastructure.cloud.deployment import deploy
from infrastructure.cloud.running import Cloud, running_cloud

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
