"""Problems: what is wrong, where, and how to mend it, in the reader's language.

Every sentence lives in problems.toml under a stable code. Machines read the code, people the sentence, and
nothing is ever decided on the sentence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NO_BREAK_SPACE = "\u00a0"
MOST_PATH = 200
"""Characters of a problem's path: whoever wrote the document chose the names in it."""


def grouped(amount: int) -> str:
    """Whole kronor with digits in threes, held together by no-break spaces, as Swedish text has it."""
    return f"{amount:,}".replace(",", NO_BREAK_SPACE)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `path` leads into the document or request. Example: budget.2.amount"""

    code: str
    path: str
    sv: str
    en: str

    def as_json(self) -> dict[str, str]:
        """The form that API, table and status route share."""
        return {"code": self.code, "path": self.path, "sv": self.sv, "en": self.en}

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> Problem:
        """The reverse of `as_json`."""
        return cls(stored["code"], stored["path"], stored["sv"], stored["en"])


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    text = files("shared").joinpath("problems.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sentence(code: str) -> Mapping[str, str]:
    """The sentence in both languages, with its facts in braces. Raises KeyError for a code that the catalogue lacks."""
    return _sentences()[code]


def problem(code: str, path: str = "", **facts: object) -> Problem:
    """A problem of the catalogue with its facts filled in.

    Whole numbers are grouped in threes; a fact that differs between the languages is a mapping of both. A path is cut
    at MOST_PATH characters, and those that cannot be stored or seen are question marks.
    Raises KeyError for a code that the catalogue lacks, or a fact that its sentence needs.
    """
    found = sentence(code)
    sv, en = (
        found[language].format(**{name: _said(fact, language) for name, fact in facts.items()})
        for language in ("sv", "en")
    )
    return Problem(code, _seen(path), sv, en)


def _seen(path: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in path[:MOST_PATH])


def _said(fact: object, language: str) -> object:
    if isinstance(fact, Mapping):
        return fact[language]
    return grouped(fact) if isinstance(fact, int) else fact


def codes() -> frozenset[str]:
    """Every code of the catalogue."""
    return frozenset(_sentences())


class ProblemsError(Exception):
    """Raised where a request cannot be done; carries every reason, the HTTP status that fits them, and `beside` them
    what a page needs to go on."""

    def __init__(
        self, problems: Iterable[Problem], status: int = 422, beside: Mapping[str, object] | None = None
    ) -> None:
        self.problems = tuple(problems)
        self.status = status
        self.beside = dict(beside or {})
        super().__init__(", ".join(found.code for found in self.problems))


def refuse(code: str, path: str = "", *, status: int = 422, **facts: object) -> ProblemsError:
    """The error for a single problem, to be raised."""
    return ProblemsError([problem(code, path, **facts)], status)
