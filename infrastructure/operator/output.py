"""Tables and texts that fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from shared.letters import paragraph

WIDTH = 80


def print_parts(console: Console, parts: Iterable[RenderableType]) -> None:
    """The parts with an empty line between them. Text is broken where it was written and nowhere else, so that
    a command can be copied whole; tables fit the console."""
    for place, part in enumerate(parts):
        if place:
            console.print()
        console.print(part, soft_wrap=isinstance(part, str | Text))


def table() -> Table:
    """An empty table in the house's style."""
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)


def add_fixed(to: Table, *names: str, right: bool = False) -> None:
    """Columns whose cells are never broken: references, amounts, times."""
    for name in names:
        to.add_column(name, no_wrap=True, justify="right" if right else "left")


def add_flowing(to: Table, *names: str) -> None:
    """Columns that give way: names, titles, reasons. A word that is too long is broken, never cut off."""
    for name in names:
        to.add_column(name, overflow="fold")


def counts(names: tuple[str, str, str], rows: Iterable[tuple[str, str, str]]) -> Table:
    """A table of names with two numbers each."""
    found = table()
    add_flowing(found, names[0])
    add_fixed(found, *names[1:], right=True)
    for row in rows:
        found.add_row(*row)
    return found


def heading(text: str, below: str = "") -> Text:
    """A line that stands out, and what stands below it."""
    return Text.assemble((text, "bold"), f"\n{below}" if below else "")


def prose(*sentences: str) -> str:
    """Sentences, broken between words and never within an amount."""
    return paragraph(*sentences)


def command(introduction: str, line: str) -> str:
    """What to do next, and the command for it on a line of its own, which nothing breaks."""
    return f"{introduction}\n  {line}"
