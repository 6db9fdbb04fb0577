"""Where functions have effects outside, read from the code itself: calls that write, send or start something, and
calls of what does so for them in shared/aws."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infrastructure.cloud.running import ROOT
from tests.simulation.sites import METHODS, call_sites, code_files

_READS = frozenset({"get", "get_several", "query", "read", "look", "versions", "count", "receive", "subscribers"})
_SIGNS = frozenset({"sign", "public_key"})
_EFFECTS = frozenset({*METHODS, "mail"}) - _READS - _SIGNS


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One call with an effect, in the code of a function. `within` is the definition that it is in, `called` what it
    calls."""

    file: str
    line: int
    last_line: int
    within: str
    called: str

    def __str__(self) -> str:
        return f"{self.file} {self.within} {self.called}"

    def is_at(self, place: str) -> bool:
        """Whether it is on that line. Example: functions/decide/deciding.py:80"""
        file, _, line = place.rpartition(":")
        return file == self.file and self.line <= int(line) <= self.last_line

    @property
    def gives_back(self) -> bool:
        """Whether it opens a claim again. A claim's block does so too, from the line that claims."""
        return self.called == "give_back"


def points(functions: Iterable[str]) -> set[Point]:
    """Every effect that these functions have in their code."""
    folders = {ROOT / "functions" / name for name in functions}
    lasting = _helpers()
    found: set[Point] = set()
    for file in code_files():
        if file.parent in folders:
            found |= {_point(file, within, call) for within, call in _calls(file) if _has_effect(file, call, lasting)}
    return found


def _point(file: Path, within: str, call: ast.Call) -> Point:
    return Point(str(file.relative_to(ROOT)), call.lineno, call.end_lineno or call.lineno, within, _called(call))


def _has_effect(file: Path, call: ast.Call, helpers: frozenset[str]) -> bool:
    called = _called(call)
    return called in helpers or (str(file.relative_to(ROOT)), call.lineno, called) in _sites()


@cache
def _sites() -> frozenset[tuple[str, int, str]]:
    found = (site for site in call_sites() if site.operation in _EFFECTS)
    return frozenset((site.file, site.line, "send" if site.operation == "mail" else site.operation) for site in found)


def _helpers() -> frozenset[str]:
    """What shared/aws defines that has such an effect, itself or through another."""
    calls = [
        (within, file, call) for file in code_files() if file.parent.name == "aws" for within, call in _calls(file)
    ]
    found = frozenset(within for within, file, call in calls if _has_effect(file, call, frozenset()))
    while more := frozenset(within for within, _, call in calls if _called(call) in found) - found:
        found |= more
    return found


def _calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Calls, each with the name of the innermost definition that it is in."""
    todo: list[tuple[str, ast.AST]] = [("", ast.parse(file.read_text(encoding="utf-8")))]
    while todo:
        within, node = todo.pop()
        if isinstance(node, ast.FunctionDef):
            within = node.name
        elif isinstance(node, ast.Call):
            yield within, node
        todo += [(within, child) for child in ast.iter_child_nodes(node)]


def _called(call: ast.Call) -> str:
    """The last part of what is called. Example: done, for self.effects.done"""
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
