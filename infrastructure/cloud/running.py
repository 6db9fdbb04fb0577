"""Starts and stops the embedded cloud, which is MiniStack in a process of its own.

A cloud lives in a folder, its home:

    cloud.lock     held by the running engine as long as it lives: one cloud per home
    cloud.json     where it runs and its root keys (readable by its owner only)
    cloud.log      what the engine said since it was last started
    kept/ or run/  tables, objects, functions and mail: kept/ survives, run/ is emptied at every start
    tmp/ python/   scratch space, and the interpreter of the functions
"""

import contextlib
import fcntl
import getpass
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from infrastructure.cloud.interpreter import make_function_python

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".anslag"
REGION = "eu-north-1"
ACCOUNT = "000000000000"
PATIENCE = 120.0
"""Seconds that a start or a stop may take. An engine that is killed over it has not saved what it was to keep."""
_MEMORY = Path("/dev/shm")  # noqa: S108
_ROOM = 4 * 10**9

_started: dict[int, "subprocess.Popen[bytes]"] = {}
"""The engines that this process started and has to reap; a tied one ends when its pipe from here does."""


class CloudError(Exception):
    """Why the embedded cloud cannot be had, as a sentence for a person."""


class AlreadyRunningError(CloudError):
    """One cloud per home. `cloud` is None when the other one says nothing about itself."""

    def __init__(self, home: Path, cloud: "Cloud | None") -> None:
        who = (
            f"process {cloud.process}, port {cloud.port}, started by {cloud.started_by} at {cloud.started_at}"
            if cloud
            else f"the lock {home / 'cloud.lock'} is held"
        )
        super().__init__(f"The embedded cloud is already running here: {who}. Stop it with: make down")
        self.cloud = cloud


@dataclass(frozen=True)
class Cloud:
    """A running embedded cloud. The keys are the root's: they may do everything."""

    home: Path
    port: int
    process: int
    access_key: str
    secret_key: str
    kept: bool
    started_by: str
    started_at: str
    twice: bool = False
    """Whether what starts functions by itself is delivered twice."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def region(self) -> str:
        return REGION

    @property
    def mail(self) -> Path:
        """The file that keeps what was sent."""
        return _state(self.home, kept=self.kept) / "mail.jsonl"

    @property
    def log(self) -> Path:
        return self.home / "cloud.log"

    def session(self) -> boto3.Session:
        """The root's session; its clients still need `endpoint_url`, which `client` gives them."""
        return boto3.Session(self.access_key, self.secret_key, region_name=REGION)

    def client(self, service: str, **options: Any) -> Any:
        # boto3's typed overloads are chosen by a literal name, which this is not.
        make: Any = self.session().client
        return make(service, endpoint_url=self.endpoint, **options)


def _state(home: Path, *, kept: bool) -> Path:
    return home / ("kept" if kept else "run")


def roomy_place() -> Path | None:
    """Memory where there is enough of it: every cloud unpacks two thousand files, and writes eight megabytes for each
    process of a function, which a disk that others use as well may take longer over than all that it does then.
    Otherwise wherever temporary files belong."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


@contextlib.contextmanager
def running_cloud(
    home: Path | None = None, *, port: int | None = None, keep: bool = False, twice: bool = False
) -> Iterator[Cloud]:
    """A cloud for the length of a block, in a folder that vanishes with it unless `home` is given.

    It ends with the block, with an interrupt, and with the process that started it, even a killed one.
    """
    with contextlib.ExitStack() as ending:
        home = home or Path(ending.enter_context(TemporaryDirectory(prefix="anslag-")))
        cloud = start(home, port=port, keep=keep, tied=True, twice=twice)
        ending.callback(stop, home)
        yield cloud


def start(
    home: Path = HOME, *, port: int | None = None, keep: bool = False, tied: bool = False, twice: bool = False
) -> Cloud:
    """Starts a cloud and returns when it answers. `tied`: it ends when this process does. `twice`: see `Cloud`.

    Raises `CloudError` when one runs in this home already, when the port is taken, or when it does not start.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    lock = _lock(home)
    try:
        prepared = _prepare(home, port, keep=keep, twice=twice)
        engine = _launch(prepared, lock, tied=tied)
        _started[engine.pid] = engine
    finally:
        os.close(lock)  # the engine has it now
    try:
        cloud = replace(prepared, process=engine.pid)
        _write(cloud)
        _await_answer(cloud, engine)
    except BaseException:
        _kill(engine.pid)
        _reap(engine.pid)
        raise
    return cloud


def running(home: Path = HOME) -> Cloud | None:
    """The cloud that runs in this home, if one does."""
    if not home.exists():
        return None
    try:
        os.close(_lock(home))
    except AlreadyRunningError as found:
        return found.cloud
    return None


def stop(home: Path = HOME) -> Cloud | None:
    """Stops the cloud of this home with all that it started, and returns what was stopped, if anything was.

    A kept state is saved; an engine that takes too long over that is killed, and what it had not saved is lost.
    """
    cloud = running(home)
    if cloud:
        with contextlib.suppress(ProcessLookupError):
            os.kill(cloud.process, signal.SIGTERM)
        if not _ended(cloud.process):
            _kill(cloud.process)
    _clear(home)
    return cloud


def _clear(home: Path) -> None:
    """Removes what a cloud leaves behind: its record, its scratch space and, after a crash, its functions."""
    record = _read(home)
    if record:
        for process in processes_of(record.process):
            with contextlib.suppress(OSError):
                # The number may be another's by now, after a restart of the machine for one.
                if str(home.resolve()).encode() in Path(f"/proc/{process}/environ").read_bytes():
                    os.kill(process, signal.SIGKILL)
        _reap(record.process)
    shutil.rmtree(home / "tmp", ignore_errors=True)
    (home / "cloud.json").unlink(missing_ok=True)


def _write(cloud: Cloud) -> None:
    record = cloud.home / "cloud.json"
    record.touch(mode=0o600)
    record.write_text(json.dumps(asdict(cloud) | {"home": str(cloud.home)}))


def processes_of(group: int) -> list[int]:
    """The processes of a group that still run; one that ended and waits to be reaped does not."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # "pid (any name) state parent group ...": the name may hold spaces and brackets.
            state, _, member_of = status.read_text().rpartition(")")[2].split()[:3]
            if int(member_of) == group and state not in "ZX":
                found.append(int(status.parent.name))
    return found


def _ended(group: int) -> bool:
    until = time.monotonic() + PATIENCE
    while processes_of(group):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    _ended(group)


def _reap(process: int) -> None:
    engine = _started.pop(process, None)
    if engine:
        engine.wait()
        if engine.stdin:
            engine.stdin.close()


def _lock(home: Path) -> int:
    """Takes the home for one engine; the lock goes when the last process that has it open ends."""
    lock = os.open(home / "cloud.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + 2
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _read(home)
            if other is None and time.monotonic() < until:  # another is only looking, or just starting
                time.sleep(0.02)
                continue
            os.close(lock)
            raise AlreadyRunningError(home, other) from None
        return lock


def _read(home: Path) -> Cloud | None:
    try:
        return Cloud(**json.loads((home / "cloud.json").read_text()) | {"home": home})
    except FileNotFoundError:
        return None


def _prepare(home: Path, port: int | None, *, keep: bool, twice: bool) -> Cloud:
    _clear(home)
    (home / "tmp").mkdir()
    state = _state(home, kept=keep)
    if not keep:
        shutil.rmtree(state, ignore_errors=True)
    state.mkdir(exist_ok=True)
    chosen = _choose_port(state / "port", port)
    (state / "port").write_text(str(chosen))
    return Cloud(
        home=home,
        port=chosen,
        process=0,
        access_key="ANSLAGROOT" + secrets.token_hex(5).upper(),
        secret_key=secrets.token_urlsafe(30),
        kept=keep,
        started_by=getpass.getuser(),
        started_at=f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}",
        twice=twice,
    )


def _choose_port(memory: Path, wanted: int | None) -> int:
    kept_at = int(memory.read_text()) if memory.exists() else None
    if kept_at and wanted not in (None, kept_at):
        raise CloudError(
            f"The kept state has addresses on port {kept_at} in it, so it runs there only. "
            f"Leave out PORT, or remove {memory.parent} to begin anew."
        )
    port = wanted or kept_at or 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as refusal:
            way = "stop what uses it" if kept_at else "name another (make up PORT=...), or none for any free one"
            raise CloudError(f"Port {port} cannot be used ({refusal.strerror}): {way}.") from refusal
        return int(probe.getsockname()[1])


def _launch(cloud: Cloud, lock: int, *, tied: bool) -> "subprocess.Popen[bytes]":
    python = make_function_python(cloud.home / "python")
    command = [sys.executable, "-m", "infrastructure.cloud.engine", "--function-python", str(python)]
    with cloud.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603
            [*command, "--mail", str(cloud.mail), *["--tied"] * tied, *["--twice"] * cloud.twice],
            cwd=ROOT,
            env=_environment(cloud),
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock],
        )


def _environment(cloud: Cloud) -> dict[str, str]:
    """All that the engine knows. Functions inherit it, so nothing of the person's own environment is in it."""
    state, scratch = _state(cloud.home, kept=cloud.kept), cloud.home / "tmp"
    persist = "1" if cloud.kept else "0"
    return {
        "PATH": os.defpath,
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(cloud.port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ACCESS_KEY_ID": cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "PERSIST_STATE": persist,
        "STATE_DIR": str(state / "services"),
        "S3_PERSIST": persist,
        "S3_DATA_DIR": str(state / "objects"),
        # Not ours to look into, nor to listen for.
        "DOCKER_HOST": "unix:///nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _await_answer(cloud: Cloud, engine: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if engine.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),  # not listening yet; or 503, not ready yet
            urllib.request.urlopen(f"{cloud.endpoint}/_ministack/ready", timeout=5),  # noqa: S310
        ):
            return
        time.sleep(0.02)
    said = "\n".join(cloud.log.read_text(errors="replace").splitlines()[-10:])
    raise CloudError(f"The embedded cloud did not start. The end of {cloud.log}:\n{said}")
