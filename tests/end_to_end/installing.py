"""The installation that end-to-end tests share, those in a browser too: one for each process, gone when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.build import build_artefacts, this_machine
from infrastructure.cloud.deployment import deploy
from infrastructure.cloud.running import HOME, ROOT, roomy_place, running_cloud
from infrastructure.demo import PARAMETERS
from infrastructure.demo.staff import hire, verify_sender
from tests.end_to_end.installation import Installation


@contextmanager
def installed() -> Iterator[Installation]:
    """The stack as a person would install it, with IAM enforced and two programme officers."""
    with TemporaryDirectory(prefix="anslag-", dir=roomy_place()) as home, running_cloud(Path(home)) as cloud:
        outputs = deploy(cloud, ROOT / "template.yaml", PARAMETERS, build_artefacts(HOME / "artefacts", this_machine()))
        verify_sender(cloud, PARAMETERS["ReceiptSender"])
        anna, bertil = hire(cloud, outputs, ["anna", "bertil"])
        yield Installation(cloud, outputs, anna, bertil)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """One for the whole process."""
    with installed() as made:
        yield made
