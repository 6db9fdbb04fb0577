"""Delivers twice what starts a function by itself, as every one of these services may at any time.

All of them promise to deliver at least once: Lambda an asynchronous invocation and a stream's records ("at least once,
and duplicate processing of records can occur", Developer Guide), EventBridge Scheduler a schedule's event. The two
invocations of the first kind and of schedules run at the same time, those of a batch of records one after the other.
Messages of a queue come twice where they are put into it twice, which needs nothing here.

All that is touched is MiniStack's own, not an interface: the version is pinned, and a test holds this to it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from infrastructure.cloud.streams import first_record

KINDS = ("invocation", "schedule", "records")
_SAID = re.compile(r"^delivered again: (\w+)$", re.MULTILINE)


def deliver_twice(functions: Any, eventbridge: Any) -> None:
    """From now on. Whatever handles a stream's failures has to be in place already."""
    start, fire, execute = (
        functions.invoke_async_with_retry,
        eventbridge._dispatch_to_lambda,
        functions._execute_function,
    )

    def start_twice(function: Any, event: Any) -> None:
        start(function, event)
        start(function, event)
        _say("invocation")

    def fire_twice(function: str, payload: str) -> None:
        fire(function, payload)
        fire(function, payload)
        _say("schedule")

    def execute_batch_twice(function: Any, event: Any, *rest: Any, **named: Any) -> Any:
        first = execute(function, event, *rest, **named)
        if first.get("error") or first_record(event) is None:
            return first  # what failed comes again anyway
        _say("records")
        second = execute(function, event, *rest, **named)
        return {**second, "log": "\n".join(one["log"] for one in (first, second) if one.get("log"))}

    functions.invoke_async_with_retry, eventbridge._dispatch_to_lambda = start_twice, fire_twice
    functions._execute_function = execute_batch_twice


def delivered_again(said: str) -> Counter[str]:
    """How often each kind came a second time, by what the engine said."""
    return Counter(_SAID.findall(said))


def _say(kind: str) -> None:
    # With its line's end in one piece: threads write at the same time.
    print(f"delivered again: {kind}\n", end="", flush=True)  # noqa: T201  the engine's log
