"""The translated template in the words of the tests: what points to what, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.template import resources, translated

OWN_FUNCTION = re.compile(r"\$\{AWS::StackName\}-(?P<name>[a-z]+)$")
"""How the template writes the name of one of its own functions. Example: ${AWS::StackName}-advance"""


def named(value: Any) -> str:
    """What a Ref, GetAtt or Sub points to. Examples: Table, Table.Arn, ${UploadBucket.Arn}/rounds/*"""
    match value:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": [str(text), _]} | {"Fn::Sub": str(text)} | str(text):
            return text
        case {"Fn::If": [_, then, _]}:
            return named(then)
    raise AssertionError(f"not a name: {value}")


def listed(value: Any) -> list[Any]:
    """Policies write a single thing and a list of one alike."""
    return value if isinstance(value, list) else [value]


def functions() -> dict[str, dict[str, Any]]:
    """Every function's properties, by the verb that it is named with."""
    found = resources("AWS::Lambda::Function")
    return {name.removesuffix("Function").lower(): properties for name, properties in found.items()}


def function_of(target: Any) -> str:
    """The verb of the function that is pointed to, by whichever of its names."""
    name = named(target)
    own = OWN_FUNCTION.search(name)
    if own:
        return own["name"]
    logical, _, _ = name.partition(".")
    assert logical in resources("AWS::Lambda::Function"), name
    return logical.removesuffix("Function").lower()


def queue_of(target: Any) -> str:
    """The logical id of the queue that is pointed to."""
    logical, _, attribute = named(target).partition(".")
    assert logical in resources("AWS::SQS::Queue"), logical
    assert attribute in ("", "Arn"), attribute
    return logical


def variables(function: str) -> dict[str, Any]:
    """The function's environment."""
    found: dict[str, Any] = functions()[function]["Environment"]["Variables"]
    return found


def started_by(function: str) -> set[str]:
    """The functions that this one starts without waiting: those whose names its environment tells it."""
    told = variables(function)
    return {function_of(value) for name, value in told.items() if name.endswith("_FUNCTION")}


def asynchronously_invoked() -> set[str]:
    """The functions whose events Lambda keeps and retries: started by a schedule or by another function."""
    scheduled = {function_of(one["Target"]["Arn"]) for one in resources("AWS::Scheduler::Schedule").values()}
    return scheduled.union(*(started_by(function) for function in functions()))


def policy_documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy of the template, whatever it is attached to, with its owner's logical id."""
    for owner, one in translated()["Resources"].items():
        properties = one.get("Properties", {})
        if "PolicyDocument" in properties:
            yield owner, properties["PolicyDocument"]
        if "AssumeRolePolicyDocument" in properties:
            yield owner, properties["AssumeRolePolicyDocument"]
        for policy in properties.get("Policies", []):
            yield owner, policy["PolicyDocument"]


def statements(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A policy's statements, those that hold only under a condition of the template too."""
    for statement in listed(document["Statement"]):
        if "Fn::If" in statement:
            _, given, otherwise = statement["Fn::If"]
            assert otherwise == {"Ref": "AWS::NoValue"}
            yield given
        else:
            yield statement


def allowed(role: str) -> set[tuple[str, str]]:
    """What the role itself allows, as pairs of one action and one resource."""
    pairs = set()
    for policy in resources("AWS::IAM::Role")[role]["Policies"]:
        for statement in statements(policy["PolicyDocument"]):
            assert statement["Effect"] == "Allow"
            for action in listed(statement["Action"]):
                pairs |= {(action, named(resource)) for resource in listed(statement["Resource"])}
    return pairs
