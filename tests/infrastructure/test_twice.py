"""The embedded cloud where it is told to deliver twice whatever starts a function by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infrastructure.cloud.running import ACCOUNT, Cloud, running_cloud
from infrastructure.cloud.twice import KINDS, delivered_again
from tests.infrastructure.reader import install, put, said, until

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running_cloud(tmp_path_factory.mktemp("twice"), twice=True) as found:
        install(found)
        yield found


def again(cloud: Cloud) -> set[str]:
    """What the engine says came a second time."""
    return set(delivered_again(cloud.log.read_text(errors="replace")))


def done(cloud: Cloud, name: str) -> int:
    """How often the function was given this record."""
    return said(cloud, "done").count(name)


def an_event(cloud: Cloud, name: str) -> tuple[str, Callable[[], int]]:
    """What starts the function by this name; and how often it was started so."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    count = "ApproximateNumberOfMessages"

    def times() -> int:
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[count])["Attributes"][count])

    return json.dumps({"name": name, "tell": url}), times


def test_an_event_for_a_function_starts_it_twice(cloud: Cloud) -> None:
    event, times = an_event(cloud, "job")
    cloud.client("lambda").invoke(FunctionName="reader", InvocationType="Event", Payload=event.encode())
    until(lambda: times() == 2)
    assert "invocation" in again(cloud)


def test_a_schedule_starts_its_function_twice(cloud: Cloud) -> None:
    event, times = an_event(cloud, "tick")
    target = {
        "Arn": f"arn:aws:lambda:{cloud.region}:{ACCOUNT}:function:reader",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/reader",
        "Input": event,
    }
    cloud.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="at(2026-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    until(lambda: times() == 2)
    assert "schedule" in again(cloud)


def test_what_is_asked_for_with_an_answer_runs_once(cloud: Cloud) -> None:
    event, times = an_event(cloud, "question")
    cloud.client("lambda").invoke(FunctionName="reader", Payload=event.encode())
    assert times() == 1


def test_records_of_a_stream_come_twice_in_their_order(cloud: Cloud) -> None:
    put(cloud, "first")
    until(lambda: done(cloud, "first") == 2)
    put(cloud, "second")
    until(lambda: done(cloud, "second") == 2)
    assert again(cloud) <= set(KINDS)
    assert "records" in again(cloud)
    assert [name for name in said(cloud, "done") if name in ("first", "second")] == ["first"] * 2 + ["second"] * 2


def test_an_ordinary_cloud_delivers_once(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as ordinary:
        install(ordinary)
        put(ordinary, "first")
        until(lambda: done(ordinary, "first"))
        assert again(ordinary) == set()
