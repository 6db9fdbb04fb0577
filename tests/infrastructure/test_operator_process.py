"""The operator's command as a command: how it is used, what it prints where, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from importlib.metadata import version

import pytest

from tests.infrastructure import operator_command
from tests.infrastructure.operator_command import Anslag, Ran, command_line, elsewhere, on_a_terminal, process
from tests.infrastructure.operator_servers import EMPTY, NO_ROUNDS, PROBLEM, as_json, scripted

anslag = operator_command.anslag
no_other_aws = operator_command.no_other_aws


def test_programs_get_the_problems_as_json() -> None:
    with scripted(as_json({"problems": [PROBLEM]}, 409)) as api:
        ran = process("--json", "rounds", "list", "--api", api.url, env=elsewhere(LANG="sv_SE.UTF-8"))
    expected = '{\n  "problems": [\n    {\n      "code": "round-changed",\n      "path": "",\n'
    expected += '      "sv": "På svenska.",\n      "en": "In English."\n    }\n  ]\n}\n'
    assert ran == Ran(1, expected, "På svenska.\n")


def test_a_terminal_without_our_letters_still_gets_an_answer() -> None:
    with scripted(as_json({"problems": [PROBLEM | {"sv": "Å – ö"}]}, 409)) as api:
        env = elsewhere(LANG="sv_SE", PYTHONIOENCODING="latin-1")
        ended = subprocess.run(
            command_line("rounds", "list", "--api", api.url), env=env, capture_output=True, timeout=60, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, "Å ? ö\n".encode("latin-1"))


def test_a_round_that_cannot_be_is_not_asked_for(anslag: Anslag) -> None:
    with scripted(NO_ROUNDS) as api:
        for round_id in ("..", ".", "A", "a/b", "å", ""):
            ran = anslag("rounds", "show", round_id, "--api", api.url)
            assert (ran.code, "small letters" in ran.err.replace("\n", " ")) == (2, True)
        assert api.asked == []


def test_the_version_is_told(anslag: Anslag) -> None:
    assert anslag("--version") == Ran(0, f"anslag {version('anslag')}\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "rounds list",
        "rounds show",
        "rounds create",
        "rounds extend",
        "rounds close",
        "rounds advance",
        "rounds events",
        "applications list",
        "applications show",
        "decisions out",
        "decisions in",
        "decisions approve",
        "announcement preview",
        "announcement publish",
        "dead-letters list",
        "dead-letters redrive",
        "pages publish",
    ],
)
def test_every_command_explains_itself_without_asking_anybody(anslag: Anslag, command: str) -> None:
    ran = anslag(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: anslag {command}" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["rounds"], ["nonsense"], ["rounds", "show"], ["--language", "de"]])
def test_wrong_use_is_exit_code_2(anslag: Anslag, arguments: list[str]) -> None:
    assert anslag(*arguments).code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rounds", "list"], ""),
        (["rounds", "advance"], "Interrupted. The change may have been made: look before you try again.\n"),
    ],
)
def test_an_interrupt_ends_with_130_and_no_traceback(arguments: list[str], told: str) -> None:
    hold = threading.Event()
    with scripted(NO_ROUNDS, hold=hold) as api:
        running = subprocess.Popen(
            command_line(*arguments, "--api", api.url),
            env=elsewhere(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert api.arrived.wait(30)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
        hold.set()
    assert (running.returncode, out.decode(), err.decode()) == (130, "", told)


def test_an_interrupt_in_the_middle_of_an_answer_is_as_quiet_as_any() -> None:
    """What is half made by then complains while Python clears it away."""
    with scripted(NO_ROUNDS) as api:
        ended = subprocess.run(
            [sys.executable, "-c", _INTERRUPTED_AS_THE_ANSWER_COMES, "rounds", "list", "--api", api.url],
            env=elsewhere(),
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


_INTERRUPTED_AS_THE_ANSWER_COMES = """
import http.client, os, signal, time
def interrupted(self, *_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)
http.client.HTTPResponse.__init__ = interrupted
from infrastructure.operator.main import run
run()
"""


def test_people_see_that_something_goes_on_and_programs_do_not() -> None:
    with scripted(NO_ROUNDS) as api:
        code, screen = on_a_terminal("rounds", "list", "--api", api.url)
        assert (code, "Asking the service …" in screen) == (0, True)
        assert process("rounds", "list", "--api", api.url) == Ran(0, EMPTY, "")


def test_colours_are_left_out_where_they_are_not_wanted() -> None:
    with scripted(as_json({"problems": [PROBLEM]}, 409)) as api:
        _, coloured = on_a_terminal("rounds", "list", "--api", api.url)
        _, plain = on_a_terminal("rounds", "list", "--api", api.url, NO_COLOR="1")
    assert ("\x1b[31mIn English." in coloured, "\x1b[3" in plain, "In English." in plain) == (True, False, True)
