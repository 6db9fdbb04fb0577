"""template.yaml as tests read it: as it is written, and as SAM translates it."""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.sdk.parameter import SamParameterValues
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "template.yaml"


@cache
def _written() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


def written() -> dict[str, Any]:
    """The template as it is written."""
    return copy.deepcopy(_written())


@cache
def _translated() -> str:
    template = written()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/functions.zip"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://bucket/layer.zip"
    template["Globals"]["Function"].pop("CodeUri")
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-north-1")
    parameters = {name: str(one.get("Default", "")) for name, one in template["Parameters"].items()}
    parameters["PageOrigins"] = "*"
    SamParameterValues(parameters).add_pseudo_parameter_values()
    plain = transform(template, parameters, _NoPolicies())
    return json.dumps(plain)


class _NoPolicies(ManagedPolicyLoader):  # type: ignore[misc]  # SAM's translator has no types
    """No function may lean on a policy that AWS manages, so none has to be looked up."""

    def __init__(self) -> None:
        super().__init__(None)

    def load(self) -> dict[str, str]:
        return {}


def translated() -> dict[str, Any]:
    """The template as CloudFormation gets it, after the SAM transform."""
    parsed: dict[str, Any] = json.loads(_translated())
    return parsed


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all translated resources of a type, by logical id."""
    found = translated()["Resources"].items()
    return {name: one.get("Properties", {}) for name, one in found if one["Type"] == kind}


def create_table(client: Any, name: str = "anslag") -> None:
    """The table as the template has it: keys in tests cannot drift from those in production. Without its stream, which
    no test reads and moto copies at every transaction."""
    wanted = written()["Resources"]["Table"]["Properties"]
    client.create_table(
        TableName=name,
        **{key: wanted[key] for key in ("BillingMode", "AttributeDefinitions", "KeySchema")},
    )
