"""Puts the stack into the embedded cloud: what `sam package` and a CloudFormation deployment do on AWS."""

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from infrastructure.build import Artefacts
from infrastructure.cloud.running import ACCOUNT, Cloud

STACK = "anslag"
BUCKET = f"anslag-artefacts-{ACCOUNT}"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
PATIENCE = 120.0
API_ADDRESS = re.compile(r"https?://(?P<api>[0-9a-z]+)\.execute-api\.[a-z0-9.-]+(:\d+)?")
PAGES_ADDRESS = re.compile(r"https://(?P<label>[0-9a-z]+)\.cloudfront\.net")


class DeploymentError(Exception):
    """The stack did not come up; the text names each resource that failed and why."""


def deploy(
    cloud: Cloud, template: Path, parameters: Mapping[str, str], artefacts: Artefacts, stack: str = STACK
) -> dict[str, str]:
    """Creates the stack, or updates it, and returns its outputs; nothing happens when nothing changed.

    A parameter `ExtraConnectSources` of the template is set to the cloud's endpoint, where pages find API and buckets
    here. `PagesAddress` is only known once the stack is there: it is told in an update, as on AWS when pages get an
    address of their own. API addresses in the outputs are made such that they work without DNS (`reachable`). The
    artefacts are this machine's, whichever processor the template names: MiniStack starts functions as plain processes.
    Raises `DeploymentError`.
    """
    s3 = cloud.client("s3")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    packed = _packed(s3, yaml_parse(template.read_text(encoding="utf-8")), artefacts)
    known, chosen = packed.get("Parameters", {}), dict(parameters)
    cloudformation = cloud.client("cloudformation")
    own = {
        "ExtraConnectSources": cloud.endpoint,
        "PagesAddress": _told(_state(cloudformation, stack), "PagesAddress"),
    }
    chosen = {name: value for name, value in own.items() if name in known} | chosen
    text = json.dumps(packed, default=str).encode()
    request = {
        "StackName": stack,
        # Not in the request itself, where a template has room for 51,200 bytes only.
        "TemplateURL": f"{cloud.endpoint}/{BUCKET}/{_upload(s3, text, '.template.json')}",
        "Capabilities": CAPABILITIES,
    }
    outputs = _brought_about(cloud, request, chosen)
    if "PagesAddress" in known and not chosen["PagesAddress"]:
        outputs = _brought_about(cloud, request, chosen | {"PagesAddress": outputs["PagesUrl"]})
    return outputs


def reachable(cloud: Cloud, address: str) -> str:
    """The same address on this machine: an API's as a path on the endpoint, because names below `localhost` do not
    resolve everywhere; that of pages below `localhost`, because pages need a host of their own and browsers find it."""
    address = API_ADDRESS.sub(rf"{cloud.endpoint}/_aws/execute-api/\g<api>", address)
    return PAGES_ADDRESS.sub(rf"http://\g<label>.cloudfront.localhost:{cloud.port}", address)


def _brought_about(cloud: Cloud, request: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, str]:
    """The stack's outputs once it is as the template and the parameters have it."""
    cloudformation = cloud.client("cloudformation")
    parameters = [{"ParameterKey": key, "ParameterValue": chosen[key]} for key in sorted(chosen)]
    _create_or_update(cloudformation, {**request, "Parameters": parameters})
    return outputs_of(cloud, request["StackName"])


def outputs_of(cloud: Cloud, stack: str = STACK) -> dict[str, str]:
    """The stack's outputs, with addresses that work on this machine; none where there is no such stack."""
    outputs = _state(cloud.client("cloudformation"), stack).get("Outputs", [])
    return {output["OutputKey"]: reachable(cloud, output["OutputValue"]) for output in outputs}


def _told(state: Mapping[str, Any], parameter: str) -> str:
    """What the stack was last told, or nothing."""
    told = {one["ParameterKey"]: one["ParameterValue"] for one in state.get("Parameters", [])}
    return str(told.get(parameter, ""))


def _packed(s3: Any, template: dict[str, Any], artefacts: Artefacts) -> dict[str, Any]:
    functions, layer = (
        f"s3://{BUCKET}/{_upload(s3, archive.read_bytes(), '.zip')}"
        for archive in (artefacts.functions, artefacts.layer)
    )
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for resource in template["Resources"].values():
        properties = resource.setdefault("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function" and "InlineCode" not in properties:
            properties["CodeUri"] = functions
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = layer
    return template


def _upload(s3: Any, content: bytes, suffix: str) -> str:
    """Stores the content under its own hash and returns the key, so that an unchanged part keeps its address."""
    key = hashlib.sha256(content).hexdigest() + suffix
    try:
        s3.head_object(Bucket=BUCKET, Key=key)
    except ClientError:
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return key


def _create_or_update(cloudformation: Any, request: dict[str, Any]) -> None:
    stack = request["StackName"]
    status = _state(cloudformation, stack).get("StackStatus")
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        cloudformation.delete_stack(StackName=stack)
        _await_end(cloudformation, stack)
        status = None
    since = _events(cloudformation, stack)
    try:
        if status is None:
            cloudformation.create_stack(**request, OnFailure="ROLLBACK")
        else:
            cloudformation.update_stack(**request)
    except ClientError as refusal:
        if "No updates are to be performed" in str(refusal):
            return
        raise DeploymentError(f"CloudFormation refused the template: {refusal}") from refusal
    status = _await_end(cloudformation, stack)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        reasons = [
            f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
            for key, event in reversed(_events(cloudformation, stack).items())
            if key not in since and event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
        ]
        raise DeploymentError("\n".join([f"The stack {stack} ended as {status}.", *dict.fromkeys(reasons)]))


def _state(cloudformation: Any, stack: str) -> dict[str, Any]:
    """The stack as CloudFormation describes it; empty when there is none."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as failure:
        if "does not exist" in str(failure):
            return {}
        raise
    return {} if found["StackStatus"] == "DELETE_COMPLETE" else dict(found)


def _events(cloudformation: Any, stack: str) -> dict[str, dict[str, Any]]:
    if not _state(cloudformation, stack):
        return {}
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    return {event["EventId"]: event for page in pages for event in page["StackEvents"]}


def _await_end(cloudformation: Any, stack: str) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        status = str(_state(cloudformation, stack).get("StackStatus", "DELETE_COMPLETE"))
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.05)
    raise DeploymentError(f"The stack {stack} was not done after {PATIENCE:.0f} seconds.")
