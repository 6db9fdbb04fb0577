"""LibreOffice for tests: the machine's own where it has one, nothing where there is no way to fetch it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.template import ROOT

TOOLS = ("bash", "dirname", "readlink", "sha256sum", "mkdir", "rm", "chmod", "flock", "cat", "tail")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the scripts, and of the machine's tools those that they need whatever the machine has."""
    copy = tmp_path / "project"
    (copy / "infrastructure").mkdir(parents=True)
    for script in ("bootstrap.sh", "office.sh"):
        shutil.copy(ROOT / "infrastructure" / script, copy / "infrastructure" / script)
    (copy / "bin").mkdir()
    for name in TOOLS:
        program = shutil.which(name)
        assert program
        (copy / "bin" / name).symlink_to(program)
    return copy


def set_up(project: Path, office: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [project / "bin/bash", project / "infrastructure/bootstrap.sh", "office"],
        env={"PATH": str(project / "bin"), "HOME": os.environ["HOME"], "ANSLAG_OFFICE": office},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_machines_own_office_is_used_and_looked_at_once(project: Path) -> None:
    program = project / "libreoffice" / "soffice"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho started >>"$0.log"\necho LibreOffice 7\n', encoding="utf-8")
    program.chmod(0o755)
    assert "left out" in set_up(project, str(program)).stderr, "without Calc it is none"
    (program.parent / "libsclo.so").touch()
    first, second = set_up(project, str(program)), set_up(project, str(program))
    assert (first.returncode, first.stderr, second.returncode, second.stderr) == (
        0,
        "  starting LibreOffice\n  done\n",
        0,
        "",
    )
    assert Path(f"{program}.log").read_text(encoding="utf-8") == "started\n"
    said = subprocess.run([project / ".anslag/office/soffice"], capture_output=True, text=True, check=True).stdout
    assert said == "LibreOffice 7\n"


def test_where_nothing_can_be_fetched_the_test_is_left_out_and_that_is_said(project: Path) -> None:
    done = set_up(project)
    told = "anslag: without LibreOffice Calc, the test that opens the decision list in it is left out.\n"
    assert (done.returncode, done.stderr, (project / ".anslag/office").exists()) == (0, told, False)
