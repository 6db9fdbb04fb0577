"""Letters: plain text that reads well in any mail program, and a subject that every mail service takes.

No line is longer than 76 characters, web addresses apart, nothing depends on the width of letters, and text that
came from an applicant is one line of printable characters before it is set among ours.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.problems import NO_BREAK_SPACE

MOST_LINE = 76
"""What fits a mail program's window, with room for the marks of a quoted reply."""
MOST_SUBJECT = 99
"""SNS takes less than 100 characters, on one line."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for people."""

    subject: str
    text: str


def letter(subject: str, *blocks: str) -> Letter:
    """A letter of blocks with an empty line between them; empty blocks are left out."""
    plain = subject.replace(NO_BREAK_SPACE, " ")
    return Letter(one_line(plain, MOST_SUBJECT), "\n\n".join(block for block in blocks if block) + "\n")


def one_line(text: str, most: int | None = None) -> str:
    """The text's visible characters and spaces on one line, cut with an ellipsis where it is longer than `most`."""
    kept = "".join(c if c.isprintable() or c == NO_BREAK_SPACE else " " for c in text)
    line = " ".join(word for word in kept.split(" ") if word)
    return line if most is None or len(line) <= most else line[: most - 1].rstrip() + "…"


def _wrapped(text: str, first: str = "", following: str = "") -> str:
    return textwrap.fill(text, MOST_LINE, initial_indent=first, subsequent_indent=following, break_on_hyphens=False)


def paragraph(*sentences: str) -> str:
    """Sentences one after another; empty ones are left out."""
    return _wrapped(" ".join(sentence for sentence in sentences if sentence))


def address_line(address: str) -> str:
    """A web address on a line of its own, never broken, however long it is: a broken one leads nowhere."""
    return address


def labelled(pairs: Iterable[tuple[str, str]]) -> str:
    """A line for each label and its value; pairs without a value are left out. Example: Version: 2"""
    return "\n".join(_wrapped(f"{label}: {value}", following="  ") for label, value in pairs if value)


def bullets(items: Iterable[Sequence[str]], mark: str = "- ", margin: str = "") -> str:
    """A list; an item's first line has the mark, and its further lines stand below it."""
    indent = margin + " " * len(mark)
    lines = [
        _wrapped(line, margin + mark if place == 0 else indent, indent)
        for item in items
        for place, line in enumerate(item)
        if line
    ]
    return "\n".join(lines)


def numbered(items: Iterable[str]) -> str:
    """A list with numbers from 1."""
    lines = []
    for place, item in enumerate(items, start=1):
        mark = f"{place}. "
        lines.append(_wrapped(item, mark, " " * len(mark)))
    return "\n".join(lines)


def section(heading: str, *parts: str) -> str:
    """A heading on a line of its own and what belongs to it, or nothing where nothing belongs to it."""
    body = "\n".join(part for part in parts if part)
    return f"{_wrapped(heading)}\n{body}" if body else ""


def in_two_forms(text: str, document: Mapping[str, Any]) -> str:
    """A message for SNS's MessageStructure=json: the text for e-mail, the document for every other protocol."""
    return _compact({"default": _compact(document), "email": text})


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
