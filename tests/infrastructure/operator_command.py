"""The operator's command as tests run it: in this process for speed, or as a person does."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from infrastructure.operator.main import run
from tests.template import ROOT


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str


Anslag = Callable[..., Ran]


@pytest.fixture
def anslag(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Anslag:
    """Runs the command, in English where nothing else is said, and returns what it left behind."""
    monkeypatch.setenv("LANG", "C.UTF-8")

    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run(arguments)
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, printed.out, printed.err)

    return command


@pytest.fixture(autouse=True)
def no_other_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside this machine is asked, whatever a test forgets to say."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


def command_line(*arguments: str) -> list[str]:
    """The command in a process of its own, the way its script starts it."""
    return [sys.executable, "-c", "from infrastructure.operator.main import run; run()", *arguments]


def elsewhere(**more: str) -> dict[str, str]:
    """The environment of a process that runs in any folder: this one's, English, with more in it."""
    return {**os.environ, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **more}


def process(*arguments: str, env: Mapping[str, str] | None = None, **options: Any) -> Ran:
    """Run the command in a process of its own, with nothing to read from."""
    ended = subprocess.run(
        command_line(*arguments),
        env=env or elsewhere(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
        **options,
    )
    return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def on_a_terminal(*arguments: str, **more: str) -> tuple[int, str]:
    """Run the command where people sit. Returns its exit code and everything that came onto the screen."""
    ours, theirs = pty.openpty()
    env = elsewhere(TERM="xterm-256color", COLUMNS="80", **more)
    running = subprocess.Popen(command_line(*arguments), env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            screen += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    return running.wait(30), screen.decode()
