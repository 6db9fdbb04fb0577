"""A table's stream on the embedded cloud: as durable as the table, and what fails is delivered again, as on AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.cloud.running import running_cloud
from tests.infrastructure.reader import MOST_TRIES, failed, install, pause, put, said, until

pytestmark = pytest.mark.cloud


def test_a_record_that_fails_is_delivered_again_and_then_told_of_while_its_neighbours_are_handled_once(
    tmp_path: Path,
) -> None:
    with running_cloud(tmp_path) as cloud:
        mapping = install(cloud)
        pause(cloud, mapping, paused=True)
        put(cloud, "first", "bad", "last")
        pause(cloud, mapping, paused=False)
        until(lambda: "last" in said(cloud, "done"))
        assert said(cloud, "given") == ["first", *["bad"] * (1 + MOST_TRIES), "last"]
        assert said(cloud, "done") == ["first", "last"]
        (letter,) = failed(cloud)
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 1


def test_what_a_function_had_not_read_when_the_cloud_was_stopped_it_reads_after_the_start(tmp_path: Path) -> None:
    with running_cloud(tmp_path, keep=True) as cloud:
        mapping = install(cloud)
        put(cloud, "before")
        until(lambda: said(cloud, "done") == ["before"])
        pause(cloud, mapping, paused=True)
        put(cloud, "unread")
    with running_cloud(tmp_path, keep=True) as again:
        put(again, "after")
        pause(again, mapping, paused=False)
        until(lambda: "after" in said(again, "done"))
        assert said(again, "done") == ["unread", "after"]
