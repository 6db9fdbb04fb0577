"""The alarms of template.yaml, read from there, and when CloudWatch sets each of them off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from tests.template import written

NOT_SIMULATED: Mapping[str, str] = {
    "FailedUploadsOld": "takes a dead letter of a week, and in every world staff redrive what is there within hours",
    "FailedJobsOld": "the same",
}
"""Alarms that no world sets off, and why."""
_TOLD = {"Ref": "AlarmTopic"}
_BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}
_STATISTICS: Mapping[str, Callable[[float, float], float]] = {"Sum": lambda one, other: one + other, "Maximum": max}
Source = tuple[str, str, str]
"""Namespace, name, and the value of the one dimension: a resource of the template, or a service's own name."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. `period` is in seconds; it goes off when the last `periods` of them all breach the threshold."""

    name: str
    reads: Source
    statistic: str
    period: int
    periods: int
    threshold: float
    comparison: str
    missing_breaches: bool

    def breached_by(self, value: float | None) -> bool:
        """Whether a period with this number, or with none, is over the threshold."""
        return self.missing_breaches if value is None else _BREACHES[self.comparison](value, self.threshold)

    @property
    def slow(self) -> int:
        """Seconds from when something begins to when the alarm has gone off, at most: periods begin at their own
        times, and nobody looks more often than once a minute."""
        return self.period * (self.periods + 1) + 120


@cache
def alarms() -> tuple[Alarm, ...]:
    """Those that tell the operator's topic."""
    found = ((name, one) for name, one in written()["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm")
    read = (_read(name.removesuffix("Alarm"), one["Properties"]) for name, one in found)
    return tuple(alarm for alarm in read if alarm is not None)


def _read(name: str, said: Mapping[str, Any]) -> Alarm | None:
    if _TOLD not in said["AlarmActions"]:
        return None
    (dimension,) = said["Dimensions"]
    assert said["Statistic"] in _STATISTICS
    assert said["ComparisonOperator"] in _BREACHES
    assert said["TreatMissingData"] in ("breaching", "notBreaching")
    assert "DatapointsToAlarm" not in said
    return Alarm(
        name,
        (said["Namespace"], said["MetricName"], _named(dimension["Value"])),
        said["Statistic"],
        said["Period"],
        said["EvaluationPeriods"],
        said["Threshold"],
        said["ComparisonOperator"],
        said["TreatMissingData"] == "breaching",
    )


def _named(value: Any) -> str:
    """Example: FailedUploads, for !GetAtt FailedUploads.QueueName"""
    if isinstance(value, Mapping):
        (inner,) = value.values()
        return str(inner if isinstance(inner, str) else inner[0])
    return str(value)


class CloudWatch:
    """Keeps numbers by period, and judges every period once, when it is over."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[str], None]) -> None:
        self._clock, self._tell = clock, tell
        self._readers: dict[Source, list[Alarm]] = {}
        self._numbers: dict[str, dict[int, float]] = {}
        self._judged: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self.on: set[str] = set()
        self.last_on: dict[str, datetime] = {}
        """When each was on last, by the last look."""
        second = int(clock().timestamp())
        for alarm in alarms():
            self._readers.setdefault(alarm.reads, []).append(alarm)
            self._numbers[alarm.name] = {}
            # What a period has that began before the world is not known.
            self._first[alarm.name] = -(-second // alarm.period)
            self._judged[alarm.name] = self._first[alarm.name] - 1

    def number(self, namespace: str, metric: str, of: str, value: float) -> None:
        """A number that AWS itself sends, or a function."""
        for alarm in self._readers.get((namespace, metric, of), ()):
            kept, period = self._numbers[alarm.name], int(self._clock().timestamp()) // alarm.period
            kept[period] = _STATISTICS[alarm.statistic](kept[period], value) if period in kept else value

    def printed(self, line: Mapping[str, Any]) -> None:
        """What a function printed in CloudWatch's embedded format."""
        for one in line["_aws"]["CloudWatchMetrics"]:
            for names in one["Dimensions"]:
                for metric in one["Metrics"]:
                    values = line[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        self.number(one["Namespace"], metric["Name"], "/".join(line[name] for name in names), value)

    def look(self) -> list[Alarm]:
        """Judge what is over. Returns the alarms that went off now."""
        now = self._clock()
        second, went_off = int(now.timestamp()), []
        for alarm in alarms():
            while self._judged[alarm.name] < second // alarm.period - 1:
                self._judged[alarm.name] += 1
                if self._judge(alarm, self._judged[alarm.name]):
                    went_off.append(alarm)
        for name in self.on:
            self.last_on[name] = now
        return went_off

    def _judge(self, alarm: Alarm, last: int) -> bool:
        kept, first = self._numbers[alarm.name], last - alarm.periods + 1
        breached = first >= self._first[alarm.name] and all(
            alarm.breached_by(kept.get(period)) for period in range(first, last + 1)
        )
        if breached == (alarm.name in self.on):
            return False
        self._tell(f"{alarm.name} {'goes off' if breached else 'is over'}")
        if not breached:
            self.on.discard(alarm.name)
            return False
        self.on.add(alarm.name)
        return True
