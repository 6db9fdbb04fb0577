"""What may go wrong around the product, done to it on purpose: processes die, messages come twice, the cloud stops,
somebody's mistake keeps a function from its work. Nothing here touches what is stored."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from infrastructure.cloud.deployment import STACK
from infrastructure.cloud.running import Cloud, processes_of, start, stop

_FUNCTION = re.compile(rb"(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=" + STACK.encode() + rb"-([a-z]+)\0")
_AT_WORK = re.compile(r"failed processing (?:SQS|DynamoDB stream) batch .*errorType=Runtime")


class Account(Protocol):
    """The AWS account that the product runs in, and what whoever owns it may do."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Of the stack."""

    def client(self, service: str) -> Any:
        """A client with all rights."""

    def resource(self, logical: str) -> str:
        """What CloudFormation made of a resource in the template. Example: IngestRole"""


@dataclass
class Weather:
    """A cloud that may be another process from one moment to the next, with the same state and the same addresses.
    `awake` is held by whoever needs it to be running."""

    cloud: Cloud
    outputs: Mapping[str, str]
    stops: int = 0
    awake: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """A client of whoever owns the AWS account."""
        return self.cloud.client(service)

    def resource(self, logical: str) -> str:
        """What CloudFormation made of a resource in the template. Example: IngestRole"""
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def stop_and_start(self) -> None:
        """Stop the cloud with everything that is at work in it, and start it with its state."""
        with self.awake:
            home = self.cloud.home
            stop(home)
            self.cloud = start(home, keep=True, tied=True, twice=self.cloud.twice)
            self.stops += 1


def processes(cloud: Cloud) -> dict[str, list[int]]:
    """The processes in which the embedded cloud runs functions, by the function's name."""
    found: dict[str, list[int]] = {}
    for process in processes_of(cloud.process):
        with contextlib.suppress(OSError):
            named = _FUNCTION.search(Path(f"/proc/{process}/environ").read_bytes())
            if named:
                found.setdefault(named[1].decode(), []).append(process)
    return found


@dataclass
class Killer:
    """Kills a function's process at random, again and again. Each function has the same chance, whether it has many
    processes or one; the seed decides the choices, the machine decides what a process is at then."""

    weather: Weather
    seed: int
    progress: Callable[[], int]
    every: float
    """How much progress is made between two deaths, on average, so that slow machines make progress too."""
    seconds: float
    """How long to wait for progress, on average, before the next death all the same."""
    killed: Counter[str] = field(default_factory=Counter)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Killer:
        self._thread = threading.Thread(target=self._kill, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()

    def _kill(self) -> None:
        chance = random.Random(self.seed)  # noqa: S311  it has to be repeatable
        while self._wait(chance.uniform(0, 2 * self.every), chance.uniform(0, 2 * self.seconds)):
            with self.weather.awake:
                found = processes(self.weather.cloud)
                if not found:
                    continue
                name = chance.choice(sorted(found))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(sorted(found[name])), signal.SIGKILL)
                    self.killed[name] += 1

    def _wait(self, progress: float, seconds: float) -> bool:
        enough, end = self.progress() + progress, time.monotonic() + seconds
        while self.progress() < enough and time.monotonic() < end:
            if self._done.wait(0.2):
                return False
        return not self._done.is_set()


def deliver_uploads_twice(account: Account) -> None:
    """The rule that hears of uploads puts each into the queue a second time, as EventBridge may at any time."""
    rule, sqs = account.resource("DocumentUploaded"), account.client("sqs")
    url = account.outputs["UploadQueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account.client("events").put_targets(Rule=rule, Targets=[{"Id": "again", "Arn": arn}])


@contextlib.contextmanager
def impatient(account: Account, seconds: int) -> Iterator[None]:
    """For the length of a block a failed upload is tried again after seconds, not after six minutes, so that it ends
    among the dead letters soon."""
    url = account.outputs["UploadQueueUrl"]
    before = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])[
        "Attributes"
    ]
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})
    try:
        yield
    finally:
        account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=before)


@contextlib.contextmanager
def locked_out(account: Account, role: str, *actions: str, resource: str = "*") -> Iterator[None]:
    """For the length of a block somebody's mistake takes these rights from a role: everywhere, or on the resources of
    an ARN. Example: IngestRole, s3:*"""
    name = account.resource(role)
    deny = {"Effect": "Deny", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    account.client("iam").put_role_policy(RoleName=name, PolicyName="mistake", PolicyDocument=document)
    try:
        yield
    finally:
        account.client("iam").delete_role_policy(RoleName=name, PolicyName="mistake")


def deaths_at_work(said: str) -> int:
    """Batches whose function died over them, by what the cloud's engine said."""
    return len(_AT_WORK.findall(said))
