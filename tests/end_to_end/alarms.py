"""Alarms as they are deployed, and what they read.

On AWS, queues, streams and APIs send their own numbers to CloudWatch; on the embedded cloud functions alone do (how
often they ran). So a test looks at the thing that an alarm names for what AWS would send, and sends that: the alarm
then has to go off, and the operator's topic to hear of it. (MiniStack evaluates an alarm when a number comes, over all
dimensions.)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.waiting import until
from tests.template import resources


@dataclass(frozen=True)
class Alarm:
    """One alarm of the stack. `name` is the template's, without its ending."""

    installation: Installation
    name: str

    @property
    def details(self) -> Json:
        """As CloudWatch describes it."""
        cloudwatch = self.installation.client("cloudwatch")
        named = self.installation.resource(f"{self.name}Alarm")
        (found,) = cloudwatch.describe_alarms(AlarmNames=[named])["MetricAlarms"]
        return dict(found)

    @property
    def watches(self) -> str:
        """What it watches: the value of its one dimension. Example: the name of a queue"""
        (dimension,) = self.details["Dimensions"]
        return str(dimension["Value"])

    def goes_off(self, value: float) -> None:
        """CloudWatch is sent this number as what the alarm reads; the alarm goes off and the operator's topic hears."""
        read = self.details
        datum = {"MetricName": read["MetricName"], "Dimensions": read["Dimensions"], "Value": value}
        self.installation.client("cloudwatch").put_metric_data(Namespace=read["Namespace"], MetricData=[datum])
        assert self.details["StateValue"] == "ALARM", (self.name, value, read)
        self._told_the_operator()

    def would_go_off(self) -> None:
        """The alarm is set off by hand, where a test cannot wait as long as it does; the operator's topic hears."""
        named, why = self.details["AlarmName"], "nothing came"
        self.installation.client("cloudwatch").set_alarm_state(AlarmName=named, StateValue="ALARM", StateReason=why)
        self._told_the_operator()

    def numbers(self) -> float:
        """The sum of what CloudWatch was sent for it in the last hour by the service that it reads."""
        read, now = self.details, datetime.now(UTC)
        found = self.installation.client("cloudwatch").get_metric_statistics(
            Namespace=read["Namespace"],
            MetricName=read["MetricName"],
            Dimensions=read["Dimensions"],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    def _told_the_operator(self) -> None:
        read = self.details
        told = [
            letter for letter in self.installation.letters(topic="AlarmTopic") if read["AlarmName"] in letter.subject
        ]
        assert json.loads(told[-1].body)["AlarmDescription"] == read["AlarmDescription"]

    def queued(self) -> int:
        """The number of messages in the queue that it watches, those that somebody is at included."""
        sqs = self.installation.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=self.watches)["QueueUrl"], AttributeNames=names
        )
        return sum(int(count) for count in found["Attributes"].values())

    def told_by_a_function(self, logs: str, beyond: int = 0) -> float:
        """The newest number that a function wrote into its log for this alarm, once there are more than so many."""
        return until(lambda: self.told_so_far(logs)[beyond:], f"a number for {self.name} in {logs}")[-1]

    def told_so_far(self, logs: str) -> list[float]:
        """Every number that a function wrote into its log for this alarm, in CloudWatch's embedded format."""
        read = self.details
        names = [dimension["Name"] for dimension in read["Dimensions"]]
        lines = [line for line in logged(self.installation, logs) if "_aws" in line]
        return [
            line[read["MetricName"]][0]
            for line in lines
            for one in line["_aws"]["CloudWatchMetrics"]
            if one["Namespace"] == read["Namespace"]
            and names in one["Dimensions"]
            and read["MetricName"] in [metric["Name"] for metric in one["Metrics"]]
            and all(line[dimension["Name"]] == dimension["Value"] for dimension in read["Dimensions"])
        ]


def written(installation: Installation, logs: str) -> list[str]:
    """The lines that a function wrote into its log group, and those that Lambda wrote about it. Example: IngestLogs"""
    pages = (
        installation.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=installation.resource(logs))
    )
    return [line for page in pages for event in page["events"] for line in event["message"].splitlines()]


def logged(installation: Installation, logs: str) -> list[Any]:
    """The same, as far as it is JSON."""
    return [json.loads(line) for line in written(installation, logs) if line.startswith("{")]


def said(installation: Installation, logs: str, message: str, of: str | None = None) -> list[Any]:
    """Of these the lines whose message has those words, of one round where it is named; numbers for CloudWatch have
    neither."""
    lines = logged(installation, logs)
    return [line for line in lines if message in line.get("message", "") and of in (None, line.get("round"))]


@dataclass
class Tries:
    """Ingest's tries that fail from now on. With little patience they run at the same time, and one that is still
    starting when their cause is removed would succeed."""

    installation: Installation

    def __post_init__(self) -> None:
        self._before = len(self._lines())

    def failures(self) -> list[Any]:
        """What was logged of each."""
        return self._lines()[self._before :]

    def have_failed(self, *, uploads: int) -> None:
        """Wait until every try at so many uploads has failed."""
        most = uploads * resources("AWS::SQS::Queue")["UploadQueue"]["RedrivePolicy"]["maxReceiveCount"]
        until(lambda: len(self.failures()) >= most, "every try to have failed")

    def _lines(self) -> list[Any]:
        return said(self.installation, "IngestLogs", "Record processing exception")
