"""The installation that end-to-end tests share: one for each process that runs tests, gone when it ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.build import build_artefacts, this_machine
from infrastructure.cloud.deployment import deploy
from infrastructure.cloud.running import HOME, ROOT, running_cloud
from infrastructure.demo import PARAMETERS
from infrastructure.demo.staff import hire, verify_sender
from tests.end_to_end.installation import Installation

_MEMORY = Path("/dev/shm")
_ROOM = 4 * 10**9


def _room() -> Path | None:
    """Memory where there is enough of it: every process of a function unpacks two thousand files, which a disk that
    others use as well may take longer over than all the tests. Otherwise wherever temporary files belong."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """The stack as a person would install it, with IAM enforced and two programme officers."""
    with TemporaryDirectory(prefix="anslag-", dir=_room()) as home, running_cloud(Path(home)) as cloud:
        outputs = deploy(cloud, ROOT / "template.yaml", PARAMETERS, build_artefacts(HOME / "artefacts", this_machine()))
        verify_sender(cloud, PARAMETERS["ReceiptSender"])
        anna, bertil = hire(cloud, outputs, ["anna", "bertil"])
        yield Installation(cloud, outputs, anna, bertil)
