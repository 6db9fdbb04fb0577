"""What a function imports before its first event: that is most of its cold start, and it grows unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MOST_MODULES = {
    "acknowledge": 362,  # measured: 352
    "administer": 388,  # measured: 378
    "advance": 298,  # measured: 288
    "announce": 402,  # measured: 392
    "apply": 382,  # measured: 372
    "decide": 369,  # measured: 359
    "ingest": 339,  # measured: 329
    "publish": 343,  # measured: 333
    "summarise": 312,  # measured: 302
}
"""Modules that importing a handler loads, the standard library's apart (that one differs between versions of
Python). A ceiling is what was measured and ten. To measure again: .venv/bin/python -m tests.test_imports"""

NOWHERE = {
    "aws_lambda_powertools.utilities.idempotency": "claims in our own table do its work (docs/decisions)",
    "aws_lambda_powertools.utilities.parameters": "settings come from the environment",
    "aws_lambda_powertools.utilities.parser": "pydantic itself validates",
    "aws_xray_sdk": "its support ends in February 2027; Tracing: Active is enough",
    "hypothesis": "for tests",
    "jsonschema": "twenty times slower than pydantic at run time",
    "moto": "for tests",
    "openpyxl": "decisions travel as CSV",
    "pytest": "for tests",
    "requests": "boto3 talks to AWS, and a function to nobody else",
    "rich": "for the operator's command",
    "stdnum": "needed only for joint bodies, so imported only when one applies",
    "typer": "for the operator's command",
}
"""What no handler imports, and why."""
WITH_BABEL = {"acknowledge", "announce", "publish", "summarise"}
"""The functions whose every event is about wording. Babel is a tenth of a second; apply imports it when needed."""
WITH_TEMPLATES = {"publish"}
"""The function that writes pages. Wording elsewhere is code with types."""
WITH_ROUTER = {"administer", "announce", "apply", "decide"}
WITH_BATCHES = {"ingest"}

PROGRAM = """
import importlib, json, sys
before = set(sys.modules)
importlib.import_module(f"functions.{sys.argv[1]}.handler")
print(json.dumps(sorted(set(sys.modules) - before)))
"""
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


@cache
def imports() -> dict[str, frozenset[str]]:
    """The modules that each handler's import loads, in a process of its own with an empty environment."""
    started = {
        function: subprocess.Popen(
            [sys.executable, "-B", "-c", PROGRAM, function], cwd=ROOT, env={}, stdout=subprocess.PIPE, text=True
        )
        for function in FUNCTIONS
    }
    loaded = {function: process.communicate(timeout=60)[0] for function, process in started.items()}
    return {function: frozenset(json.loads(said)) for function, said in loaded.items()}


def counted(function: str) -> int:
    """The modules that are not Python's own."""
    return sum(name.partition(".")[0] not in sys.stdlib_module_names for name in imports()[function])


def importing(package: str) -> set[str]:
    """The functions whose handler imports the package, or anything in it."""
    return {
        function
        for function, loaded in imports().items()
        if any(name == package or name.startswith(f"{package}.") for name in loaded)
    }


def test_there_is_a_ceiling_for_every_function() -> None:
    assert sorted(MOST_MODULES) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_no_more_than_it_did(function: str) -> None:
    assert counted(function) <= MOST_MODULES[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_ceiling_is_no_higher_than_it_has_to_be(function: str) -> None:
    assert MOST_MODULES[function] <= counted(function) + 30, "lower the ceiling, or the next growth hides below it"


@pytest.mark.parametrize("package", sorted(NOWHERE))
def test_no_handler_imports_what_it_does_not_need(package: str) -> None:
    assert importing(package) == set(), NOWHERE[package]


def test_babel_is_imported_only_where_every_event_needs_it() -> None:
    assert importing("babel") == WITH_BABEL


def test_templates_are_imported_only_where_pages_are_written() -> None:
    assert importing("jinja2") == WITH_TEMPLATES


def test_each_of_powertools_parts_is_imported_only_where_it_is_used() -> None:
    parts = ("event_handler", "utilities.batch")
    assert {part: importing(f"aws_lambda_powertools.{part}") for part in parts} == {
        "event_handler": WITH_ROUTER,
        "utilities.batch": WITH_BATCHES,
    }


def test_no_handler_makes_clients_of_the_high_level_kind() -> None:
    """boto3 adds methods to a table resource from this module; clients do not need it."""
    assert importing("boto3.dynamodb.table") == set()


if __name__ == "__main__":
    for name in FUNCTIONS:
        sys.stdout.write(f'    "{name}": {counted(name) + 10},  # measured: {counted(name)}\n')
