"""Set-up: the best Python is taken, nothing is done twice, and what goes wrong is said plainly."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("infrastructure/bootstrap.sh", "requirements/uv.txt", "requirements/dev.txt", "pyproject.toml")
BUILD_TOOLS = ("hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what set-up reads, with a lock file of a few small packages."""
    copy = tmp_path / "project"
    for part in PARTS:
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, copy / part)
    (copy / "infrastructure" / "__init__.py").touch()
    lock = copy / "requirements" / "dev.txt"
    lock.write_text("".join(locked(name) for name in BUILD_TOOLS))
    return copy


def locked(name: str) -> str:
    """The entry of one package in the project's own lock file."""
    found = re.search(rf"^{name}==.*?(?=^\S)", (ROOT / "requirements" / "dev.txt").read_text() + "\n#", re.M | re.S)
    assert found
    return found.group()


def set_up(project: Path, path: str | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("SSL_", "UV_"))}
    settings = {"PATH": path or os.environ["PATH"], "HOME": os.environ["HOME"], "PYENV_ROOT": str(project / "none")}
    return subprocess.run(
        ["/bin/bash", str(project / "infrastructure" / "bootstrap.sh")],
        env=kept | settings | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def path_with(folder: Path, **pythons: str) -> str:
    """A PATH with the system's tools, on which the named commands are these programs."""
    folder.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        program = folder / name
        program.write_text(f"#!/bin/sh\n{pythons.get(name.replace('.', '_'), 'exit 127')}\n")
        program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def ready(project: Path) -> Path:
    """An environment as the first set-up leaves it, but for the packages: those come from uv, as always."""
    environment = project / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    shutil.copy(Path(sys.executable).with_name("uv"), environment / "bin" / "uv")
    (environment / ".anslag-stamp").write_text(f"{project}\n")
    return environment


def test_an_old_python_is_refused_in_one_sentence(project: Path, tmp_path: Path) -> None:
    old = path_with(tmp_path / "bin", python3='[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    done = set_up(project, old)
    assert done.returncode == 1
    assert done.stderr == (
        "anslag: this project needs Python 3.11 or newer; here is Python 3.9.2. Install one (Debian 12 and "
        "Ubuntu 24.04 bring it), or name it: ANSLAG_PYTHON=/path/to/python3.\n"
    )


def test_without_a_network_the_first_set_up_says_what_to_do(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    done = set_up(project, PIP_INDEX_URL=f"http://127.0.0.1:{closed}/simple", PIP_CONFIG_FILE=os.devnull)
    *progress, message = done.stderr.splitlines()
    assert done.returncode == 1
    assert progress[-1] == "  fetching uv, which fetches the rest"
    assert message == (
        "anslag: the first set-up fetches packages, and could not reach the network. Connect this machine (or name "
        "a mirror that it reaches: PIP_INDEX_URL=...) and run the same command again. What was tried is in "
        ".anslag/setup.log."
    )


def test_the_environment_follows_its_lock_file_and_is_left_alone_while_nothing_changes(project: Path) -> None:
    environment = ready(project)
    first = set_up(project, ANSLAG_PYTHON=sys.executable)
    assert (first.returncode, first.stderr.splitlines()[-1]) == (0, "  done")
    assert (environment / "bin" / "anslag").exists()

    before = sorted((path, path.stat().st_mtime_ns) for path in project.rglob("*"))
    begun = time.monotonic()
    second = set_up(project)
    assert (second.returncode, second.stderr, second.stdout) == (0, "", "")
    assert time.monotonic() - begun < 5
    assert sorted((path, path.stat().st_mtime_ns) for path in project.rglob("*")) == before

    lock = project / "requirements" / "dev.txt"
    lock.write_text(lock.read_text() + locked("annotated-types"))
    third = set_up(project, ANSLAG_PYTHON=sys.executable)
    assert (third.returncode, len(list(environment.glob("lib/*/site-packages/annotated_types")))) == (0, 1)


def test_a_package_that_is_not_the_locked_one_is_refused(project: Path) -> None:
    environment = ready(project)
    lock = project / "requirements" / "dev.txt"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text()))
    done = set_up(project, ANSLAG_PYTHON=sys.executable)
    assert done.returncode == 1
    assert "hash" in done.stderr.lower()
    assert not (environment / ".anslag-stamp").exists()


def test_the_lock_files_agree_with_each_other_and_name_no_address() -> None:
    locks = {path.name: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}
    versions = {
        name: set(re.findall(r"^([a-z0-9-]+==\S+)", text, re.M)) for name, text in locks.items() if name != "sam.txt"
    }
    assert versions["runtime.txt"] | versions["uv.txt"] <= versions["dev.txt"]
    both = {line.split("==")[0] for line in versions["dev.txt"]} & {
        line.split("==")[0] for line in versions["tests.txt"]
    }
    assert {line for line in versions["tests.txt"] if line.split("==")[0] in both} <= versions["dev.txt"]
    assert {name for name, text in locks.items() if "://" in text or str(Path.home()) in text} == set()
    assert "botocore" not in locks["runtime.txt"]


def test_what_comes_from_npm_is_locked_by_hash_and_names_no_address_to_fetch_it_from() -> None:
    lock = json.loads((ROOT / "infrastructure/lighthouse/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert "node_modules/lighthouse" in packages
    assert {
        name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")
    } == set()
    assert {name for name, package in packages.items() if "resolved" in package} == set()


def test_the_browser_is_one_command_wherever_it_came_from(tmp_path: Path) -> None:
    """The machine's own, where there is one; nothing is fetched then."""
    chromium = tmp_path / "chromium"
    chromium.write_text("#!/bin/sh\necho started with $1\n")
    chromium.chmod(0o755)
    node = tmp_path / ".venv/lib/python3.13/site-packages/playwright/driver/node"
    node.parent.mkdir(parents=True)
    node.symlink_to("/bin/true")
    script = f"""set -e; root={tmp_path}; say() {{ :; }}; step() {{ shift; "$@" >/dev/null; }}
      own_apt() {{ exit 9; }}; . {ROOT}/infrastructure/browser.sh; install_chromium; "$browser/chromium" --headless"""
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "ANSLAG_CHROMIUM": str(chromium)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"started with --headless\n", b"")
