"""Where the code calls AWS, read from the code itself; and which of these places a run reached."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.simulation.kernel import Fault

ROOT = Path(__file__).parents[2]
_PORTS = ("table.py", "bucket.py", "messages.py", "signer.py", "clients.py", "http.py", "public_files.py")
"""The ports themselves: what they ask of boto3 is the contract's business."""
METHODS: Mapping[str, str] = {
    **dict.fromkeys(("get", "get_several", "query", "write", "transact", "put_all"), "table"),
    **dict.fromkeys(("read", "look", "look_at", "versions", "mark_unsubmitted"), "bucket"),
    **dict.fromkeys(("count", "send", "send_text", "receive", "show_again", "delete"), "queue"),
    **dict.fromkeys(("publish_text", "publish_both", "subscribers"), "topic"),
    "start": "functions",
    "publish_file": "public",
    **dict.fromkeys(("sign", "public_key"), "signer"),
}
_RECEIVERS: Mapping[str, str] = {
    "table": "table",
    "bucket": "bucket",
    "queue": "queue",
    **dict.fromkeys(("uploads", "failed_uploads", "failed_jobs"), "queue"),
    "mailer": "mailer",
    "staff": "topic",
    "awards": "topic",
    "functions": "functions",
    "public": "public",
    "signer": "signer",
    "_signer": "signer",
}
"""What ports are called in the code, and what each is. A test holds this to the annotations of the code."""
_MAIL = "mail"
"""What the wire calls the mailer's one method, which has the same name as the queue's."""


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One call of a port in the code."""

    file: str
    line: int
    last_line: int
    operation: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.operation}"


def receivers() -> frozenset[str]:
    """What ports are called where they are called."""
    return frozenset(_RECEIVERS)


def code_files() -> list[Path]:
    """The files whose calls of ports are what a function does on AWS."""
    files = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "shared" / "aws").glob("*.py")]
    return sorted(file for file in files if not (file.parent.name == "aws" and file.name in _PORTS))


@cache
def call_sites() -> frozenset[Site]:
    """Every call of a port in functions/ and shared/aws/."""
    return frozenset(site for file in code_files() for site in _sites_in(file))


def _sites_in(file: Path) -> Iterator[Site]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        receiver, method = _name(node.func.value), node.func.attr
        kind = _RECEIVERS.get(receiver)
        if kind == "mailer" and method == "send":
            method = _MAIL
        elif kind is None or METHODS.get(method) != kind:
            continue
        yield Site(str(file.relative_to(ROOT)), node.lineno, node.end_lineno or node.lineno, method)


def _name(node: ast.expr) -> str:
    """The last name of a chain. Example: table, for self.closing.table"""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


Reached = Mapping[tuple[str, int, str], set[Fault | None]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Call sites, and how they were reached: at all, and with each kind of fault."""

    reached: Mapping[Site, set[Fault | None]]
    missing: frozenset[Site]
    unknown: frozenset[str]
    """Calls that the wire saw and the reading of the code did not: then the reading is at fault."""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"fault points: {len(self.reached)} of {len(call_sites())} AWS call sites reached"
        for kind in Fault:
            yield f"  {sum(kind in faults for faults in self.reached.values()):3} where a call {kind}"
        for site in sorted(self.missing):
            yield f"  never reached: {site}"
        for line in sorted(self.unknown):
            yield f"  not in the code as read: {line}"


def coverage(runs: Iterable[Reached]) -> Coverage:
    """What these runs reached together."""
    by_file: dict[tuple[str, str], list[Site]] = {}
    for site in call_sites():
        by_file.setdefault((site.file, site.operation), []).append(site)
    reached: dict[Site, set[Fault | None]] = {}
    unknown: set[str] = set()
    for run in runs:
        for (name, line, operation), faults in run.items():
            file = name.removeprefix(f"{ROOT}/")
            found = [site for site in by_file.get((file, operation), ()) if site.line <= line <= site.last_line]
            if found:
                reached.setdefault(min(found, key=lambda site: site.last_line - site.line), set()).update(faults)
            elif not file.startswith("tests/"):
                unknown.add(f"{file}:{line} {operation}")
    return Coverage(reached, call_sites() - reached.keys(), frozenset(unknown))


def merge(into: dict[tuple[str, int, str], set[Any]], one: Reached) -> None:
    """Add what one run reached."""
    for place, faults in one.items():
        into.setdefault(place, set()).update(faults)
