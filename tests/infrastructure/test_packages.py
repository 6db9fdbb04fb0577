"""Processes of functions on the embedded cloud share the files of what they are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from infrastructure.cloud.running import Cloud, running_cloud
from tests.infrastructure.small_functions import packed, role_of

pytestmark = pytest.mark.cloud

FUNCTION = """
import layered
import os
from pathlib import Path

def handle(event, context):
    if event == "fail":
        raise ValueError
    code, layer = Path(__file__), Path(layered.__file__)
    return [os.getpid(), os.environ["LAMBDA_TASK_ROOT"], str(code.resolve()), str(layer.resolve())]
"""


class Place(NamedTuple):
    """Where a process of a function ran, and which files it really read."""

    process: int
    folder: str
    code: str
    layer: str


Runs = Callable[[str], Place]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running_cloud(tmp_path_factory.mktemp("packages")) as found:
        functions = found.client("lambda")
        role = role_of(found, "one", "logs:*")
        content = {"ZipFile": packed("python/layered.py", "")}
        layer = functions.publish_layer_version(LayerName="a-layer", Content=content)["LayerVersionArn"]
        for name, text in (("one", FUNCTION), ("same", FUNCTION), ("other", f"{FUNCTION}\n# and more\n")):
            functions.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Handler="main.handle",
                Role=role,
                Code={"ZipFile": packed("main.py", text)},
                Layers=[layer],
            )
        yield found


@pytest.fixture
def runs(cloud: Cloud) -> Runs:
    """Invokes the function of that name."""

    def run(name: str) -> Place:
        answer = cloud.client("lambda").invoke(FunctionName=name, Payload=b'""')
        return Place(*json.load(answer["Payload"]))

    return run


def test_a_process_that_follows_another_has_a_folder_of_its_own_and_the_same_files(cloud: Cloud, runs: Runs) -> None:
    before = runs("one")
    cloud.client("lambda").invoke(FunctionName="one", Payload=b'"fail"')  # which ends the process
    after = runs("one")
    assert (before.process != after.process, before.folder != after.folder) == (True, True)
    assert (before.code, before.layer) == (after.code, after.layer)
    assert not Path(before.folder).exists()
    assert cloud.home in Path(after.code).parents, "it would outlive the cloud"


def test_functions_share_what_has_the_same_bytes_and_nothing_else(runs: Runs) -> None:
    one, same, other = (runs(name) for name in ("one", "same", "other"))
    assert len({one.folder, same.folder, other.folder}) == 3
    assert one.code == same.code != other.code
    assert one.layer == same.layer == other.layer
