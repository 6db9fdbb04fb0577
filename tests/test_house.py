"""The house keeps its shape: which way the arrows run, who may look at a clock, how long a piece may be."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FIRST

ROOT = Path(__file__).parents[1]
AWS_LIBRARIES = {"boto3", "botocore", "aws_lambda_powertools", "mypy_boto3", "s3transfer"}
CLOCKS_AND_CHANCE = {"time", "secrets", "random", "uuid"}
MOMENTS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "service", "services", "common", "misc", "lib", "tools"}
MOST_LINES = 400
MOST_FUNCTION_LINES = 40


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found
    return found


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Everything that the module imports, wherever in it, each part of `from a import b` as a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)}:{node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(path: Path, *packages: str) -> list[str]:
    """What the module imports of these packages."""
    return [
        name
        for name in imported(path)
        if any(name == one or name.startswith((f"{one}.", f"{one}_")) for one in packages)
    ]


RULES = sorted([*(ROOT / "shared").glob("*.py"), *(ROOT / "shared/results").glob("*.py")])
NARROW_WAYS = sorted((ROOT / "shared/aws").glob("*.py"))
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def test_a_function_imports_shared_code_and_its_own_only() -> None:
    assert len(FUNCTIONS) == 9
    crossings = {
        place(path): found
        for function in FUNCTIONS
        for path in modules(f"functions/{function}")
        if (found := [name for name in imports_of(path, "functions") if not name.startswith(f"functions.{function}.")])
    }
    assert crossings == {}


def test_the_rules_know_nothing_of_aws_nor_of_whoever_uses_them() -> None:
    crossings = {
        place(path): found for path in RULES if (found := imports_of(path, *AWS_LIBRARIES, "shared.aws", "functions"))
    }
    assert crossings == {}


def test_the_narrow_ways_to_aws_know_the_rules_and_not_the_functions() -> None:
    assert {place(path): found for path in NARROW_WAYS if (found := imports_of(path, "functions"))} == {}


def test_what_is_deployed_knows_nothing_of_what_builds_and_tests_it() -> None:
    crossings = {
        place(path): found
        for path in modules("functions", "shared")
        if (found := imports_of(path, "infrastructure", "tests", "moto", "ministack"))
    }
    assert crossings == {}


def test_infrastructure_knows_the_rules_and_not_the_functions_nor_the_tests() -> None:
    crossings = {
        place(path): found for path in modules("infrastructure") if (found := imports_of(path, "functions", "tests"))
    }
    assert crossings == {}


def moments_and_surroundings(path: Path) -> Iterator[str]:
    """Where the module looks at a clock, at chance or at its environment."""
    for name in imports_of(path, *CLOCKS_AND_CHANCE, "os"):
        yield f"import {name}"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            whole = ast.unparse(node)
            if tuple(whole.split(".")[-2:]) in MOMENTS:
                yield whole


@pytest.mark.parametrize(
    "path", [path for path in modules("functions", "shared") if path.name != "handler.py"], ids=place
)
def test_only_handlers_look_at_clocks_chance_and_their_environment(path: Path) -> None:
    assert list(moments_and_surroundings(path)) == []


def test_handlers_do_so_only_where_they_pass_it_on() -> None:
    """Clock, sleep and chance are passed on as they are, settings are read in one line."""
    for function in FUNCTIONS:
        handler = ROOT / "functions" / function / "handler.py"
        looked = set(moments_and_surroundings(handler))
        assert looked <= {"import os", "import secrets", "import random", "import time", "datetime.now"}, function
        uses = [ast.unparse(node) for node in ast.walk(tree(handler)) if isinstance(node, ast.Call)]
        assert [use for use in uses if use.startswith(("secrets.", "random.", "time."))] == [], function
        source = handler.read_text(encoding="utf-8")
        assert source.count("datetime.now(UTC)") == source.count("lambda: datetime.now(UTC)"), function
        assert source.count("os.environ") == source.count("from_env(") == 1, function


def test_everything_is_named_after_its_work() -> None:
    packages = {path.parent for path in modules("functions", "shared", "infrastructure", "tests")}
    named = [*packages, *modules("functions", "shared", "infrastructure")]
    assert {place(path) for path in named if path.stem.lower() in EMPTY_WORDS} == set()


def test_packages_are_empty() -> None:
    full = {
        place(path) for path in modules("functions", "shared") if path.name == "__init__.py" and path.stat().st_size
    }
    assert full == set()


def test_a_module_can_be_read_in_one_sitting() -> None:
    long = {place(path): lines for path in modules("functions", "shared") if (lines := _lines(path)) > MOST_LINES}
    assert long == {}


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_a_function_can_be_seen_at_once() -> None:
    long = {
        f"{place(path)}:{node.name}": lines
        for path in modules("functions", "shared")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_FUNCTION_LINES
    }
    assert long == {}


WATCHED_IMPORT = """
import importlib, json, os, sys
from pathlib import Path

root = Path(sys.argv[1])
ours = (str(root / "functions"), str(root / "shared"))
did = []

import boto3, botocore.session, pydantic, aws_lambda_powertools  # what they do at their import is theirs

def refused(*arguments, **named):
    raise AssertionError("a client was made")

botocore.session.Session.create_client = boto3.session.Session.client = boto3.session.Session.resource = refused

class Watched(type(os.environ)):
    def __getitem__(self, name):
        frame = sys._getframe(1)
        while "_collections_abc" in frame.f_code.co_filename or frame.f_globals["__name__"] == "os":
            frame = frame.f_back
        if frame.f_code.co_filename.startswith(ours):
            did.append(f"{frame.f_code.co_filename}:{frame.f_lineno} reads {name}")
        return super().__getitem__(name)

os.environ.__class__ = Watched

def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith(ours) and not str(arguments[0]).endswith((".py", ".pyc")):
        did.append(f"opens {arguments[0]}")
    if event in ("socket.connect", "subprocess.Popen", "os.system", "os.mkdir", "os.remove"):
        did.append(event)

sys.dont_write_bytecode = True
sys.path.insert(0, str(root))
sys.addaudithook(watch)
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
print(json.dumps(did))
"""


def watched_import(root: Path, names: list[str]) -> list[str]:
    """What importing these modules did in a process without any environment. Raises where an import fails."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", WATCHED_IMPORT, str(root), json.dumps(names)],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    did: list[str] = json.loads(done.stdout)
    return did


def test_importing_does_nothing() -> None:
    names = [
        place(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in modules("functions", "shared")
    ]
    assert len(names) > 60
    assert watched_import(ROOT, names) == []


def test_an_import_that_does_something_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/__init__.py").write_text("")
    (tmp_path / "shared/told.py").write_text(
        "import os\nNAME = os.environ.get('TABLE_NAME')\nHOME = os.getenv('HOME')\n"
    )
    (tmp_path / "shared/data.csv").write_text("")
    (tmp_path / "shared/read.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('data.csv').read_text()\n"
    )
    (tmp_path / "shared/client.py").write_text("import boto3\nboto3.client('s3')\n")
    assert watched_import(tmp_path, ["shared.told", "shared.read"]) == [
        f"{tmp_path}/shared/told.py:2 reads TABLE_NAME",
        f"{tmp_path}/shared/told.py:3 reads HOME",
        f"opens {tmp_path}/shared/data.csv",
    ]
    with pytest.raises(AssertionError, match="a client was made"):
        watched_import(tmp_path, ["shared.client"])


def test_no_two_files_send_as_the_same_applicant() -> None:
    """Files that run in one process share an embedded cloud and its mailbox, and would count each other's letters."""
    senders: dict[str, set[str]] = {}
    for path in (*(ROOT / "tests/browser").glob("test_*.py"), *(ROOT / "tests/end_to_end").glob("test_*.py")):
        for address in re.findall(r"[\w.-]+@forening\.example", path.read_text(encoding="utf-8")):
            senders.setdefault(address, set()).add(place(path))
    assert {address: files for address, files in senders.items() if len(files) > 1} == {}


def test_the_long_files_that_tests_begin_with_are_there() -> None:
    assert [name for name in LONGEST_FIRST if not (ROOT / f"tests/{name}.py").is_file()] == []
