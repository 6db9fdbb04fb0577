"""What is built: the right files, small, the same every time, and it works where it lands."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from infrastructure import build
from infrastructure.build import LAMBDA, BuildError, build_artefacts, build_functions, build_layer, this_machine


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("layer")
    build_layer(target, this_machine())
    return target


def sources(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return root


def built(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in build.files(folder)]


def in_layer(layer: Path, program: str) -> str:
    """What the program prints in an interpreter that has the standard library and the layer, nothing else."""
    program = f"import sys; sys.path.insert(0, {str(layer / 'python')!r})\n{program}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    return done.stdout.strip() + done.stderr.strip()


def test_functions_get_code_and_data_but_no_tests_caches_or_notes(tmp_path: Path) -> None:
    root = sources(
        tmp_path / "root",
        "functions/apply/handler.py",
        "functions/apply/tests/test_handler.py",
        "functions/apply/__pycache__/handler.cpython-39.pyc",
        "shared/programmes/one.toml",
        "shared/register.csv",
        "shared/results/templates/round.html",
        "shared/schema.json",
        "shared/README.md",
        "infrastructure/build.py",
        "tests/test_shared.py",
    )
    build_functions(tmp_path / "target", LAMBDA, root)
    assert [name for name in built(tmp_path / "target") if not name.endswith(".pyc")] == [
        "functions/apply/handler.py",
        "shared/programmes/one.toml",
        "shared/register.csv",
        "shared/results/templates/round.html",
        "shared/schema.json",
    ]


def test_code_is_compiled_for_its_own_python_only(tmp_path: Path) -> None:
    root = sources(tmp_path / "root", "functions/a.py", "shared/b.py")
    build_functions(tmp_path / "same", this_machine(), root)
    build_functions(tmp_path / "other", build.Platform("other", "3.99"), root)
    compiled = [f"functions/__pycache__/a.{sys.implementation.cache_tag}.pyc"]
    compiled += [f"shared/__pycache__/b.{sys.implementation.cache_tag}.pyc"]
    assert sorted(built(tmp_path / "same")) == sorted(["functions/a.py", "shared/b.py", *compiled])
    assert built(tmp_path / "other") == ["functions/a.py", "shared/b.py"]


def test_bytecode_is_used_without_looking_at_the_file_it_came_from(layer: Path) -> None:
    flags = {path: int.from_bytes(path.read_bytes()[4:8], "little") for path in layer.rglob("*.pyc")}
    assert {path for path, flag in flags.items() if flag != 0b01} == set()  # hash-based, unchecked (PEP 552)
    assert len(flags) == len([path for path in layer.rglob("*.py") if "__pycache__" not in path.parts])


def test_code_that_does_not_compile_stops_the_build(tmp_path: Path) -> None:
    root = sources(tmp_path / "root", "functions/a.py")
    (root / "functions/a.py").write_text("def :\n")
    with pytest.raises(BuildError, match=r"functions/a\.py"):
        build_functions(tmp_path / "target", this_machine(), root)


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (build_artefacts(tmp_path / name, this_machine()) for name in ("first", "second"))
    assert first.functions.read_bytes() == second.functions.read_bytes()
    assert first.layer.read_bytes() == second.layer.read_bytes()
    assert first.layer.name == second.layer.name


def test_a_layer_is_built_once_and_again_when_its_lock_file_changes(tmp_path: Path) -> None:
    lock = tmp_path / "runtime.txt"
    locked = build.LOCK.read_text()
    start = locked.index("annotated-types==")
    lock.write_text(locked[start : locked.index("    # via", start)])
    first = build_artefacts(tmp_path / "built", this_machine(), lock=lock)
    before = first.layer.stat()
    again = build_artefacts(tmp_path / "built", this_machine(), lock=lock)
    assert (again, again.layer.stat().st_mtime_ns) == (first, before.st_mtime_ns)
    lock.write_text(lock.read_text() + "# changed\n")
    changed = build_artefacts(tmp_path / "built", this_machine(), lock=lock)
    assert sorted((tmp_path / "built").iterdir()) == sorted([changed.functions, changed.layer])
    assert changed.layer != first.layer


def test_a_package_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "runtime.txt"
    lock.write_text(f"annotated-types==0.8.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(BuildError, match=r"(?i)hash"):
        build_layer(tmp_path / "target", this_machine(), lock)


def test_the_layer_formats_swedish_and_english_and_nothing_else(layer: Path) -> None:
    program = """
from babel.numbers import format_currency, format_decimal
from babel.dates import format_datetime, get_timezone
from babel.lists import format_list
from babel import Locale
from datetime import datetime, timezone
at = datetime(2019, 10, 15, 21, 59, 59, tzinfo=timezone.utc)
for language in ("sv", "en"):
    print(format_decimal(10641000, locale=language).replace("\\u00a0", "_"))
    print(format_datetime(at, "d MMMM y HH:mm", tzinfo=get_timezone("Europe/Stockholm"), locale=language))
    print(format_list(["Piteå", "Umeå", "Öckerö"], locale=language))
try:
    Locale.parse("de")
except Exception as error:
    print(type(error).__name__)
"""
    assert in_layer(layer, program).splitlines() == [
        "10_641_000",
        "15 oktober 2019 23:59",
        "Piteå, Umeå och Öckerö",
        "10,641,000",
        "15 October 2019 23:59",
        "Piteå, Umeå, and Öckerö",
        "UnknownLocaleError",
    ]


def test_the_layer_knows_swedish_organisation_numbers_and_its_own_versions(layer: Path) -> None:
    program = """
from importlib.metadata import version
from stdnum.se import orgnr, personnummer
print(orgnr.is_valid("212000-0142"), orgnr.is_valid("212000-0143"))
print(version("pydantic"), version("aws-lambda-powertools"))
"""
    pydantic, powertools = (
        next(line.split("==")[1].split()[0] for line in build.LOCK.read_text().splitlines() if line.startswith(name))
        for name in ("pydantic==", "aws-lambda-powertools==")
    )
    assert in_layer(layer, program) == f"True False\n{pydantic} {powertools}"


def test_the_layer_leaves_to_lambda_what_lambda_brings(layer: Path) -> None:
    present = {path.name for path in (layer / "python").iterdir()}
    assert present & {"boto3", "botocore", "s3transfer", "dateutil", "urllib3", "pip", "uv"} == set()
    assert {"aws_lambda_powertools", "babel", "pydantic", "pydantic_core", "stdnum", "tzdata"} <= present


def test_the_layer_for_lambda_is_for_its_processor_and_python(tmp_path: Path) -> None:
    answer = CliRunner().invoke(_command(), ["DependenciesLayer", str(tmp_path)])
    assert (answer.exit_code, sorted(path.name for path in tmp_path.rglob("*.so"))) == (
        0,
        ["_pydantic_core.cpython-313-aarch64-linux-gnu.so", "_speedups.cpython-313-aarch64-linux-gnu.so"],
    )
    assert sum(path.stat().st_size for path in build.files(tmp_path)) < 30_000_000


def test_sam_gets_the_code_for_any_function(tmp_path: Path) -> None:
    answer = CliRunner().invoke(_command(), ["AnyFunction", str(tmp_path)])
    assert (answer.exit_code, sorted(path.name for path in tmp_path.iterdir())) == (0, ["functions", "shared"])


def test_an_archive_keeps_what_may_be_executed(tmp_path: Path) -> None:
    folder = sources(tmp_path / "folder", "program", "text")
    (folder / "program").chmod(0o700)
    os.utime(folder / "text", (0, 0))  # before 1980, which zip files cannot hold
    build.write_zip(folder, tmp_path / "archive.zip")
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {"program": "0o755", "text": "0o644"}


def _command() -> typer.Typer:
    command = typer.Typer()
    command.command()(build.main)
    return command
