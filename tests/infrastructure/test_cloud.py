"""The embedded cloud's process: it starts, keeps apart, survives when asked to, and leaves nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
import requests

from infrastructure.build import Artefacts
from infrastructure.cloud import running
from infrastructure.cloud.deployment import deploy
from infrastructure.cloud.mailbox import mailbox
from infrastructure.cloud.running import Cloud, CloudError, processes_of, running_cloud, stop
from tests.infrastructure.little_stack import TEMPLATE, artefacts, becomes_true, cloud, keys_in, written

__all__ = ["artefacts", "cloud"]  # fixtures: pytest finds them here

pytestmark = pytest.mark.cloud


def mentions(home: Path) -> list[int]:
    """Processes whose command line or surroundings name the home: the engine, and functions it started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(home).encode() in said and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


# One cloud per home


def test_a_second_cloud_in_the_same_home_is_told_who_has_it(cloud: Cloud) -> None:
    with pytest.raises(CloudError) as refusal:
        running.start(cloud.home)
    assert str(refusal.value) == (
        f"The embedded cloud is already running here: process {cloud.process}, port {cloud.port}, "
        f"started by {cloud.started_by} at {cloud.started_at}. Stop it with: make down"
    )
    assert running.running(cloud.home) == cloud


def test_a_port_that_is_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CloudError, match=rf"^Port {port} cannot be used \(Address already in use\): name another"):
            running.start(tmp_path, port=port)
    assert running.running(tmp_path) is None


def test_an_engine_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(CloudError, match=r"^The embedded cloud did not start\. The end of .*cloud\.log:"):
        running.start(tmp_path / "home")
    assert running.running(tmp_path / "home") is None


def test_the_root_keys_are_for_their_owner_only(cloud: Cloud) -> None:
    assert oct((cloud.home / "cloud.json").stat().st_mode & 0o777) == "0o600"
    with running_cloud() as other:
        assert other.secret_key != cloud.secret_key


# Nothing is left


@pytest.mark.parametrize("crashed", [False, True])
def test_stopping_ends_functions_at_work_too(crashed: bool, artefacts: Artefacts, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_cloud(home) as cloud:
        outputs = deploy(cloud, written(tmp_path, TEMPLATE), {}, artefacts)
        event = json.dumps({"sleep": 50})
        cloud.client("lambda").invoke(FunctionName=outputs["Function"], InvocationType="Event", Payload=event)
        assert becomes_true(lambda: "asleep" in keys_in(cloud, outputs["Table"]))
        # A second function may be on its way, which its own row has woken.
        assert becomes_true(lambda: len(processes_of(cloud.process)) == len(mentions(home)) >= 2)
        if crashed:
            os.kill(cloud.process, signal.SIGKILL)
            assert becomes_true(lambda: running.running(home) is None)
        begun = time.monotonic()
        assert stop(home) == (None if crashed else cloud)
    assert becomes_true(lambda: mentions(home) == [])
    assert time.monotonic() - begun < 45, "it waited for the function"
    assert becomes_true(lambda: processes_of(cloud.process) == [])
    assert stop(home) is None
    assert sorted(path.name for path in home.iterdir()) == ["cloud.lock", "cloud.log", "python", "run"]


@pytest.mark.parametrize("death", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_cloud_ends_with_the_process_that_started_it(death: signal.Signals, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from infrastructure.cloud.running import running_cloud\n"
        "with running_cloud(Path(sys.argv[1])) as cloud: print(cloud.process, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=running.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with starter:
        assert starter.stdout is not None
        engine = int(starter.stdout.readline())
        assert processes_of(engine) == [engine]
        starter.send_signal(death)
    assert becomes_true(lambda: processes_of(engine) == [])
    assert mentions(tmp_path) == []


# State


def test_a_kept_cloud_goes_on_where_it_was(artefacts: Artefacts, tmp_path: Path) -> None:
    template = written(tmp_path, TEMPLATE)
    with running_cloud(tmp_path / "home", keep=True) as cloud:
        outputs = deploy(cloud, template, {}, artefacts)
        iam = cloud.client("iam")
        iam.create_user(UserName="kim")
        keys = iam.create_access_key(UserName="kim")["AccessKey"]
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
        versions = [s3.put_object(Bucket="files", Key="bilaga å", Body=body)["VersionId"] for body in (b"1", b"2")]
        cloud.client("sns").publish(TopicArn=outputs["Topic"], Message="före")
        cloud.client("dynamodb").put_item(TableName=outputs["Table"], Item={"key": {"S": "before"}})
        assert becomes_true(lambda: "seen before" in keys_in(cloud, outputs["Table"]))

    with running_cloud(tmp_path / "home", keep=True) as again:
        assert (again.port, again.secret_key == cloud.secret_key) == (cloud.port, False)
        assert keys_in(again, outputs["Table"]) == {"before", "seen before"}
        assert [
            again.client("s3").get_object(Bucket="files", Key="bilaga å", VersionId=version)["Body"].read()
            for version in versions
        ] == [b"1", b"2"]
        kim = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name=again.region)
        assert kim.client("sts", endpoint_url=again.endpoint).get_caller_identity()["Arn"].endswith("user/kim")
        assert requests.get(outputs["Api"] + "/rounds", timeout=10).json()["path"] == "/rounds"
        again.client("dynamodb").put_item(TableName=outputs["Table"], Item={"key": {"S": "after"}})
        assert becomes_true(lambda: "seen after" in keys_in(again, outputs["Table"]))
        assert deploy(again, template, {}, artefacts) == outputs
        again.client("sns").publish(TopicArn=outputs["Topic"], Message="efter")
        assert [mail.body for mail in mailbox(again)] == ["före", "efter"]

    with pytest.raises(CloudError, match=rf"^The kept state has addresses on port {cloud.port} in it"):
        running.start(tmp_path / "home", keep=True, port=cloud.port + 1)


def test_a_cloud_that_is_not_kept_begins_empty_and_leaves_a_kept_one_alone(tmp_path: Path) -> None:
    for keep, found in ((True, []), (False, []), (False, []), (True, ["sparad"])):
        with running_cloud(tmp_path, keep=keep) as cloud:
            sqs = cloud.client("sqs")
            names = [url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", [])]
            assert names == found
            sqs.create_queue(QueueName="sparad" if keep else "kastad")
