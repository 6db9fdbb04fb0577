"""The real handlers of queue, stream, schedule and asynchronous starts, a module of its own for each running copy, as
in Lambda."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from functions.acknowledge.owing import Owing
from functions.ingest.intake import Intake
from shared.aws.messages import Letter
from tests.builders.events import Context
from tests.simulation.doubles.table import Change

_ROOT = Path(__file__).parents[2]
_serialize = TypeSerializer().serialize


class _Printed:
    """A handler's metrics. What they print goes to whoever reads it, and not to the screen."""

    def __init__(self, metrics: Any) -> None:
        self._metrics, self.add_metric = metrics, metrics.add_metric
        self.read: Callable[[Any], None] = lambda line: None  # noqa: ARG005

    def flush_metrics(self) -> None:
        """Print, as the function does on AWS. No other task comes between: nothing here calls AWS."""
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self._metrics.flush_metrics()
        for line in out.getvalue().splitlines():
            self.read(json.loads(line))


@cache
def copy_of(function: str, number: int) -> Any:
    """The handler module of a function, loaded once for each running copy."""
    name = f"functions.{function}.handler_{number}"
    spec = importlib.util.spec_from_file_location(name, _ROOT / "functions" / function / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    module.logger.setLevel("CRITICAL")
    if hasattr(module, "metrics"):
        setattr(module, "metrics", _Printed(module.metrics))  # noqa: B010  mypy knows that modules have no such name
    return module


def ingest(number: int, intake: Intake, letters: list[Letter]) -> set[str]:
    """The handler on a batch. Returns the identifiers that it wants delivered again."""
    module = copy_of("ingest", number)
    module.intake = lambda: intake
    answer = module.lambda_handler({"Records": [_record(letter) for letter in letters]}, Context())
    return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}


def acknowledge(
    number: int, owing: Owing, changes: list[tuple[int, Change]], read: Callable[[Any], None]
) -> str | None:
    """The handler on records of the stream; `read` gets the numbers that it prints. Returns the sequence number that it
    wants to start again from."""
    module = copy_of("acknowledge", number)
    module.owing = lambda: owing
    module.metrics.read = read
    event = {"Records": [_stream_record(sequence, change) for sequence, change in changes]}
    failures = module.lambda_handler(event, Context())["batchItemFailures"]
    return str(failures[0]["itemIdentifier"]) if failures else None


WORK = {
    "advance": "lifecycle",
    "summarise": "summarising",
    "announce": "announcing",
    "publish": "publishing",
    "acknowledge": "owing",
}


def job(function: str, work: Any, event: dict[str, Any], read: Callable[[Any], None]) -> Any:
    """The handler on an event of the schedule, or of whoever started the function; `work` is what it works with, and
    `read` gets the numbers that it prints.

    Without the decorator that gives the log its context: a schedule fires so often that it would take a quarter of
    all time.
    """
    module = copy_of(function, _JOBS)
    setattr(module, WORK[function], lambda: work)
    if hasattr(module, "metrics"):
        module.metrics.read = read
    return module.lambda_handler.__wrapped__(event, Context())


_JOBS = 9
"""A copy of its own: the stream's may be waiting in the middle of a record."""


def _record(letter: Letter) -> dict[str, Any]:
    return {
        "messageId": letter.id,
        "receiptHandle": letter.receipt,
        "body": letter.body,
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def _stream_record(sequence: int, change: Change) -> dict[str, Any]:
    keys = dict(zip(("pk", "sk"), change.place, strict=True))
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {name: _serialize(value) for name, value in keys.items()},
            "NewImage": {name: _serialize(value) for name, value in (change.after or {}).items()},
            "SequenceNumber": str(sequence),
            "StreamViewType": "NEW_IMAGE",
        },
    }
