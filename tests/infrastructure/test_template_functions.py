"""The functions as the template has them, beside the code: how they run, what they are told, what they answer."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from infrastructure.build import LAMBDA
from tests.infrastructure.template_reading import function_of, functions, named, variables
from tests.template import ROOT, resources, translated, written

FUNCTIONS = ("acknowledge", "administer", "advance", "announce", "apply", "decide", "ingest", "publish", "summarise")


def test_the_functions_are_those_of_the_house() -> None:
    assert tuple(sorted(functions())) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_own_role_and_log_and_runs_as_all_do(function: str) -> None:
    properties, title = functions()[function], function.capitalize()
    assert properties["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{function}"}
    assert properties["Role"] == {"Fn::GetAtt": [f"{title}Role", "Arn"]}
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": f"{title}Logs"}}
    assert resources("AWS::Logs::LogGroup")[f"{title}Logs"] == {
        "LogGroupName": {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{function}"},
        "RetentionInDays": {"Ref": "LogRetentionDays"},
    }
    (layer,) = resources("AWS::Lambda::LayerVersion")
    assert properties["Layers"] == [{"Ref": layer}]
    assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
    assert properties["TracingConfig"] == {"Mode": "Active"}


def test_the_layer_is_for_the_runtime_and_processor_of_the_functions() -> None:
    (layer,) = resources("AWS::Lambda::LayerVersion").values()
    assert layer["CompatibleRuntimes"] == ["python3.13"]
    assert layer["CompatibleArchitectures"] == ["arm64"]
    assert written()["Resources"]["DependenciesLayer"]["Metadata"]["BuildArchitecture"] == "arm64"
    assert (LAMBDA.name, LAMBDA.python) == ("lambda-arm64", "3.13")


def test_whoever_reads_a_whole_round_while_somebody_waits_has_a_whole_processor() -> None:
    """Lambda gives processors by memory, a whole one at 1,769 MB."""
    memory = {function: properties["MemorySize"] for function, properties in functions().items()}
    whole = {function for function, megabytes in memory.items() if megabytes >= 1769}
    assert whole == {"administer", "advance", "announce", "decide"}
    assert {memory[function] for function in set(FUNCTIONS) - whole} == {512}


def test_every_log_is_forgotten_in_time() -> None:
    logs = resources("AWS::Logs::LogGroup")
    assert set(logs) == {f"{function.capitalize()}Logs" for function in FUNCTIONS} | {"ApiLogs"}
    assert all(one["RetentionInDays"] == {"Ref": "LogRetentionDays"} for one in logs.values())


def test_a_function_behind_the_api_ends_before_the_api_gives_up() -> None:
    behind = {function_of(one["IntegrationUri"]) for one in resources("AWS::ApiGatewayV2::Integration").values()}
    assert {function: functions()[function]["Timeout"] <= 29 for function in behind} == dict.fromkeys(behind, True)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_handler_can_be_imported_and_its_settings_are_its_environment(function: str) -> None:
    module, _, name = functions()[function]["Handler"].rpartition(".")
    handler = importlib.import_module(module)
    assert module == f"functions.{function}.handler"
    assert callable(getattr(handler, name))
    settings = getattr(handler, f"{function.capitalize()}Settings")
    assert {field.name.upper() for field in fields(settings)} == set(variables(function))


def test_an_environment_variable_is_the_same_thing_in_every_function() -> None:
    meant: dict[str, set[str]] = {}
    for function in FUNCTIONS:
        for name, value in variables(function).items():
            meant.setdefault(name, set()).add(named(value))
    assert {name: values for name, values in meant.items() if len(values) != 1} == {}
    assert {name for name, (value,) in meant.items() if re.fullmatch(r"\w+_URL", name) and "." in value} == set()


# ---------------------------------------------------------------- routes


def routes() -> dict[str, tuple[str, str]]:
    """Every route with its function and how callers are known."""
    integrations = resources("AWS::ApiGatewayV2::Integration")
    found = {}
    for route in resources("AWS::ApiGatewayV2::Route").values():
        name = re.fullmatch(r"integrations/\$\{(\w+)\}", named(route["Target"]))
        assert name
        function = function_of(integrations[name[1]]["IntegrationUri"])
        assert route["RouteKey"] not in found
        found[route["RouteKey"]] = (function, route["AuthorizationType"])
    return found


def registered() -> dict[str, str]:
    """Every route that a handler's router knows, in the template's spelling, with its function."""
    found = {}
    for function in FUNCTIONS:
        app = getattr(importlib.import_module(f"functions.{function}.handler"), "app", None)
        for route in (*app._static_routes, *app._dynamic_routes) if app else ():
            path = re.sub(r"<(\w+)>", r"{\1}", route.path)
            assert f"{route.method} {path}" not in found
            found[f"{route.method} {path}"] = function
    return found


def test_the_routes_of_the_template_are_those_of_the_code() -> None:
    assert {route: function for route, (function, _) in routes().items()} == registered()
    assert len(registered()) > 20


def test_staff_routes_ask_for_a_signature_and_public_ones_do_not() -> None:
    expected = {route: "AWS_IAM" if "/staff/" in route else "NONE" for route in routes()}
    assert {route: authorization for route, (_, authorization) in routes().items()} == expected
    assert set(expected.values()) == {"AWS_IAM", "NONE"}


def test_every_function_of_the_api_has_its_integration_and_may_be_called_by_this_api_alone() -> None:
    behind = set(registered().values())
    integrations = resources("AWS::ApiGatewayV2::Integration")
    assert integrations == {
        f"{function.capitalize()}Integration": {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": {"Fn::GetAtt": [f"{function.capitalize()}Function", "Arn"]},
            "PayloadFormatVersion": "2.0",
        }
        for function in behind
    }
    assert resources("AWS::Lambda::Permission") == {
        f"{function.capitalize()}Permission": {
            "FunctionName": {"Ref": f"{function.capitalize()}Function"},
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*"},
        }
        for function in behind
    }


def test_no_function_can_be_called_by_an_address_of_its_own() -> None:
    assert "AWS::Lambda::Url" not in {one["Type"] for one in translated()["Resources"].values()}


# ---------------------------------------------------------------- metrics


def custom_metrics() -> Iterator[tuple[str, str]]:
    """Every metric that the code writes, with the service that its function writes it for."""
    for function in FUNCTIONS:
        for path in sorted((ROOT / "functions" / function).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("add_metric"):
                    name = node.args[0]
                    assert isinstance(name, ast.Constant), f"{path}: a metric whose name cannot be read here"
                    yield str(name.value), function


def test_there_are_at_most_five_custom_metrics_and_each_has_its_alarm() -> None:
    """Each costs a funder money every month, so one that wakes nobody is not written."""
    written = set(custom_metrics())
    assert len(written) <= 5
    alarmed = set()
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        if not alarm["Namespace"].startswith("AWS/"):
            (dimension,) = alarm["Dimensions"]
            assert dimension["Name"] == "service"
            alarmed.add((alarm["MetricName"], dimension["Value"]))
    by_advance = ("AnnouncementsHeldBack", "TotalsRepaired", "UploadsWithoutOutcome")
    assert written == alarmed == {("LettersFailed", "acknowledge"), *((name, "advance") for name in by_advance)}


def test_metrics_and_alarms_share_a_namespace() -> None:
    from functions.advance import handler

    own = {alarm["Namespace"] for alarm in resources("AWS::CloudWatch::Alarm").values()}
    assert {name for name in own if not name.startswith("AWS/")} == {handler.metrics.provider.namespace}
    assert handler.metrics.provider.service == "advance"
