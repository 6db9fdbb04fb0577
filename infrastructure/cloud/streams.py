"""What MiniStack's table streams lack to be DynamoDB's.

Its streams vanish when it is stopped, while the table stays; and it passes over records that a function names as
failed. Here a stream is kept with its table, and a failed record is delivered again, as often as its mapping says,
before the mapping's dead-letter queue is told of it. What differs from AWS is the pace: a second between two tries.
All that is touched is MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_NAMES = ("_stream_records", "_stream_trimmed")


def keep(dynamodb: Any) -> None:
    """Saves streams with the state, since the positions that functions have read to are saved with it too."""
    get_state, load = dynamodb.get_state, dynamodb.load_persisted_state

    def with_streams() -> dict[str, Any]:
        return {**get_state(), **{name: copy.deepcopy(getattr(dynamodb, name)) for name in _NAMES}}

    def load_with_streams(state: dict[str, Any]) -> None:
        load(state)
        for name in _NAMES:
            getattr(dynamodb, name).update(state.get(name, {}))

    dynamodb.get_state, dynamodb.load_persisted_state = with_streams, load_with_streams


@dataclass
class _Progress:
    """How far a mapping is within the batch that it is at, by sequence number."""

    done: set[str] = field(default_factory=set)
    tries: Counter[str] = field(default_factory=Counter)


def deliver_again(functions: Any) -> None:
    """Delivers a batch again from the record that failed, until it was tried often enough."""
    execute = functions._execute_function
    progress: dict[str, _Progress] = {}

    def execute_batch(function: Any, event: Any, *rest: Any, **named: Any) -> Any:
        mapping = _mapping(functions, function, event)
        if mapping is None:
            return execute(function, event, *rest, **named)
        at = progress.setdefault(mapping["UUID"], _Progress())
        left = [record for record in event["Records"] if _number(record) not in at.done]
        result = execute(function, {**event, "Records": left}, *rest, **named)
        failed = _first_failed(result, left)
        if failed is not None:
            at.done.update(_number(record) for record in left[:failed])
            if not _given_up(functions, mapping, function, left[failed], at, result):
                return {**result, "error": True}
            if failed + 1 < len(left):
                return {**result, "error": True}  # what is left comes with the next try
        progress.pop(mapping["UUID"])
        return {name: value for name, value in result.items() if name != "error"}

    functions._execute_function = execute_batch


def first_record(event: Any) -> Any:
    """The first record of a batch of a table's stream; None for anything else."""
    first = next(iter(event.get("Records") or ()), None) if isinstance(event, dict) else None
    return first if isinstance(first, dict) and first.get("eventSource") == "aws:dynamodb" else None


def _mapping(functions: Any, function: Any, event: Any) -> Any:
    """The mapping that delivers this batch of a table's stream; None for anything else."""
    first = first_record(event)
    if first is None:
        return None
    name = (function.get("config") or function).get("FunctionName")
    for _, _, mapping in functions._iter_all_esms():
        if (
            mapping["EventSourceArn"] == first.get("eventSourceARN")
            and mapping["FunctionName"].rpartition(":")[2] == name
        ):
            return mapping
    return None


def _number(record: Any) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _first_failed(result: Any, records: Sequence[Any]) -> int | None:
    if result.get("error"):
        return 0
    body = result.get("body")
    answer = json.loads(body or "{}") if isinstance(body, str) else body or {}
    named = {one["itemIdentifier"] for one in answer.get("batchItemFailures", [])}
    return next((place for place, record in enumerate(records) if _number(record) in named), None)


def _given_up(functions: Any, mapping: Any, function: Any, record: Any, at: _Progress, result: Any) -> bool:
    number, most = _number(record), mapping.get("MaximumRetryAttempts")
    at.tries[number] += 1
    if most is None or int(most) < 0 or at.tries[number] <= int(most):
        return False
    source = mapping["EventSourceArn"]
    functions._send_ddb_stream_failure_record(mapping, function, [record], source, result, "RetryAttemptsExhausted")
    at.done.add(number)
    return True
