"""Builds what runs: the functions' code and the layer with their packages.

The same two steps serve AWS SAM (through the Makefile: `build-DependenciesLayer`, `build-<Function>`) and the
embedded cloud. Both are repeatable: the same lock file and sources give the same bytes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
import uv
from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
CODE = ("functions", "shared")
CODE_SUFFIXES = {".py", ".toml", ".csv", ".json", ".html"}
LANGUAGES = ("en", "sv")  # of Babel's
COUNTRIES = ("se",)  # of python-stdnum's
# What importlib.metadata.version() and licences need; the rest of *.dist-info only records the installation.
KEPT_METADATA = ("METADATA", "licenses")
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Platform:
    """What a build is for. `wheels` is uv's name of a foreign platform, None for this machine."""

    name: str
    python: str
    wheels: str | None = None


LAMBDA = Platform(name="lambda-arm64", python="3.13", wheels="aarch64-manylinux2014")


def this_machine() -> Platform:
    return Platform(name="this-machine", python=f"{sys.version_info.major}.{sys.version_info.minor}")


class BuildError(Exception):
    """A step of the build failed; the text is what the step said."""


def build_functions(target: Path, platform: Platform, root: Path = ROOT) -> None:
    """Copies the code that the functions share into `target`, compiled; every function gets the same code."""
    for package in CODE:
        for source in sorted((root / package).rglob("*")):
            path = source.relative_to(root)
            if source.suffix in CODE_SUFFIXES and not {"__pycache__", "tests"} & set(path.parts):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target / path)
    _compile(target, platform, "/var/task")


def build_layer(target: Path, platform: Platform, lock: Path = LOCK) -> None:
    """Installs the locked packages into `target`/python, without what a function never reads.

    Raises `BuildError` with uv's own words when a package cannot be had.
    """
    packages = target / "python"
    where = ("--python-platform", platform.wheels) if platform.wheels else ()
    install = (
        uv.find_uv_bin(), "pip", "install", "--quiet", "--target", packages, "--python", sys.executable,
        "--python-version", platform.python, *where, "--only-binary", ":all:", "--no-deps", "--link-mode", "copy",
        "--require-hashes", "--requirement", lock,
    )  # fmt: skip
    try:
        _run(*install, "--offline")  # set-up has fetched most of them already
    except BuildError:
        _run(*install)
    _prune(packages)
    _compile(packages, platform, "/opt/python")


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BuildError(done.stderr.strip() or done.stdout.strip())


def _environment() -> dict[str, str]:
    """As bootstrap.sh has it for uv; and bytecode is written, the same every time."""
    environment = {"UV_SYSTEM_CERTS": "1", **os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    if not os.access(environment.get("HOME", "/nonexistent"), os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(ROOT / ".anslag" / "uv-cache"))
    return environment


def _prune(packages: Path) -> None:
    shutil.rmtree(packages / "bin", ignore_errors=True)
    (packages / ".lock").unlink(missing_ok=True)
    for cache in list(packages.rglob("__pycache__")):
        shutil.rmtree(cache)
    for entry in packages.glob("*.dist-info/*"):
        if entry.name not in KEPT_METADATA:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for tests in [path for path in packages.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests)
    for locale in packages.glob("babel/locale-data/*.dat"):
        if locale.stem.partition("_")[0] not in ("root", *LANGUAGES):
            locale.unlink()
    for country in packages.glob("stdnum/*/"):
        if country.is_dir() and country.name not in COUNTRIES:
            shutil.rmtree(country)


def _compile(folder: Path, platform: Platform, runs_at: str) -> None:
    # Bytecode is good for one minor version only. Unchecked, because unpacking a zip gives new file times.
    if platform.python == this_machine().python:
        _run(
            sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
            "-s", folder, "-p", runs_at, folder,
        )  # fmt: skip


def files(folder: Path) -> Iterator[Path]:
    """The files below `folder`, in the order in which they are zipped."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def write_zip(folder: Path, archive: Path) -> None:
    """Zips `folder` so that the same content gives the same bytes, whenever and wherever it is done."""
    unfinished = archive.with_name(f"{archive.name}.{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_TIME)
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes())
    unfinished.replace(archive)


@dataclass(frozen=True)
class Artefacts:
    """The two archives of a deployment."""

    functions: Path
    layer: Path


def build_artefacts(folder: Path, platform: Platform, root: Path = ROOT, lock: Path = LOCK) -> Artefacts:
    """Builds both archives into `folder`; a layer that was built before from the same inputs is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = hashlib.sha256(repr(platform).encode())
    for part in (lock, Path(__file__)):
        inputs.update(hashlib.sha256(part.read_bytes()).digest())
    layer = folder / f"layer-{platform.name}-{inputs.hexdigest()[:16]}.zip"
    if not layer.exists():
        for outdated in folder.glob(f"layer-{platform.name}-*.zip"):
            outdated.unlink(missing_ok=True)
        with TemporaryDirectory(dir=folder) as built:
            build_layer(Path(built), platform, lock)
            write_zip(Path(built), layer)
    functions = folder / "functions.zip"
    with TemporaryDirectory(dir=folder) as built:
        build_functions(Path(built), platform, root)
        write_zip(Path(built), functions)
    return Artefacts(functions=functions, layer=layer)


def main(name: str, target: Path) -> None:
    """What SAM asks of `make build-NAME`: the layer, or any function, built for AWS into TARGET."""
    try:
        if name.endswith("Layer"):
            build_layer(target, LAMBDA)
        else:
            build_functions(target, LAMBDA)
    except BuildError as failure:
        Console(stderr=True).print(f"{name} could not be built: {failure}", style="red", markup=False)
        raise typer.Exit(1) from failure
    built = list(files(target))
    size = sum(path.stat().st_size for path in built)
    compiled = "" if any(path.suffix == ".pyc" for path in built) else ", not compiled (needs Python 3.13)"
    Console(stderr=True).print(f"{name}: {len(built)} files, {size / 1e6:.1f} MB for {LAMBDA.name}{compiled}")


if __name__ == "__main__":
    typer.run(main)
