"""Which AWS actions a function can come to call, read from its code.

From every function and method of its package the calls are followed: to names imported from `shared`, and to
methods of objects whose class a type annotation tells somewhere (`table: Table`, `def _signer() -> Signer`). What
the classes of `shared/aws` call on their clients then becomes IAM actions. It is a reading for this house and its
habits, not for Python. What it would overlook it refuses with an AssertionError: a client used outside shared/aws,
and a call of a method that only those classes have on something whose class no annotation tells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.template import ROOT

ACTIONS = {
    "get_item": "dynamodb:GetItem",
    "batch_get_item": "dynamodb:BatchGetItem",
    "query": "dynamodb:Query",
    "batch_write_item": "dynamodb:BatchWriteItem",
    "get_object": "s3:GetObject",
    "get_object VersionId": "s3:GetObjectVersion",
    "list_object_versions": "s3:ListBucketVersions",
    "generate_presigned_post": "s3:PutObject",
    "put_object": "s3:PutObject",
    "put_object_tagging VersionId": "s3:PutObjectVersionTagging",
    "publish": "sns:Publish",
    "list_subscriptions_by_topic": "sns:ListSubscriptionsByTopic",
    "send_email": "ses:SendEmail",
    "get_queue_attributes": "sqs:GetQueueAttributes",
    "send_message": "sqs:SendMessage",
    "receive_message": "sqs:ReceiveMessage",
    "delete_message": "sqs:DeleteMessage",
    "change_message_visibility": "sqs:ChangeMessageVisibility",
    "invoke": "lambda:InvokeFunction",
    "sign": "kms:Sign",
    "get_public_key": "kms:GetPublicKey",
}
WRITES = {"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Check": "dynamodb:ConditionCheckItem"}
"""A write is a value; which action a transaction needs follows from the values that the code makes for it."""
WRITING = {"put_item", "update_item", "transact_write_items"}
ORDINARY = {"claim", "count", "done", "get", "name", "read", "send", "sign", "start", "write"}
"""Names of methods that other objects have too."""

Body = ast.FunctionDef | ast.ClassDef


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _module(dotted: str) -> Path | None:
    path = ROOT / f"{dotted.replace('.', '/')}.py"
    return path if path.exists() else None


def _house() -> list[Path]:
    return sorted([*(ROOT / "functions").rglob("*.py"), *(ROOT / "shared").rglob("*.py")])


@cache
def _definitions(path: Path) -> dict[str, tuple[Path, Body]]:
    """What the module defines, and what it takes from `shared`, by the names that it uses for them."""
    found: dict[str, tuple[Path, Body]] = {}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("shared", "functions")):
            source = _module(node.module)
            for alias in node.names if source else ():
                assert source
                if alias.name in _definitions(source):
                    found[alias.asname or alias.name] = _definitions(source)[alias.name]
    own = [node for node in _tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return found | {node.name: (path, node) for node in own}


@cache
def _modules(path: Path) -> dict[str, Path]:
    """The modules of ours that the module imports whole. Example: `from shared import receipt`"""
    found = {}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                source = _module(f"{node.module}.{alias.name}")
                if source:
                    found[alias.asname or alias.name] = source
    return found


@cache
def _aws_classes() -> dict[str, tuple[Path, dict[str, ast.FunctionDef]]]:
    """The methods of the classes of shared/aws that hold a client, or one another."""
    found = {}
    for path in sorted((ROOT / "shared/aws").glob("*.py")):
        for node in _tree(path).body:
            if isinstance(node, ast.ClassDef):
                methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
                if "_client" in ast.dump(node) or node.name == "Effects":
                    found[node.name] = (path, methods)
    return found


@cache
def _class_of() -> dict[str, str]:
    """The class of shared/aws that a name stands for, from all annotations of the house."""
    found: dict[str, str] = {}
    for path in _house():
        for node in ast.walk(_tree(path)):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    pass
                case ast.arg(arg=name, annotation=ast.expr() as annotation):
                    pass
                case ast.FunctionDef(name=name, returns=ast.expr() as annotation):
                    pass
                case _:
                    continue
            words = {one.id for one in ast.walk(annotation) if isinstance(one, ast.Name)}
            for kind in words & set(_aws_classes()):
                if "Callable" not in words:
                    assert found.setdefault(name, kind) == kind, f"{name} is a {kind} and a {found[name]}"
    return found


def _receiver(node: ast.expr) -> str:
    """The last word of what a method is called on. Examples: table in self.table.get, Topic in Topic(…).publish"""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return _receiver(function)
    return ""


def _client_calls(method: ast.FunctionDef) -> Iterator[str]:
    """What a method of shared/aws calls on its client."""
    for node in ast.walk(method):
        if not (isinstance(node, ast.Attribute) and _receiver(node.value) == "_client"):
            continue
        calls = [one for one in ast.walk(method) if isinstance(one, ast.Call) and one.func is node]
        if node.attr == "get_paginator":
            (name,) = calls[0].args
            assert isinstance(name, ast.Constant)
            yield str(name.value)
        else:
            versioned = any(word.arg == "VersionId" for call in calls for word in call.keywords)
            yield f"{node.attr} VersionId" if versioned else node.attr


def _next(path: Path, body: ast.AST) -> Iterator[tuple[Path, Body]]:
    """Whatever of the house this piece of code can call, or makes."""
    for node in ast.walk(body):
        if isinstance(node, ast.Name) and node.id in _definitions(path):
            yield _definitions(path)[node.id]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _modules(path):
            source = _modules(path)[node.value.id]
            if node.attr in _definitions(source):
                yield _definitions(source)[node.attr]
        if isinstance(node, ast.Attribute):
            kind = _class_of().get(_receiver(node.value)) or _within(path, body, node)
            if kind and node.attr in _aws_classes()[kind][1]:
                owner, methods = _aws_classes()[kind]
                yield owner, methods[node.attr]
            else:
                _refuse_what_would_be_overlooked(path, node)


def _refuse_what_would_be_overlooked(path: Path, node: ast.Attribute) -> None:
    told = f"{path.relative_to(ROOT)}:{node.lineno}: of what class is that? {ast.unparse(node)}"
    theirs = {name for _, methods in _aws_classes().values() for name in methods if not name.startswith("_")}
    assert node.attr not in theirs - ORDINARY, told
    of_clients = isinstance(node.value, ast.Call) and ast.unparse(node.value).startswith("clients.")
    assert not of_clients, told


def _within(path: Path, body: ast.AST, node: ast.Attribute) -> str | None:
    """The class whose own method `self.…` is called in."""
    if isinstance(node.value, ast.Name) and node.value.id == "self":
        for kind, (owner, methods) in _aws_classes().items():
            if owner == path and body in methods.values():
                return kind
    return None


def calls_of(function: str) -> set[str]:
    """The IAM actions of everything that the function's code can call."""
    package = sorted((ROOT / "functions" / function).glob("*.py"))
    waiting: list[tuple[Path, ast.AST]] = [(path, _tree(path)) for path in package]
    seen: set[ast.AST] = set()
    calls: set[str] = set()
    made: set[str] = set()
    while waiting:
        path, body = waiting.pop()
        if body in seen:
            continue
        seen.add(body)
        holders = {node for _, methods in _aws_classes().values() for node in methods.values()}
        if body in holders and isinstance(body, ast.FunctionDef):
            calls |= set(_client_calls(body))
        for source, found in _next(path, body):
            # A class of shared/aws is followed method by method, as they are called; all others as a whole.
            if not (isinstance(found, ast.ClassDef) and found.name in _aws_classes()):
                waiting.append((source, found))
        made |= {_receiver(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)} & set(WRITES)
    actions = {ACTIONS[call] for call in calls - WRITING}
    return actions | ({WRITES[name] for name in made} if calls & WRITING else set())
